/** Partners cap sessions and drivers override them: what is answered, what the car really draws, and who is told. */
import { afterEach, describe, expect, test } from "vitest";
import { activeProfile } from "../../src/ocpi/objects/active-profile.ts";
import type { Received } from "./partner.ts";
import { OcpiRig, type OcpiRigOptions } from "./rig.ts";

const rigs: OcpiRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

const CONTRACT = { sees: "all", contracts: [{ may: ["charging-profiles", "preferences"], tokens: "all" }] };

/** A car at EVSE one that would take all it can get, and a partner with a contract for it. */
async function charging(options: OcpiRigOptions = {}): Promise<OcpiRig> {
  const rig = await OcpiRig.registered({ configuration: CONTRACT, ...options });
  rigs.push(rig);
  await rig.partner.discover(rig.versionsUrl);
  await rig.site.connectAll();
  await rig.site.plugIn("one", { override: false });
  await rig.run(120);
  return rig;
}

const at = (rig: OcpiRig, session = rig.sessionId(1)) => `${rig.partner.endpoint("chargingprofiles")}/${session}`;
const response = (rig: OcpiRig, name: string) => `${rig.partner.url}/results/${name}`;
const profileOf = (limit: number, unit: "W" | "A" = "W", more: object = {}) => ({
  charging_rate_unit: unit,
  charging_profile_period: [{ start_period: 0, limit }],
  ...more,
});

function set(rig: OcpiRig, name: string, charging_profile: object, session?: string) {
  return rig.partner.call("PUT", at(rig, session), { body: { charging_profile, response_url: response(rig, name) } });
}
const resultsOf = (rig: OcpiRig, name: string) =>
  rig.partner.received.filter(({ path }) => path === `/results/${name}`).map(({ body }) => body);
const pushes = (rig: OcpiRig): Received[] =>
  rig.partner.received.filter(
    ({ method, path }) => method === "PUT" && path === `/2.2.1/sender/chargingprofiles/${rig.sessionId(1)}`,
  );
const currentA = (rig: OcpiRig) => Math.max(...rig.site.wired.evseCurrentA("one"));

describe("a profile on a running session", () => {
  test("is answered at once, holds at the car, and its result follows once", async () => {
    const rig = await charging();
    expect(currentA(rig)).toBeGreaterThan(15);
    const answer = await set(rig, "a", profileOf(6_900));
    expect(answer).toMatchObject({ http: 200, body: { status_code: 1000, data: { result: "ACCEPTED", timeout: 30 } } });
    expect(resultsOf(rig, "a")).toEqual([]);
    await rig.run(15);
    expect(resultsOf(rig, "a")).toEqual([{ result: "ACCEPTED" }]);
    await rig.run(10);
    expect(currentA(rig)).toBeLessThanOrEqual(10);
    expect(currentA(rig)).toBeGreaterThan(9);
    expect(rig.site.reason("one")).toMatchObject({ kind: "contract", by: "emsp", limitA: 10 });
    const { headers } = rig.partner.received.find(({ path }) => path === "/results/a")!;
    expect(headers).toMatchObject({ "ocpi-from-party-id": "CPO", "ocpi-to-party-id": "EMS" });
    await rig.run(600);
    expect(currentA(rig)).toBeLessThanOrEqual(10);
    expect(resultsOf(rig, "a")).toHaveLength(1);
  });

  test("in ampere, below the least current of the EVSE, pauses the car; clearing it lets it charge again", async () => {
    const rig = await charging();
    await set(rig, "a", profileOf(4, "A"));
    await rig.run(20);
    expect(currentA(rig)).toBe(0);
    const cleared = await rig.partner.call(
      "DELETE",
      `${at(rig)}?response_url=${encodeURIComponent(response(rig, "b"))}`,
    );
    expect(cleared.body.data.result).toBe("ACCEPTED");
    await rig.run(120);
    expect(resultsOf(rig, "b")).toEqual([{ result: "ACCEPTED" }]);
    expect(currentA(rig)).toBeGreaterThan(15);
    await rig.partner.call("DELETE", `${at(rig)}?response_url=${encodeURIComponent(response(rig, "c"))}`);
    await rig.run(5);
    expect(resultsOf(rig, "c")).toEqual([{ result: "UNKNOWN" }]);
  });

  test("with periods follows them in time, and ends when its duration does", async () => {
    const rig = await charging();
    const start_date_time = new Date(rig.site.clock.wallMs()).toISOString();
    const charging_profile_period = [
      { start_period: 0, limit: 8 },
      { start_period: 120, limit: 12 },
      { start_period: 240, limit: 0 },
    ];
    await set(rig, "a", { start_date_time, duration: 360, charging_rate_unit: "A", charging_profile_period });
    await rig.run(100);
    expect(currentA(rig)).toBeCloseTo(8, 1);
    await rig.run(110);
    expect(currentA(rig)).toBeCloseTo(12, 1);
    await rig.run(50);
    expect(currentA(rig)).toBe(0);
    await rig.run(300);
    expect(currentA(rig)).toBeGreaterThan(15);
  });

  test("replaces the one before, survives a restart, and ends with the session", async () => {
    const rig = await charging();
    await set(rig, "a", profileOf(7, "A"));
    await rig.run(30);
    await set(rig, "b", profileOf(9, "A"));
    await rig.run(60);
    expect(currentA(rig)).toBeCloseTo(9, 1);
    await rig.restart();
    await rig.site.connectAll();
    await rig.run(120);
    expect(currentA(rig)).toBeCloseTo(9, 1);
    await rig.site.unplug("one");
    await rig.run(5);
    expect(rig.site.controller.state().upstream.profiles).toEqual({});
    expect((await set(rig, "c", profileOf(9, "A"))).body.data.result).toBe("UNKNOWN_SESSION");
  });

  test("never raises a car above what the fuse leaves", async () => {
    const rig = await charging({ fuseA: 25 });
    rig.site.load([12, 12, 12]);
    await set(rig, "a", profileOf(16, "A"));
    await rig.run(60);
    expect(Math.max(...rig.site.gridA())).toBeLessThanOrEqual(25);
    expect(currentA(rig)).toBeLessThan(10);
  });

  test("what holds can be read: the fused result, for as long as was asked", async () => {
    const rig = await charging();
    await set(rig, "a", profileOf(6_900));
    await rig.run(60);
    const query = `duration=1800&response_url=${encodeURIComponent(response(rig, "g"))}`;
    const answer = await rig.partner.call("GET", `${at(rig)}?${query}`);
    expect(answer.body.data).toEqual({ result: "ACCEPTED", timeout: 30 });
    await rig.run(3);
    const [result] = resultsOf(rig, "g") as [
      { result: string; profile: { charging_profile: Record<string, unknown> } },
    ];
    expect(result.result).toBe("ACCEPTED");
    expect(result.profile.charging_profile).toMatchObject({ duration: 1800, charging_rate_unit: "W" });
    const periods = result.profile.charging_profile.charging_profile_period as {
      start_period: number;
      limit: number;
    }[];
    expect(periods[0]).toEqual({ start_period: 0, limit: 6_900 });
    expect(periods.every(({ limit }) => limit <= 6_900)).toBe(true);
    expect((await rig.partner.call("GET", at(rig))).body.status_code).toBe(2001);
  });
});

describe("the sender of a profile", () => {
  test("is told every change that it is owed, and nobody else is", async () => {
    const rig = await charging();
    expect(pushes(rig)).toEqual([]);
    await set(rig, "a", profileOf(6_900));
    await rig.run(60);
    expect(pushes(rig).length).toBeGreaterThan(0);
    const last = () =>
      pushes(rig).at(-1)!.body as { charging_profile: { charging_profile_period: { limit: number }[] } };
    expect(last().charging_profile.charging_profile_period[0]!.limit).toBe(6_900);
    const before = pushes(rig).length;
    await rig.run(600);
    // Nothing changed but the time.
    expect(pushes(rig).length - before).toBeLessThanOrEqual(1);
    rig.site.load([50, 50, 50]);
    await rig.run(30);
    expect(last().charging_profile.charging_profile_period[0]!.limit).toBeLessThan(6_900);
  });

  test("is told when the driver overrides it: its profile has ended", async () => {
    const rig = await charging();
    await set(rig, "a", profileOf(8, "A"));
    await rig.run(60);
    expect(currentA(rig)).toBeCloseTo(8, 1);
    const url = `${rig.partner.endpoint("sessions", "SENDER")}/${rig.sessionId(1)}/charging_preferences`;
    expect((await rig.partner.call("PUT", url, { body: { profile_type: "FAST" } })).body.data).toBe("ACCEPTED");
    await rig.run(60);
    expect(currentA(rig)).toBeGreaterThan(15);
    expect(rig.site.facts("charging-profile-ended")).toMatchObject([
      { data: { partnerId: "emsp", reason: "overridden" } },
    ]);
    const told = pushes(rig).at(-1)!.body as { charging_profile: { charging_profile_period: { limit: number }[] } };
    expect(told.charging_profile.charging_profile_period[0]!.limit).toBeGreaterThan(10_000);
    const refused = await set(rig, "b", profileOf(8, "A"));
    expect(refused.body).toMatchObject({
      data: { result: "REJECTED" },
      status_message: expect.stringContaining("driver"),
    });
    expect((await rig.partner.call("PUT", url, { body: { profile_type: "REGULAR" } })).body.data).toBe("ACCEPTED");
    expect((await set(rig, "c", profileOf(8, "A"))).body.data.result).toBe("ACCEPTED");
  });

  test("that asks too often is told so, and may again later", async () => {
    const rig = await charging();
    const results: string[] = [];
    for (let count = 0; count < 7; count++)
      results.push((await set(rig, "x", profileOf(8 + count, "A"))).body.data.result);
    expect(results.slice(0, 5)).toEqual(Array(5).fill("ACCEPTED"));
    expect(results.slice(5)).toEqual(["TOO_OFTEN", "TOO_OFTEN"]);
    await rig.run(35);
    expect((await set(rig, "y", profileOf(8, "A"))).body.data.result).toBe("ACCEPTED");
  });

  test("is refused while the charge point is away, and hears NOT_SUPPORTED of one that takes no limits", async () => {
    const location = { address: "Kade 1", city: "Utrecht", country: "NLD", latitude: "52.09070", longitude: "5.12140" };
    const rig = await charging({ upstream: { location } });
    await rig.site.disconnect("one");
    const away = await set(rig, "a", profileOf(8, "A"));
    expect(away.body).toMatchObject({ data: { result: "REJECTED", timeout: 0 } });
    await rig.site.connect("one");
    await rig.run(5);
    rig.site.onCommand = ({ type }) => (type === "set-limit" ? { status: "not-supported", detail: "" } : undefined);
    await rig.run(120);
    expect((await set(rig, "b", profileOf(8, "A"))).body.data).toEqual({ result: "NOT_SUPPORTED", timeout: 0 });
    const query = `duration=900&response_url=${encodeURIComponent(response(rig, "c"))}`;
    expect((await rig.partner.call("GET", `${at(rig)}?${query}`)).body.data.result).toBe("NOT_SUPPORTED");
    const evse = await rig.partner.call("GET", `${rig.partner.endpoint("locations", "SENDER")}/rig/one`);
    expect(evse.body.data.capabilities).not.toContain("CHARGING_PROFILE_CAPABLE");
    const url = `${rig.partner.endpoint("sessions", "SENDER")}/${rig.sessionId(1)}/charging_preferences`;
    expect(await rig.partner.call("PUT", url, { body: { profile_type: "FAST" } })).toMatchObject({
      http: 404,
      body: { status_code: 2001 },
    });
    expect(rig.partner.received.filter(({ path }) => path.startsWith("/results/"))).toEqual([]);
  });

  test("hears REJECTED of what the charge point did not take, and the profile before it holds again", async () => {
    const rig = await charging();
    await set(rig, "a", profileOf(9, "A"));
    await rig.run(30);
    rig.site.onCommand = ({ type }) => (type === "set-limit" ? { status: "rejected", detail: "Rejected" } : undefined);
    expect((await set(rig, "b", profileOf(7, "A"))).body.data.result).toBe("ACCEPTED");
    await rig.run(30);
    expect(resultsOf(rig, "b")).toEqual([{ result: "REJECTED" }]);
    expect(rig.site.controller.state().upstream.profiles[1]).toMatchObject([{ ceiling: { periods: [{ limit: 9 }] } }]);
    rig.site.onCommand = () => undefined;
    await rig.run(90);
    expect(currentA(rig)).toBeCloseTo(9, 1);
  });

  test("hears of no result before the charge point has answered, however slow that is", async () => {
    const rig = await charging();
    const waiting: ((result: { status: "rejected"; detail: string }) => void)[] = [];
    rig.site.onCommand = ({ type }) =>
      type === "set-limit" ? new Promise((resolve) => void waiting.push(resolve)) : undefined;
    expect((await set(rig, "slow", profileOf(9, "A"))).body.data.result).toBe("ACCEPTED");
    await rig.run(8);
    expect(resultsOf(rig, "slow")).toEqual([]);
    for (const answer of waiting) answer({ status: "rejected", detail: "Rejected" });
    await rig.run(3);
    expect(resultsOf(rig, "slow")).toEqual([{ result: "REJECTED" }]);
    rig.site.onCommand = () => undefined;
    await rig.run(90);
    expect((await set(rig, "quick", profileOf(8, "A"))).body.data.result).toBe("ACCEPTED");
    await rig.run(4);
    expect(resultsOf(rig, "quick")).toEqual([{ result: "ACCEPTED" }]);
  });

  test("that names a least rate of the car has it pause below, instead of charging badly", async () => {
    const rig = await charging();
    await set(rig, "a", profileOf(8, "A", { min_charging_rate: 9.5 }));
    await rig.run(30);
    expect(currentA(rig)).toBe(0);
    await set(rig, "b", profileOf(12, "A", { min_charging_rate: 9.5 }));
    await rig.run(400);
    expect(currentA(rig)).toBeCloseTo(12, 1);
  });

  test("loses it with its registration", async () => {
    const rig = await charging();
    await set(rig, "a", profileOf(8, "A"));
    await rig.run(30);
    await rig.upstream.unregister("emsp");
    await rig.run(90);
    expect(currentA(rig)).toBeGreaterThan(15);
  });

  test("without a contract is refused, and the reason is on record", async () => {
    const rig = await charging({ configuration: { sees: "all" } });
    const answer = await set(rig, "a", profileOf(8, "A"));
    expect(answer.body).toMatchObject({
      data: { result: "REJECTED", timeout: 0 },
      status_message: expect.stringContaining("contract"),
    });
    const url = `${rig.partner.endpoint("sessions", "SENDER")}/${rig.sessionId(1)}/charging_preferences`;
    expect((await rig.partner.call("PUT", url, { body: { profile_type: "FAST" } })).body.data).toBe("NOT_POSSIBLE");
    await rig.run(30);
    expect(currentA(rig)).toBeGreaterThan(15);
    expect(resultsOf(rig, "a")).toEqual([]);
    expect(rig.site.facts("partner-refused").map(({ data }) => data.what)).toEqual([
      "charging-profiles",
      "preferences",
    ]);
    const elsewhere = { sees: "all", contracts: [{ may: ["charging-profiles"], evses: ["two"], tokens: "all" }] };
    const other = await charging({ configuration: elsewhere });
    expect((await set(other, "a", profileOf(8, "A"))).body.data.result).toBe("REJECTED");
  });

  test("may write a slash at the end of every address", async () => {
    const rig = await charging();
    const body = { charging_profile: profileOf(8, "A"), response_url: response(rig, "a") };
    expect((await rig.partner.call("PUT", `${at(rig)}/`, { body })).body.data.result).toBe("ACCEPTED");
    const list = await rig.partner.call(
      "GET",
      `${rig.partner.endpoint("sessions", "SENDER")}/?date_from=2020-01-01T00:00:00Z`,
    );
    expect(list.body.data).toHaveLength(1);
    expect((await rig.partner.call("GET", `${rig.versionsUrl}/`)).http).toBe(200);
  });

  test("sees the sessions that its contract covers, and no others", async () => {
    const covered = { contracts: [{ may: ["charging-profiles"], evses: ["one"], tokens: "all" }] };
    const rig = await charging({ configuration: covered });
    await rig.site.plugIn("two");
    const list = await rig.partner.call(
      "GET",
      `${rig.partner.endpoint("sessions", "SENDER")}?date_from=2020-01-01T00:00:00Z`,
    );
    expect(list.body.data.map((session: { evse_uid: string }) => session.evse_uid)).toEqual(["one"]);
    expect((await set(rig, "a", profileOf(8, "A"))).body.data.result).toBe("ACCEPTED");
  });

  test("gets the codes of the text for what makes no sense", async () => {
    const rig = await charging();
    expect((await set(rig, "a", profileOf(8, "A"), "rig-x-1")).body.data.result).toBe("UNKNOWN_SESSION");
    expect((await set(rig, "a", profileOf(8, "A"), "nonsense")).body.data.result).toBe("UNKNOWN_SESSION");
    expect((await set(rig, "a", { charging_rate_unit: "kW" })).body.status_code).toBe(2001);
    expect((await set(rig, "a", { charging_rate_unit: "A", charging_profile_period: [] })).body.status_code).toBe(2001);
    const elsewhere = { charging_profile: profileOf(8), response_url: "http://203.0.113.9/x" };
    expect((await rig.partner.call("PUT", at(rig), { body: elsewhere })).body).toMatchObject({
      status_code: 2001,
      status_message: expect.stringContaining("response_url"),
    });
    expect(rig.site.facts("charging-profile-received")).toEqual([]);
  });
});

test("what holds is told in periods that ascend, however near the next change is", async () => {
  const rig = await charging();
  // Half a second before the quarter-hour, in which a profile of its own begins.
  const nextMs = Math.ceil(rig.site.clock.wallMs() / 900_000) * 900_000;
  const start_date_time = new Date(nextMs).toISOString();
  await set(rig, "a", profileOf(7, "A", { start_date_time }));
  await rig.run(60);
  const controller = rig.site.controller;
  const market = {
    site: rig.site.model,
    upstream: rig.site.model.configuration.upstream!,
    state: controller.state(),
    version: "2.2.1",
  } as const;
  const session = controller.state().sessions.open[1]!;
  for (const beforeMs of [100, 400, 499, 501, 900, 1_400]) {
    const { periods } = activeProfile(market, session, nextMs - beforeMs);
    const offsets = periods.map(({ offsetS }) => offsetS);
    expect(offsets[0]).toBe(0);
    expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
    expect(periods.at(-1)!.powerW).toBeLessThan(5_000);
  }
});

describe("a driver's preferences", () => {
  test("get every answer that the text knows", async () => {
    const tariffs = ["REGULAR", "PROFILE_CHEAP", "PROFILE_FAST"].map((type) => ({
      id: type,
      type,
      elements: [{ components: [{ type: "ENERGY", price: 0.3 }] }],
    }));
    const rig = await charging({ upstream: { tariffs } });
    const url = `${rig.partner.endpoint("sessions", "SENDER")}/${rig.sessionId(1)}/charging_preferences`;
    const ask = async (body: object) => (await rig.partner.call("PUT", url, { body })).body.data;
    const departure_time = new Date(rig.site.clock.wallMs() + 4 * 3_600_000).toISOString();
    expect(await ask({ profile_type: "GREEN" })).toBe("PROFILE_TYPE_NOT_SUPPORTED");
    expect(await ask({ profile_type: "CHEAP" })).toBe("DEPARTURE_REQUIRED");
    expect(await ask({ profile_type: "CHEAP", departure_time })).toBe("ENERGY_NEED_REQUIRED");
    expect(await ask({ profile_type: "CHEAP", departure_time, energy_need: 100 })).toBe("NOT_POSSIBLE");
    expect(await ask({ profile_type: "CHEAP", departure_time, energy_need: 20, discharge_allowed: null })).toBe(
      "ACCEPTED",
    );
    expect(rig.site.controller.state().sessions.wishes.one).toMatchObject({
      energyWh: 20_000,
      preference: "cheap",
      by: "partner:emsp",
    });
    expect((await rig.partner.call("PUT", url, { body: { profile_type: "SLOW" } })).body.status_code).toBe(2001);
    const unknown = await rig.partner.call("PUT", url.replace(rig.sessionId(1), "rig-x-77"), {
      body: { profile_type: "FAST" },
    });
    expect(unknown).toMatchObject({ http: 404, body: { status_code: 2001 } });
  });
});
