/** What takes its time: a session over two quarter-hours and its bill, too many requests, a charge point that is silent. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChargePoint } from "./charge-point.ts";
import { pushToken, tokenOf, VERSIONS } from "./market.ts";
import { Platform } from "./platform.ts";
import { CPO, EMSP_ENDPOINTS, StorySite, TARIFFS } from "./site.ts";
import { type Json, millis } from "./spec/check.ts";
import { type Period, volume } from "./spec/sessions.ts";
import { beforeTax, type Version } from "./spec/types.ts";

const PROGRAM = fileURLToPath(new URL("./rig/hurried-controller.ts", import.meta.url));
/** A Monday. */
const BEGIN_MS = Date.UTC(2026, 10, 23, 12, 14);
const SPEED = 60;
/** How often the controller is told the speed: it hurries only while this process keeps up. */
const HURRY_EVERY_MS = 5;
const MINUTES = 17;
/** At 16 A on three phases. */
const WH_A_MINUTE = 184;

const emspOf = (version: Version) =>
  new Platform({
    versions: [version],
    parties: [{ role: "EMSP", countryCode: "DE", partyId: version === "2.2.1" ? "Q21" : "Q30" }],
    endpoints: EMSP_ENDPOINTS,
    cpo: CPO,
  });
const emsp: Readonly<Record<Version, Platform>> = { "2.2.1": emspOf("2.2.1"), "2.3.0": emspOf("2.3.0") };
let site: StorySite;
let nowMs = BEGIN_MS;

const cardOf = (version: Version) => `QUARTER-${version.replaceAll(".", "")}`;
const chargePointOf = (version: Version): ChargePoint => site.chargePoint(`quarter-${version}`);

/** So many minutes of the controller's time, at speed; each car tells its meter every minute. */
async function pass(minutes: number): Promise<void> {
  const { child } = site.child;
  let left = minutes;
  const hurry = setInterval(() => child.send({ speed: SPEED }), HURRY_EVERY_MS);
  await new Promise<void>((resolve) => {
    const each = async ({ minuteMs }: { minuteMs: number }) => {
      nowMs = minuteMs;
      await Promise.all(VERSIONS.map((version) => chargePointOf(version).meter(WH_A_MINUTE, 16, minuteMs)));
      if (--left > 0) return;
      child.off("message", each);
      clearInterval(hurry);
      child.send({ speed: 1 });
      resolve();
    };
    child.on("message", each);
  });
}

const last: Partial<Record<Version, unknown>> = {};
const again: Partial<Record<Version, unknown>> = {};
const failed: Partial<Record<Version, ReturnType<Platform["callback"]>>> = {};
const inTime: Partial<Record<Version, number>> = {};
const silent: Partial<Record<Version, ReturnType<Platform["callback"]>>> = {};

/** A ceiling above what the car takes. */
async function setProfile(version: Version) {
  const partner = emsp[version];
  const [id] = [...partner.modules.sessions.keys()];
  const callback = partner.callback("chargingprofiles", version, "set");
  const charging_profile = { charging_rate_unit: "A", charging_profile_period: [{ start_period: 0, limit: 32 }] };
  const body = { charging_profile, response_url: callback.url };
  const answer = await partner.ask("PUT", "chargingprofiles", `/${id}`, { body });
  return { said: (answer.data as Json).result, callback };
}

async function askTooOften(version: Version): Promise<void> {
  await emsp[version].next(({ module }) => module === "sessions", 0, "the session");
  for (let tries = 0; tries < 20; tries++) {
    const { said, callback } = await setProfile(version);
    last[version] = said;
    if (said !== "ACCEPTED") return;
    await callback.result();
  }
}

/** The charge point never answers. */
async function askTheSilent(version: Version): Promise<void> {
  const partner = emsp[version];
  chargePointOf(version).answers.UnlockConnector = "silent";
  const callback = partner.callback("commands", version, "UNLOCK_CONNECTOR");
  const place = { location_id: "LOC-1", evse_uid: `evse-quarter-${version}`, connector_id: "1" };
  const body = { response_url: callback.url, ...place };
  const answer = await partner.ask("POST", "commands", "/UNLOCK_CONNECTOR", { body });
  expect(answer.data).toMatchObject({ result: "ACCEPTED" });
  silent[version] = callback;
}

/** Its own server fails when the result comes. */
async function failTheResult(version: Version): Promise<void> {
  const partner = emsp[version];
  partner.instead = ({ module, path }) =>
    path[1] === "START_SESSION" && module === "commands" ? { status: 500 } : undefined;
  const callback = partner.callback("commands", version, "START_SESSION");
  const place = { location_id: "LOC-1", evse_uid: `evse-quarter-${version}` };
  const body = { response_url: callback.url, token: tokenOf(partner, cardOf(version)), ...place };
  const answer = await partner.ask("POST", "commands", "/START_SESSION", { body });
  expect(answer.data).toMatchObject({ result: "ACCEPTED" });
  failed[version] = callback;
}

beforeAll(async () => {
  process.env.PARTNER_BEGIN_MS = String(BEGIN_MS);
  for (const version of VERSIONS) await emsp[version].listen();
  site = await new StorySite({
    partners: VERSIONS.map((version) => ({
      id: version,
      platform: emsp[version],
      contracts: [{ may: ["commands", "charging-profiles"] }],
    })),
    chargePoints: VERSIONS.map((version) => `quarter-${version}`),
    program: PROGRAM,
    charging: { defaultEnergyWh: 60_000, defaultStayHours: 1 },
    upstream: { authorization: { timeoutSeconds: 20 } },
  }).start();
  for (const version of VERSIONS) {
    await site.admit(version, emsp[version], version);
    await pushToken(emsp[version], tokenOf(emsp[version], cardOf(version)));
    expect(await chargePointOf(version).authorize(cardOf(version))).toBe("Accepted");
    expect(await chargePointOf(version).start(cardOf(version), nowMs)).toBe("Accepted");
  }
  for (const version of VERSIONS) await askTooOften(version);
  for (const version of VERSIONS) await askTheSilent(version);
  for (const version of VERSIONS) await failTheResult(version);
  await pass(2);
  for (const version of VERSIONS) inTime[version] = failed[version]!.calls();
  for (const version of VERSIONS) again[version] = (await setProfile(version)).said;
  await pass(MINUTES - 2);
  for (const version of VERSIONS) await chargePointOf(version).stop("Local", nowMs);
  for (const version of VERSIONS) await emsp[version].next(({ module }) => module === "cdrs", 0, "the CDR");
}, 180_000);

afterAll(async () => {
  await site?.close();
  for (const version of VERSIONS) await emsp[version].close();
});

/** The price of a record by its own periods and tariffs, without tax: FLAT once and ENERGY by the kWh. */
function priceOf({ charging_periods, tariffs }: Json): number {
  type Component = { type: string; price: number };
  const known = tariffs as { id: string; elements: { price_components: Component[] }[] }[];
  const periods = charging_periods as Period[];
  const componentOf = (id: string | undefined, type: string) => {
    const elements = known.find((each) => each.id === id)?.elements ?? [];
    return elements[0]?.price_components.find((each) => each.type === type)?.price ?? 0;
  };
  const energy = periods.reduce(
    (sum, each) => sum + volume([each], "ENERGY") * componentOf(each.tariff_id, "ENERGY"),
    0,
  );
  return componentOf(periods[0]!.tariff_id, "FLAT") + energy;
}

describe.each(VERSIONS)("with OCPI %s", (version) => {
  const { modules } = emsp[version];
  const heard = () => emsp[version].heard.filter(({ module }) => module === "sessions");

  test("each quarter-hour is told as a period that is added to those before", () => {
    const patched = heard().filter(({ method }) => method === "PATCH");
    const told = patched.flatMap(({ body }) => ((body as Json).charging_periods ?? []) as Period[]);
    const starts = told.map(({ start_date_time }) => millis(start_date_time));
    expect(new Set(starts).size).toBe(starts.length);
    expect(patched.length).toBeGreaterThanOrEqual(2);
    const kwh = patched.map(({ body }) => (body as Json).kwh).filter((each) => each !== undefined);
    expect(kwh).toEqual([...kwh].sort((a, b) => Number(a) - Number(b)));
  });

  test("the whole session has the meter's energy in periods that begin with the quarter-hours", () => {
    const [session] = [...modules.sessions.values()];
    const kwh = (MINUTES * WH_A_MINUTE) / 1000;
    expect(session).toMatchObject({ status: "COMPLETED", kwh });
    expect(volume(session!.charging_periods, "ENERGY")).toBeCloseTo(kwh, 3);
    const starts = (session!.charging_periods as Period[]).map(({ start_date_time }) => millis(start_date_time));
    for (const minute of [15, 30]) expect(starts).toContain(Date.UTC(2026, 10, 23, 12, minute));
  });

  test("the record bills it by its tariff", () => {
    const [record] = [...modules.cdrs.values()];
    const kwh = (MINUTES * WH_A_MINUTE) / 1000;
    expect(modules.cdrs.size).toBe(1);
    expect(record!.total_energy).toBe(kwh);
    expect(volume(record!.charging_periods, "ENERGY")).toBeCloseTo(kwh, 3);
    const [flat, energy] = TARIFFS[0]!.elements[0]!.components;
    expect(beforeTax(record!.total_cost)).toBeCloseTo(flat!.price + energy!.price * kwh, 3);
    expect(beforeTax(record!.total_cost)).toBeCloseTo(priceOf(record!), 3);
    const hours = volume(record!.charging_periods, "TIME") + volume(record!.charging_periods, "PARKING_TIME");
    expect(hours).toBeLessThanOrEqual(Number(record!.total_time) + 0.001);
    expect(Number(record!.total_time)).toBeGreaterThan((MINUTES - 1) / 60);
  });

  test("who asks too often may ask again a while later", () => {
    expect(last[version]).toBe("TOO_OFTEN");
    expect(again[version]).toBe("ACCEPTED");
  });

  test("a charge point that never answers is a TIMEOUT", async () => {
    expect(await silent[version]!.result()).toMatchObject({ result: "TIMEOUT" });
  });

  test("a result that could not be taken is not sent any more when its time is over", async () => {
    expect(await failed[version]!.result()).toMatchObject({ result: "EVSE_OCCUPIED" });
    expect(failed[version]!.calls()).toBe(inTime[version]);
  });

  test("nothing of it was against the specification", () => {
    expect(emsp[version].faults).toEqual([]);
  });
});
