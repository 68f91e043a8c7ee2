import { describe, expect, test } from "vitest";
import { SLOT_MS } from "../src/core/time/slots.ts";
import { SiteRig } from "./site-rig.ts";

const HOUR_MS = 3_600_000;
const IDS = ["a", "b", "c", "d"];
const FUSE_A = 63;

async function charging(rig: SiteRig): Promise<void> {
  await rig.connectAll();
  await rig.run(10);
  for (const id of ["a", "b", "c"]) await rig.plugIn(id);
  await rig.run(120);
}

/** Four EVSEs, three cars; the fuse, the leases and the books are watched. */
async function chargingSite(before: (rig: SiteRig) => void = () => {}) {
  const rig = new SiteRig({ stalls: IDS.map((id) => ({ id })) });
  before(rig);
  await charging(rig);
  let overS = 0;
  let longestOverS = 0;
  let fellBackS = 0;
  return {
    rig,
    look: () => {
      overS = Math.max(...rig.gridA()) > FUSE_A + 0.1 ? overS + 1 : 0;
      longestOverS = Math.max(longestOverS, overS);
      if (["a", "b", "c"].some((id) => rig.offeredA(id) < rig.limitA(id))) fellBackS++;
    },
    longestOverS: () => longestOverS,
    /** Seconds in which a charge point had run out of a limit that the controller thinks is in force. */
    fellBackS: () => fellBackS,
  };
}

/** What the books hold of each session against its EVSE's register, after all cars have gone. */
async function books(rig: SiteRig) {
  for (const id of ["a", "b", "c"]) await rig.unplug(id);
  await rig.run(3);
  return rig.controller.state().sessions.ended.map((session) => ({
    booked: session.quarterHours.reduce((sum, { energyWh }) => sum + energyWh, 0),
    measured: session.meterStopWh! - session.meterStartWh!,
  }));
}

async function expectBooksAreRight(rig: SiteRig): Promise<void> {
  const sessions = await books(rig);
  expect(sessions).toHaveLength(3);
  for (const { booked, measured } of sessions) expect(booked).toBe(measured);
}

describe("a clock that jumps while cars charge", () => {
  test.each([
    [
      "from 1970 to today, when the network comes",
      (rig: SiteRig) => rig.clock.stepWall(-rig.clock.wallMs()),
      undefined,
    ],
    ["an hour ahead", () => {}, HOUR_MS],
    ["an hour back", () => {}, -HOUR_MS],
    ["two days back", () => {}, -48 * HOUR_MS],
    ["some seconds back, over a quarter-hour", () => {}, -5_000],
  ])("%s: limits, fuse and books go on as if nothing was", async (_, before, stepMs) => {
    const { rig, look, longestOverS, fellBackS } = await chargingSite(before);
    rig.clock.trustWall(stepMs !== undefined);
    await rig.run(400, look);
    // Just after a quarter-hour has begun.
    await rig.run(Math.ceil((SLOT_MS - (rig.clock.wallMs() % SLOT_MS)) / 1000) + 2, look);
    const limits = ["a", "b", "c"].map((id) => rig.limitA(id));
    const interventions = rig.facts("guard-intervened").length;
    const facts = rig.ledger.facts.length;
    rig.clock.stepWall(stepMs ?? Date.UTC(2026, 5, 10, 12));
    rig.clock.trustWall(true);
    await rig.run(60, look);
    expect(["a", "b", "c"].map((id) => rig.limitA(id))).toEqual(limits);
    expect(rig.facts("guard-intervened")).toHaveLength(interventions);
    expect(rig.facts("clock-stepped").map(({ data }) => data.byMs)).toHaveLength(1);
    expect(rig.ledger.facts.length - facts).toBeLessThan(30);
    rig.load([0, 30, 0]);
    await rig.run(300, look);
    rig.load([0, 0, 0]);
    await rig.run(1_000, look);
    expect(longestOverS()).toBeLessThanOrEqual(4);
    expect(fellBackS()).toBe(0);
    await expectBooksAreRight(rig);
  });

  test("the quarter-hour of the jump is no whole one, and neither is any before the time was known", async () => {
    const { rig } = await chargingSite((site) => {
      site.clock.stepWall(-site.clock.wallMs());
      site.clock.trustWall(false);
    });
    await rig.run(2_000);
    rig.clock.stepWall(Date.UTC(2026, 5, 10, 12, 5));
    rig.clock.trustWall(true);
    await rig.run(3_000);
    const whole = rig.facts("quarter-hour-metered").filter(({ data }) => data.complete);
    expect(whole.length).toBeGreaterThan(0);
    expect(whole.filter(({ data }) => data.slotStartMs < Date.UTC(2026, 5, 10, 12, 15))).toEqual([]);
  });

  test("an hour back, after a wish was stated: it is planned once, not every few seconds until the hour has passed", async () => {
    const { rig } = await chargingSite();
    await rig.controller.record([
      {
        type: "wish-stated",
        source: "test",
        data: {
          evseId: "a",
          by: "test",
          energyWh: 5_000,
          departureMs: rig.clock.wallMs() + 5 * HOUR_MS,
          preference: "regular",
        },
      },
    ]);
    await rig.run(30);
    rig.clock.stepWall(-HOUR_MS);
    const before = rig.facts("plan-made").length;
    await rig.run(600);
    expect(rig.facts("plan-made").length - before).toBeLessThanOrEqual(4);
  });

  test("an hour back: a charge point that comes back, or restarts, gets its safe current as ever", async () => {
    const { rig } = await chargingSite();
    await rig.controller.handle({ type: "booted", chargePointId: "cp-a", vendor: "v", model: "m" });
    await rig.run(5);
    rig.clock.stepWall(-HOUR_MS);
    await rig.run(5);
    const installed = () =>
      rig.commands.filter(({ command }) => command.type === "install-safe-default" && command.chargePointId === "cp-a")
        .length;
    let before = installed();
    await rig.disconnect("a");
    await rig.run(5);
    await rig.connect("a");
    await rig.run(3);
    expect(installed()).toBe(before + 1);
    before = installed();
    await rig.controller.handle({ type: "booted", chargePointId: "cp-a", vendor: "v", model: "m" });
    await rig.run(3);
    expect(installed()).toBe(before + 1);
  });
});

describe("a controller that stands still", () => {
  test.each([
    [5, 16],
    [60, 11],
  ])("for %i s: limits go on meanwhile, at %i A at least, and right afterwards it protects and renews", async (seconds, leastA) => {
    const { rig, look, longestOverS } = await chargingSite();
    let lowestA = Number.POSITIVE_INFINITY;
    await rig.standStill(seconds, () => {
      look();
      lowestA = Math.min(lowestA, ...["a", "b", "c"].map((id) => rig.offeredA(id)));
    });
    expect(lowestA).toBe(leastA);
    rig.load([0, 30, 0]);
    const before = rig.commands.length;
    await rig.run(1);
    expect(rig.commands.slice(before).some(({ command }) => command.type === "set-limit")).toBe(true);
    await rig.run(120, look);
    expect(longestOverS()).toBeLessThanOrEqual(4);
    await expectBooksAreRight(rig);
  });

  test("for longer than a lease: every charge point is at its safe current by itself, and power comes back afterwards", async () => {
    const { rig, look, longestOverS } = await chargingSite();
    rig.load([0, 20, 0]);
    await rig.standStill(400, look);
    for (const id of ["a", "b", "c"]) expect(rig.offeredA(id)).toBe(6);
    rig.load([0, 0, 0]);
    await rig.run(300, look);
    expect(["a", "b", "c"].map((id) => rig.offeredA(id))).toEqual([16, 16, 16]);
    expect(longestOverS()).toBeLessThanOrEqual(300);
    await expectBooksAreRight(rig);
  });
});
