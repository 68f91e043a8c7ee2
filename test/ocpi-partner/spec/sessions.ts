/** Sessions and CDRs: chapters Sessions and CDRs, object descriptions and data types. */
import {
  boolean,
  type Check,
  ciString,
  dateTime,
  type Field,
  int,
  type Json,
  millis,
  must,
  number,
  object,
  oneOf,
  patchOf,
  pattern,
  string,
} from "./check.ts";
import { tariff } from "./tariffs.ts";
import {
  authMethod,
  beforeTax,
  cdrToken,
  chargingPeriod,
  connectorFormat,
  connectorType,
  geoLocation,
  powerType,
  price,
  type Version,
} from "./types.ts";

export interface Period {
  readonly start_date_time: string;
  readonly dimensions: readonly { readonly type: string; readonly volume: number }[];
  readonly tariff_id?: string;
}

/** Of one dimension over all periods. */
export function volume(periods: unknown, type: string): number {
  return ((periods ?? []) as Period[])
    .flatMap(({ dimensions }) => dimensions)
    .filter((dimension) => dimension.type === type)
    .reduce((sum, dimension) => sum + dimension.volume, 0);
}

function periodsInOrder({ charging_periods = [], start_date_time, end_date_time }: Json, at: string): string[] {
  const starts = (charging_periods as Period[]).map((period) => millis(period.start_date_time));
  return [
    ...must(
      starts.every((start, index) => index === 0 || start > starts[index - 1]!),
      at,
      "periods do not ascend",
    ),
    ...must(
      starts.every((start) => start >= millis(start_date_time) - 1000),
      at,
      "a period begins before the session",
    ),
    ...must(
      end_date_time === undefined || starts.every((start) => start <= millis(end_date_time)),
      at,
      "a period begins after the end",
    ),
  ];
}

function sessionFields(version: Version): Readonly<Record<string, Field>> {
  return {
    country_code: ["1", ciString(2)],
    party_id: ["1", ciString(3)],
    id: ["1", ciString(36)],
    start_date_time: ["1", dateTime],
    end_date_time: ["?", dateTime],
    kwh: ["1", number()],
    cdr_token: ["1", cdrToken(version)],
    auth_method: ["1", authMethod],
    authorization_reference: ["?", ciString(36)],
    location_id: ["1", ciString(36)],
    evse_uid: ["1", ciString(36)],
    connector_id: ["1", ciString(36)],
    meter_id: ["?", string(255)],
    currency: ["1", pattern(3, /^[A-Z]{3}$/)],
    charging_periods: ["*", chargingPeriod("session")],
    total_cost: ["?", price(version)],
    status: ["1", oneOf("ACTIVE COMPLETED INVALID PENDING RESERVATION")],
    last_updated: ["1", dateTime],
  };
}

export const session = (version: Version): Check => object(sessionFields(version), periodsInOrder);
export const sessionPatch = (version: Version): Check => patchOf(sessionFields(version));

const cdrLocation = (version: Version) =>
  object({
    id: ["1", ciString(36)],
    name: ["?", string(255)],
    address: ["1", string(45)],
    city: ["1", string(45)],
    postal_code: ["?", string(10)],
    state: ["?", string(20)],
    country: ["1", string(3)],
    coordinates: ["1", geoLocation],
    evse_uid: ["1", ciString(36)],
    evse_id: ["1", ciString(48)],
    connector_id: ["1", ciString(36)],
    connector_standard: ["1", connectorType(version)],
    connector_format: ["1", connectorFormat],
    connector_power_type: ["1", powerType],
  });

const signedData = (version: Version) =>
  object({
    encoding_method: ["1", ciString(36)],
    encoding_method_version: ["?", int],
    public_key: ["?", string(512)],
    signed_values: [
      "+",
      object({
        nature: ["1", ciString(32)],
        plain_data: ["1", string(version === "2.2.1" ? 512 : 5000)],
        signed_data: ["1", pattern(5000, /^[A-Za-z0-9+/]+={0,2}$/)],
      }),
    ],
    url: ["?", string(512)],
  });

/** Costs are the sum of their parts, energy and time those of the periods. */
function cdrAddsUp(cdr: Json, at: string): string[] {
  const parts = [cdr.total_fixed_cost, cdr.total_energy_cost, cdr.total_time_cost, cdr.total_parking_cost];
  const known = [...parts, cdr.total_reservation_cost].map(beforeTax).filter((cost) => cost !== undefined);
  const sum = known.reduce((total, cost) => total + cost, 0);
  const hours = (millis(cdr.end_date_time) - millis(cdr.start_date_time)) / 3_600_000;
  const near = (a: unknown, b: number, by: number) => Math.abs(Number(a) - b) <= by;
  return [
    ...must(
      known.length === 0 || near(beforeTax(cdr.total_cost), within(sum, cdr.tariffs), 0.0002),
      at,
      `total_cost ${beforeTax(cdr.total_cost)} is not the sum of its parts ${sum}`,
    ),
    ...must(
      near(cdr.total_energy, volume(cdr.charging_periods, "ENERGY"), 0.002),
      at,
      `total_energy ${cdr.total_energy} is not that of the periods ${volume(cdr.charging_periods, "ENERGY")}`,
    ),
    ...must(near(cdr.total_time, hours, 0.002), at, `total_time ${cdr.total_time} of ${hours} hours`),
    ...must(
      near(cdr.total_parking_time ?? 0, volume(cdr.charging_periods, "PARKING_TIME"), 0.002),
      at,
      `total_parking_time ${cdr.total_parking_time} is not that of the periods`,
    ),
    ...must(cdr.credit !== true || cdr.credit_reference_id !== undefined, at, "credit without credit_reference_id"),
    ...must(cdr.credit === true || String(cdr.id).length <= 36, at, "id is longer than 36"),
    ...must(Array.isArray(cdr.tariffs) || known.length === 0, at, "costs without the tariffs they come from"),
    ...tariffsOfPeriods(cdr, at),
    ...periodsInOrder(cdr, at),
  ];
}

/** A minimum or maximum price stands above the sum of the parts. */
function within(sum: number, tariffs: unknown): number {
  const limits = (tariffs ?? []) as { min_price?: object; max_price?: object }[];
  const least = Math.max(sum, ...limits.flatMap(({ min_price }) => beforeTax(min_price) ?? []));
  return Math.min(least, ...limits.flatMap(({ max_price }) => beforeTax(max_price) ?? []));
}

function tariffsOfPeriods({ tariffs = [], charging_periods }: Json, at: string): string[] {
  const known = (tariffs as { id: string }[]).map(({ id }) => id);
  return (charging_periods as Period[]).flatMap(({ tariff_id }) =>
    must(tariff_id === undefined || known.includes(tariff_id), at, `tariff ${tariff_id} of a period is not listed`),
  );
}

export function cdr(version: Version): Check {
  const cost: Field = ["?", price(version)];
  return object(
    {
      country_code: ["1", ciString(2)],
      party_id: ["1", ciString(3)],
      id: ["1", ciString(39)],
      start_date_time: ["1", dateTime],
      end_date_time: ["1", dateTime],
      session_id: ["1", ciString(36)],
      cdr_token: ["1", cdrToken(version)],
      auth_method: ["1", authMethod],
      authorization_reference: ["?", ciString(36)],
      cdr_location: ["1", cdrLocation(version)],
      meter_id: ["?", string(255)],
      currency: ["1", pattern(3, /^[A-Z]{3}$/)],
      tariffs: ["*", tariff(version)],
      charging_periods: ["+", chargingPeriod("cdr")],
      signed_data: ["?", signedData(version)],
      total_cost: ["1", price(version)],
      total_fixed_cost: cost,
      total_energy: ["1", number()],
      total_energy_cost: cost,
      total_time: ["1", number()],
      total_time_cost: cost,
      total_parking_time: ["?", number()],
      total_parking_cost: cost,
      total_reservation_cost: cost,
      remark: ["?", string(255)],
      invoice_reference_id: ["?", ciString(39)],
      credit: ["?", boolean],
      credit_reference_id: ["?", ciString(39)],
      home_charging_compensation: ["?", boolean],
      last_updated: ["1", dateTime],
    },
    cdrAddsUp,
  );
}
