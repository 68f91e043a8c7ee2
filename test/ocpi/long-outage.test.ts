/** A partner that was away while more sessions ended than the state remembers, and cars that stayed for longer than that. */
import { afterEach, describe, expect, test } from "vitest";
import type { SiteDraft } from "../../src/core/facts/index.ts";
import type { PartnerOptions } from "./partner.ts";
import { OcpiRig } from "./rig.ts";

const rigs: OcpiRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

const PRICES = [{ components: [{ type: "ENERGY", price: 0.4 }] }];

async function registered(partner: PartnerOptions = {}): Promise<OcpiRig> {
  const upstream = { tariffs: [{ id: "standard", elements: PRICES }] };
  const rig = await OcpiRig.registered({ configuration: { sees: "all" }, upstream, partner });
  rigs.push(rig);
  await rig.site.connectAll();
  return rig;
}

/** Sessions of a quarter-hour each at the second stall, as the ledger has them: one after the other, or all at once. */
function visits(rig: OcpiRig, from: number, count: number, atOnce = false): SiteDraft[] {
  const where = { chargePointId: "cp-two", evseId: "two" };
  const beganMs = rig.site.clock.wallMs() - 900_000;
  const each = Array.from({ length: count }, (_, index): SiteDraft[] => {
    const transactionId = from + index;
    const meterStartWh = 10_000 + index * 2_000;
    const begun = { ...where, transactionId, connectorId: 1, meterStartWh, atMs: beganMs, replayed: true };
    const ended = { ...where, transactionId, meterStopWh: meterStartWh + 1_500, reason: "Local", replayed: true };
    const slot = { slotStartMs: beganMs, energyWh: 1_500, costEur: 0.45, maxPowerW: 6_000, limitedBySeconds: {} };
    return [
      { type: "transaction-started", source: "test", data: begun },
      { type: "transaction-metered", source: "test", data: { transactionId, evseId: "two", ...slot } },
      { type: "transaction-ended", source: "test", data: { ...ended, atMs: beganMs + 900_000 } },
    ];
  });
  if (!atOnce) return each.flat();
  return [0, 1, 2].flatMap((step) => each.map((facts) => facts[step]!));
}

// biome-ignore lint/suspicious/noExplicitAny: what came over the wire
type Wire = any;

/** What a partner has of each session by what it was told, PATCH by PATCH. */
function toldOf(rig: OcpiRig): Map<string, Wire> {
  const told = new Map<string, Wire>();
  for (const { method, path, body } of rig.partner.received) {
    const id = /\/sessions\/NL\/CPO\/([^/]+)$/.exec(path)?.[1];
    if (id !== undefined) told.set(id, method === "PUT" ? body : { ...told.get(id), ...(body as object) });
  }
  return told;
}

const recordsAt = (rig: OcpiRig, since = 0): Wire[] =>
  rig.partner.received
    .slice(since)
    .filter(({ method, path }) => method === "POST" && path.endsWith("/cdrs"))
    .map(({ body }) => body);

const MANY = 260;

describe("a partner that was away while more sessions ended than are remembered", () => {
  test("is told the end of those that it knew as running, as their records say, once", async () => {
    const rig = await registered();
    await rig.site.plugIn("one");
    await rig.run(1_000);
    const [[known]] = [...toldOf(rig)] as [[string, Wire]];
    rig.partner.broken = { http: 503, raw: "" };
    await rig.site.unplug("one");
    await rig.run(30);
    const cutAt = rig.partner.received.length;
    for (let from = 100; from < 100 + MANY; from += 65) {
      await rig.site.controller.record(visits(rig, from, 65));
      await rig.run(400);
    }
    expect(rig.site.controller.state().sessions.ended.length).toBeLessThan(MANY);
    await rig.restart();
    rig.partner.broken = undefined;
    rig.partner.received.splice(cutAt);
    await rig.run(700);
    const told = toldOf(rig);
    const issued = rig.site.facts("cdr-issued");
    expect(issued).toHaveLength(MANY + 1);
    expect(told.size).toBe(MANY + 1);
    for (const { data } of issued)
      expect(told.get(data.cdrId)).toMatchObject({ status: "COMPLETED", kwh: Math.round(data.energyWh) / 1000 });
    const record = recordsAt(rig).find(({ session_id }) => session_id === known);
    const end = { end_date_time: record.end_date_time, kwh: record.total_energy, total_cost: record.total_cost };
    expect(told.get(known)).toMatchObject(end);
    const puts = rig.partner.received.slice(cutAt).filter(({ path }) => path.includes("/sessions/"));
    expect(puts).toHaveLength(MANY + 1);
    expect(recordsAt(rig, cutAt)).toHaveLength(MANY + 1);
    expect(rig.upstream.status()[0]!.pending).toBe(0);
  });

  test("is told it also where it takes no records, and finds them all in the list", async () => {
    const endpoints = [{ identifier: "sessions", role: "RECEIVER" }];
    const rig = await registered({ endpoints });
    await rig.site.controller.record(visits(rig, 100, 1));
    await rig.run(10);
    rig.partner.broken = { http: 503, raw: "" };
    for (let from = 200; from < 200 + MANY; from += 65) {
      await rig.site.controller.record(visits(rig, from, 65));
      await rig.run(400);
    }
    rig.partner.broken = undefined;
    await rig.run(700);
    const told = toldOf(rig);
    expect([...told.values()].filter(({ status }) => status === "COMPLETED")).toHaveLength(MANY + 1);

    await rig.partner.discover(rig.versionsUrl);
    const listed: Wire[] = [];
    const list = rig.partner.endpoint("sessions", "SENDER");
    for (let offset = 0; ; ) {
      const url = `${list}?date_from=2020-01-01T00:00:00Z&offset=${offset}`;
      const page = (await rig.partner.call("GET", url)).body.data;
      listed.push(...page);
      offset += page.length;
      if (page.length === 0) break;
    }
    expect(new Set(listed.map(({ id }) => id))).toEqual(new Set(told.keys()));
    for (const session of listed) expect(session).toEqual(told.get(session.id));
  });
});

test("each of 300 sessions that end within a second gets its record", async () => {
  const rig = await registered();
  await rig.site.controller.record(visits(rig, 100, 300, true));
  await rig.run(60);
  expect(rig.site.facts("cdr-issued")).toHaveLength(300);
});

test("a car that stays while hundreds come and go is billed to the driver who began", async () => {
  const rig = await registered();
  const contract = {
    partnerId: "emsp",
    countryCode: "NL",
    partyId: "EMS",
    uid: "LONG",
    type: "RFID",
    contractId: "C1",
  };
  const allowed = { token: "LONG", allowed: true, answer: "ALLOWED", how: "whitelist", contract } as const;
  await rig.site.controller.record([{ type: "driver-authorised", source: "test", data: allowed }]);
  await rig.site.plugIn("one", { token: "LONG" });
  await rig.run(60);
  await rig.site.controller.record(visits(rig, 100, 700));
  await rig.run(60);
  await rig.site.unplug("one");
  await rig.run(60);
  const issued = rig.site.facts("cdr-issued").find(({ data }) => data.evseId === "one");
  expect(issued!.data.contract).toEqual(contract);
});
