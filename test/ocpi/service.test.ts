/** The site's planner offered to another CPO: our own CPO as the client of our own service provider, and SMAC between. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { OcpiRig, type OcpiRigOptions } from "./rig.ts";

const rigs: OcpiRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

const LOCATION = { address: "Kade 1", city: "Utrecht", country: "NLD", latitude: "52.09070", longitude: "5.12140" };

/** A site that hands its charging to a provider, and the provider; registered by the provider's doing. */
async function pair(): Promise<{ cpo: OcpiRig; scsp: OcpiRig; both: (seconds: number) => Promise<void> }> {
  const contracts = [{ may: ["charging-profiles"], tokens: "all" }];
  const client = { versionsUrl: undefined, hosts: ["127.0.0.1"], sees: "all", contracts, smac: {} };
  const cpo = await OcpiRig.start({ configuration: client, upstream: { location: LOCATION }, importLimitW: 12_000 });
  rigs.push(cpo);
  const scsp = await OcpiRig.start({
    configuration: { versionsUrl: cpo.versionsUrl, smac: {} },
    upstream: { partyId: "SCS", serviceProvider: true },
  });
  rigs.push(scsp);
  expect(await scsp.upstream.register("emsp", cpo.upstream.issueToken("emsp")!)).toMatchObject({ ok: true });
  const both = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      await cpo.site.run(1);
      await scsp.site.run(1);
      for (let round = 0; round < 2; round++) {
        await cpo.settled();
        await scsp.settled();
      }
    }
  };
  return { cpo, scsp, both };
}

describe("a provider that plans for another site", () => {
  test("gets its context and sessions, caps the cars together, and is told what holds", async () => {
    const { cpo, scsp, both } = await pair();
    await cpo.site.connectAll();
    await cpo.site.plugIn("one", { override: false });
    await cpo.site.plugIn("two", { override: false });
    await both(180);
    const profiles = cpo.site.facts("charging-profile-received");
    expect(new Set(profiles.map(({ data }) => data.evseId))).toEqual(new Set(["one", "two"]));
    expect(profiles.every(({ data }) => data.partnerId === "emsp" && data.ceiling.unit === "W")).toBe(true);
    // Its plan kept both below what the site may import beside its building.
    const now = cpo.site.clock.wallMs();
    const last = ["one", "two"].map((id) => profiles.findLast(({ data }) => data.evseId === id)!.data.ceiling);
    const sumW = last.reduce((sum, { startMs, periods }) => {
      return sum + (periods.findLast(({ offsetS }) => startMs + offsetS * 1000 <= now)?.limit ?? 0);
    }, 0);
    expect(sumW).toBeGreaterThan(4_000);
    expect(sumW).toBeLessThanOrEqual(12_000);
    const evseW = ["one", "two"].reduce((sum, id) => {
      return sum + cpo.site.wired.evseCurrentA(id).reduce((a, b) => a + b, 0) * 230;
    }, 0);
    expect(evseW).toBeLessThanOrEqual(sumW + 50);
    // Two sites that answer each other do not talk without end.
    const count = profiles.length;
    await both(300);
    expect(cpo.site.facts("charging-profile-received").length - count).toBeLessThanOrEqual(4);
    expect(cpo.site.facts("partner-refused")).toEqual([]);
    for (const rig of [cpo, scsp]) {
      const [status] = rig.upstream.status();
      expect(status).toMatchObject({ pending: 0, registered: true });
      expect(status!.lastProblem).toBeUndefined();
    }
  });

  test("goes on when the site was away, and stops with the session", async () => {
    const { cpo, both } = await pair();
    await cpo.site.connectAll();
    await cpo.site.plugIn("one", { override: false });
    await both(60);
    await cpo.restart();
    await cpo.site.connectAll();
    await both(60);
    expect(Object.keys(cpo.site.controller.state().upstream.profiles)).toEqual(["1"]);
    await cpo.site.unplug("one");
    await both(120);
    expect(cpo.site.controller.state().upstream.profiles).toEqual({});
  });

  test("knows sessions and contexts after a restart, and asks for them after a power cut", async () => {
    const { cpo, scsp, both } = await pair();
    await cpo.site.connectAll();
    await cpo.site.plugIn("one", { override: false });
    await both(60);
    await scsp.restart();
    const asked = await known(cpo, scsp);
    expect(asked).toEqual({ session: 200, context: 200 });
    await cpo.site.plugIn("two", { override: false });
    await both(20);
    await scsp.cutPower();
    await both(5);
    expect(await known(cpo, scsp)).toEqual({ session: 200, context: 200 });
    await both(120);
    // It plans for the car that came just before the cut.
    const capped = cpo.site.facts("charging-profile-received").map(({ data }) => data.evseId);
    expect(capped).toContain("two");
  });
});

/** What the provider has of the first session and of the context, as its CPO reads it. */
async function known(cpo: OcpiRig, scsp: OcpiRig): Promise<{ session: number; context: number }> {
  const secrets = JSON.parse(readFileSync(join(cpo.directory, "ocpi-secrets.json"), "utf8"));
  const token = secrets.partners.emsp.outbound as string;
  const headers = { authorization: `Token ${Buffer.from(token).toString("base64")}` };
  const base = `${scsp.versionsUrl.replace(/versions$/, "2.3.0")}/scsp`;
  const status = async (path: string) => (await fetch(`${base}/${path}`, { headers })).status;
  const session = await status(`sessions/NL/CPO/${cpo.sessionId(1)}`);
  return { session, context: await status("smartchargingoptimisation/NL/CPO/rig") };
}

const CONTEXT = {
  country_code: "NL",
  party_id: "EMS",
  id: "1",
  evses: [
    {
      location_id: "1",
      evse_uid: "1",
      connectors: [
        { connector_id: 1, power: 5_000, discharge_power: 0 },
        { connector_id: "2", power: 5_000 },
      ],
    },
  ],
  max_power: 10_000,
  min_power: 0,
  last_updated: "2026-06-10T12:00:00Z",
};

describe("the SMAC module", () => {
  async function provider(smac: object = {}, options: OcpiRigOptions = {}): Promise<OcpiRig> {
    const rig = await OcpiRig.registered({ configuration: { smac }, upstream: { serviceProvider: true }, ...options });
    rigs.push(rig);
    await rig.partner.discover(rig.versionsUrl);
    return rig;
  }
  const send = (rig: OcpiRig, method: string, body?: object, id = "1") =>
    rig.partner.call(method, `${rig.partner.endpoint("smartchargingoptimisation", "RECEIVER")}/NL/EMS/${id}`, { body });

  test("keeps contexts: put, read, patched list by list, deleted", async () => {
    const rig = await provider();
    expect(await send(rig, "PUT", CONTEXT)).toMatchObject({ http: 201, body: { status_code: 1000 } });
    const demand = [{ time_slot: "2026-06-10T12:00:00Z", value: 4 }];
    expect((await send(rig, "PATCH", { demand })).body.status_code).toBe(2001);
    expect((await send(rig, "PATCH", { demand, last_updated: "2026-06-10T12:10:00Z" })).body.status_code).toBe(1000);
    expect((await send(rig, "GET")).body.data).toMatchObject({
      demand,
      max_power: 10_000,
      last_updated: "2026-06-10T12:10:00Z",
    });
    expect((await send(rig, "DELETE")).body.status_code).toBe(1000);
    expect((await send(rig, "GET")).http).toBe(404);
    expect((await send(rig, "PATCH", { demand, last_updated: "2026-06-10T12:10:00Z" })).http).toBe(404);
    expect((await send(rig, "PUT", CONTEXT, "2")).body.status_code).toBe(2001);
  });

  test("reads what the partner means where the text contradicts itself, and refuses what cannot be meant", async () => {
    const rig = await provider({ stampMissing: true, moduleId: "nlems-smac" });
    const url = `${rig.partner.endpoint("nlems-smac", "RECEIVER").replace("smartchargingoptimisation", "optimisation")}/NL/EMS/1`;
    const { last_updated: _, ...unstamped } = CONTEXT;
    expect((await rig.partner.call("PUT", url, { body: unstamped })).body.status_code).toBe(1000);
    const put = async (more: object) => (await rig.partner.call("PUT", url, { body: { ...CONTEXT, ...more } })).body;
    const kilo = [{ ...CONTEXT.evses[0], connectors: [{ connector_id: 1, power: 11 }] }];
    expect(await put({ evses: kilo })).toMatchObject({
      status_code: 2001,
      status_message: expect.stringContaining("powerUnit"),
    });
    const slots = (value: number) => [{ time_slot: "2026-06-10T12:00:00Z", value }];
    expect(await put({ demand: slots(4_000) })).toMatchObject({
      status_code: 2001,
      status_message: expect.stringContaining("energyUnit"),
    });
    expect(await put({ generation: slots(-2) })).toMatchObject({ status_code: 2001 });
    expect(await put({ demand: [...slots(1), ...slots(2)] })).toMatchObject({
      status_code: 2001,
      status_message: expect.stringContaining("two values"),
    });
  });

  test("on this very site is input of its plan, where a contract lets its partner: prices, and orders that lower", async () => {
    const contracts = [{ may: ["optimisation"] }];
    const rig = await OcpiRig.registered({ configuration: { smac: {}, contracts } });
    rigs.push(rig);
    await rig.partner.discover(rig.versionsUrl);
    await rig.site.connectAll();
    await rig.site.plugIn("one", { override: false });
    await rig.run(120);
    const before = rig.site.controller.state().plan.current!;
    expect(before.input.partnerLimitW).toBeUndefined();
    const { startMs } = before.input;
    const at = (slot: number) => new Date(startMs + slot * 900_000).toISOString();
    const context = {
      ...CONTEXT,
      evses: [{ location_id: "rig", evse_uid: "one", connectors: [{ connector_id: 1, power: 11_000 }] }],
      max_power: 14_000,
      price: [0, 1, 2, 3].map((slot) => ({ time_slot: at(slot), value: slot === 2 ? 0.05 : 0.6 })),
      flex_orders: [{ time_slot: at(0), value: -5 }],
    };
    expect((await send(rig, "PUT", context)).body.status_code).toBe(1000);
    await rig.run(120);
    const { input, result } = rig.site.controller.state().plan.current!;
    expect(input.importEurPerKwh.slice(0, 5)).toEqual([0.6, 0.6, 0.05, 0.6, 0.3]);
    // 14 kW less 5 kW is what the site may import in that quarter-hour.
    expect(input.partnerLimitW!.slice(0, 2)).toEqual([9_000, 14_000]);
    expect(result.importW[0]).toBeLessThanOrEqual(9_000);
    expect(result.evses[0]!.powerW[0]).toBeLessThanOrEqual(9_000 - input.buildingW[0]!);
    const plans = rig.site.facts("plan-made").length;
    await rig.run(120);
    // It is no reason for plans without end.
    expect(rig.site.facts("plan-made").length - plans).toBeLessThanOrEqual(2);
    expect((await send(rig, "DELETE")).body.status_code).toBe(1000);
    await rig.run(30);
    expect(rig.site.controller.state().plan.current!.input.importEurPerKwh[0]).toBe(0.3);
    expect(rig.site.controller.state().plan.current!.input.partnerLimitW).toBeUndefined();
    expect((await send(rig, "PUT", CONTEXT)).body.status_code).toBe(2003);
    const elsewhere = [{ may: ["optimisation"], evses: ["two"] }];
    const others = await provider({}, { configuration: { smac: {}, contracts: elsewhere }, upstream: {} });
    expect((await send(others, "PUT", context)).body).toMatchObject({
      status_code: 2001,
      status_message: expect.stringContaining("does not cover EVSE one"),
    });
    const none = await OcpiRig.registered({ configuration: { smac: {} } });
    rigs.push(none);
    await none.partner.discover(none.versionsUrl);
    expect(none.partner.endpoints.filter(({ identifier }) => identifier.startsWith("smart"))).toMatchObject([
      { role: "SENDER" },
    ]);
  });

  test("sessions are kept whole: read back as they were told, periods added by PATCH and replaced by PUT", async () => {
    const rig = await provider();
    const period = (hour: number) => ({
      start_date_time: `2026-06-10T${hour}:00:00Z`,
      dimensions: [{ type: "ENERGY", volume: 1 }],
    });
    const session = {
      country_code: "NL",
      party_id: "EMS",
      id: "S1",
      start_date_time: "2026-06-10T10:00:00Z",
      kwh: 1,
      cdr_token: { country_code: "NL", party_id: "XYZ", uid: "U1", type: "RFID", contract_id: "C1" },
      auth_method: "WHITELIST",
      location_id: "L1",
      evse_uid: "E1",
      connector_id: "1",
      currency: "EUR",
      charging_periods: [period(10)],
      status: "ACTIVE",
      last_updated: "2026-06-10T10:15:00Z",
    };
    const at = (method: string, body?: object, party = "EMS") =>
      rig.partner.call(method, `${rig.partner.endpoint("sessions", "RECEIVER")}/NL/${party}/S1`, { body });
    expect((await at("PUT", session)).http).toBe(201);
    expect((await at("GET")).body.data).toEqual(session);
    const patch = { kwh: 2, charging_periods: [period(11)], last_updated: "2026-06-10T11:15:00Z" };
    expect((await at("PATCH", patch)).body.status_code).toBe(1000);
    expect((await at("PATCH", { charging_periods: [], last_updated: "2026-06-10T11:16:00Z" })).body.status_code).toBe(
      1000,
    );
    expect((await at("GET")).body.data).toMatchObject({ kwh: 2, charging_periods: [period(10), period(11)] });
    await at("PUT", { ...session, charging_periods: [period(12)], last_updated: "2026-06-10T12:15:00Z" });
    expect((await at("GET")).body.data.charging_periods).toEqual([period(12)]);
    const { cdr_token: _, ...without } = session;
    expect((await at("PUT", without)).body.status_code).toBe(2001);
    expect((await at("PUT", { ...session, status: "FINISHED" })).body.status_code).toBe(2001);
    expect(await at("PUT", { ...session, party_id: "ZZZ" }, "ZZZ")).toMatchObject({ http: 404 });
  });

  test("is offered to a provider that reads it", async () => {
    const rig = await provider();
    await rig.site.connectAll();
    await rig.run(10);
    const list = await rig.partner.call("GET", rig.partner.endpoint("smartchargingoptimisation", "SENDER"));
    expect(list.body.data).toHaveLength(1);
    expect(list.body.data[0]).toMatchObject({ id: "rig", evses: [{ evse_uid: "one" }, { evse_uid: "two" }] });
    expect(list.body.data[0].price[0].value).toBe(0.3);
    expect(list.body.data[0].demand).toHaveLength(96);
  });
});
