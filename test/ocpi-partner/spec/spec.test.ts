/** The partner's own checks: they accept what is right and find each single thing that is wrong. */
import { describe, expect, test } from "vitest";
import type { Check, Json } from "./check.ts";
import { activeChargingProfile, commandResponse, credentials, token } from "./control.ts";
import { location } from "./locations.ts";
import { cdr, session } from "./sessions.ts";
import { tariff } from "./tariffs.ts";

const last_updated = "2026-11-21T12:00:00Z";
const owner = { country_code: "NL", party_id: "ABC" };
const connector = {
  id: "1",
  standard: "IEC_62196_T2",
  format: "SOCKET",
  power_type: "AC_3_PHASE",
  max_voltage: 230,
  max_amperage: 16,
  last_updated,
};
const tariff221 = {
  ...owner,
  id: "T",
  currency: "EUR",
  elements: [{ price_components: [{ type: "ENERGY", price: 0.4, vat: 21, step_size: 1 }] }],
  last_updated,
};
const cdr_token = { country_code: "DE", party_id: "XYZ", uid: "U", type: "RFID", contract_id: "C" };
const period = { start_date_time: last_updated, dimensions: [{ type: "ENERGY", volume: 2 }], tariff_id: "T" };
const coordinates = { latitude: "52.09070", longitude: "5.12140" };
const running = {
  ...owner,
  id: "S",
  start_date_time: last_updated,
  kwh: 2,
  cdr_token,
  auth_method: "WHITELIST",
  location_id: "L",
  evse_uid: "E",
  connector_id: "1",
  currency: "EUR",
  status: "ACTIVE",
  last_updated,
};

const RIGHT: readonly (readonly [string, Check, Json])[] = [
  [
    "Location",
    location("2.2.1"),
    {
      ...owner,
      id: "L",
      publish: true,
      address: "Kade 1",
      city: "Utrecht",
      country: "NLD",
      coordinates,
      evses: [{ uid: "E", status: "AVAILABLE", connectors: [connector], last_updated }],
      time_zone: "Europe/Amsterdam",
      last_updated,
    },
  ],
  ["Tariff", tariff("2.2.1"), tariff221],
  ["Tariff of 2.3.0", tariff("2.3.0"), { ...tariff221, tax_included: "NO" }],
  ["Session", session("2.2.1"), running],
  [
    "CDR",
    cdr("2.2.1"),
    {
      ...owner,
      id: "C",
      start_date_time: last_updated,
      end_date_time: "2026-11-21T13:00:00Z",
      session_id: "S",
      cdr_token,
      auth_method: "WHITELIST",
      cdr_location: {
        id: "L",
        address: "Kade 1",
        city: "Utrecht",
        country: "NLD",
        coordinates,
        evse_uid: "E",
        evse_id: "NL*ABC*E1",
        connector_id: "1",
        connector_standard: "IEC_62196_T2",
        connector_format: "SOCKET",
        connector_power_type: "AC_3_PHASE",
      },
      currency: "EUR",
      tariffs: [tariff221],
      charging_periods: [period],
      total_cost: { excl_vat: 0.8 },
      total_energy_cost: { excl_vat: 0.8 },
      total_energy: 2,
      total_time: 1,
      last_updated,
    },
  ],
  ["Token", token("2.2.1"), { ...cdr_token, issuer: "XYZ", valid: true, whitelist: "ALWAYS", last_updated }],
  [
    "Credentials",
    credentials("2.2.1"),
    {
      token: "secret",
      url: "https://a.example/versions",
      roles: [{ ...owner, role: "CPO", business_details: { name: "A" } }],
    },
  ],
  ["CommandResponse", commandResponse, { result: "ACCEPTED", timeout: 30 }],
  [
    "ActiveChargingProfile",
    activeChargingProfile,
    {
      start_date_time: last_updated,
      charging_profile: { charging_rate_unit: "A", charging_profile_period: [{ start_period: 0, limit: 6.5 }] },
    },
  ],
];
/** In these examples, all that could be left out. */
const OPTIONAL = ["evses", "tariffs", "total_energy_cost"];

describe.each(RIGHT)("%s", (_name, check, right) => {
  test("is right as it is", () => {
    expect(check(right, "it")).toEqual([]);
  });

  test.each(Object.keys(right).filter((name) => !OPTIONAL.includes(name)))("needs %s", (name) => {
    const { [name]: _, ...rest } = right;
    expect(check(rest, "it")).not.toEqual([]);
  });

  test.each(Object.keys(right))("has no null, list of lists or object of nothing as %s", (name) => {
    for (const wrong of [null, [[]], {}]) expect(check({ ...right, [name]: wrong }, "it")).not.toEqual([]);
  });

  test("has no name that is in no table", () => {
    expect(check({ ...right, colour: "red" }, "it")).not.toEqual([]);
  });
});

describe("what the tables say in words", () => {
  const wrong = (name: string, change: (right: never) => unknown) => {
    const [, check, right] = RIGHT.find(([each]) => each === name)!;
    return check(change(right as never), "it");
  };

  test("times are in UTC, without an offset", () => {
    for (const last_updated of ["2026-11-21T12:00:00+00:00", "2026-11-21 12:00:00Z", "2026-13-21T12:00:00Z", "12:00"])
      expect(
        wrong("Session", (right: Json) => ({ ...right, last_updated })),
        last_updated,
      ).not.toEqual([]);
    for (const last_updated of ["2026-11-21T12:00:00", "2026-11-21T12:00:00.5Z"])
      expect(
        wrong("Session", (right: Json) => ({ ...right, last_updated })),
        last_updated,
      ).toEqual([]);
  });

  test("a record adds up", () => {
    for (const change of [
      { total_energy: 3 },
      { total_cost: { excl_vat: 1 } },
      { total_time: 2 },
      { total_parking_time: 0.5 },
      { credit: true },
      { charging_periods: [{ ...period, tariff_id: "OTHER" }] },
      { charging_periods: [period, period] },
      { charging_periods: [{ ...period, dimensions: [{ type: "POWER", volume: 2 }] }] },
    ])
      expect(
        wrong("CDR", (right: Json) => ({ ...right, ...change })),
        JSON.stringify(change),
      ).not.toEqual([]);
  });

  test("numbers have four decimals, limits one", () => {
    expect(wrong("Session", (right: Json) => ({ ...right, kwh: 2.12345 }))).not.toEqual([]);
    const charging_profile = { charging_rate_unit: "A", charging_profile_period: [{ start_period: 0, limit: 6.25 }] };
    expect(wrong("ActiveChargingProfile", (right: Json) => ({ ...right, charging_profile }))).not.toEqual([]);
  });

  test("a location is not older than its EVSEs", () => {
    expect(wrong("Location", (right: Json) => ({ ...right, last_updated: "2026-11-21T11:00:00Z" }))).not.toEqual([]);
  });
});
