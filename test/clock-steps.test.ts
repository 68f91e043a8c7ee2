/** What was said to last for a time lasts that long, whatever our own clock does meanwhile. */
import { describe, expect, test } from "vitest";
import type { SiteDraft } from "../src/core/facts/index.ts";
import { SLOT_MS, slotStartMs } from "../src/core/time/slots.ts";
import { driverView } from "../src/core/view/driver.ts";
import { SiteRig } from "./site-rig.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const FIFTY_YEARS_MS = 50 * 365 * 24 * HOUR_MS;
const STEPS = [
  ["an hour ahead", HOUR_MS],
  ["an hour back", -HOUR_MS],
  ["50 years ahead", FIFTY_YEARS_MS],
  ["50 years back", -FIFTY_YEARS_MS],
] as const;

type Stated = (rig: SiteRig) => SiteDraft;
const forHalfAnHour = (rig: SiteRig) => ({ startMs: rig.clock.wallMs(), endMs: rig.clock.wallMs() + 30 * MINUTE_MS });
const budget: Stated = (rig) => {
  const slots = [{ ...forHalfAnHour(rig), powerW: 9_000 }];
  return { type: "budget-received", source: "bems", data: { by: "bems", slots } };
};
const profile: Stated = (rig) => {
  const { transactionId } = Object.values(rig.controller.state().sessions.open)[0]!;
  const ceiling = { unit: "W" as const, ...forHalfAnHour(rig), periods: [{ offsetS: 0, limit: 9_000 }] };
  const data = { partnerId: "p", transactionId, evseId: "a", ceiling };
  return { type: "charging-profile-received", source: "partner:p", data };
};
const place: Stated = (rig) => {
  const { startMs, endMs } = forHalfAnHour(rig);
  const context = { contextId: "c", partnerId: "p", eurPerKwh: [], limitW: [{ startMs, endMs, value: 11_000 }] };
  return { type: "optimisation-context-received", source: "partner:p", data: context };
};
const evse: Stated = (rig) => {
  const evses = [{ evseId: "a", limitW: 9_000, untilMs: forHalfAnHour(rig).endMs }];
  const context = { contextId: "c", partnerId: "p", eurPerKwh: [], limitW: [], evses };
  return { type: "optimisation-context-received", source: "partner:p", data: context };
};
const LIMITS = [
  ["a budget", budget],
  ["a partner's profile", profile],
  ["a partner's limit of the site", place],
  ["a partner's limit of an EVSE", evse],
] as const;

/** A car that charges with 11 kW until noon the next day, as its driver asked; a building of 1.15 kW on each phase. */
async function charging(): Promise<SiteRig> {
  const rig = new SiteRig({ stalls: [{ id: "a" }] });
  await rig.connectAll();
  await rig.run(10);
  await rig.plugIn("a", { override: false });
  await rig.controller.record([
    {
      type: "wish-stated",
      source: "test",
      data: {
        evseId: "a",
        by: "test",
        energyWh: 60_000,
        departureMs: rig.clock.wallMs() + HOUR_MS,
        preference: "fast",
      },
    },
  ]);
  await rig.run(120);
  return rig;
}

const carW = (rig: SiteRig) => rig.wired.evseCurrentA("a").reduce((sum, currentA) => sum + currentA, 0) * 230;

async function mostW(rig: SiteRig, seconds: number): Promise<number> {
  let most = 0;
  await rig.run(seconds, () => {
    most = Math.max(most, carW(rig));
  });
  return most;
}

describe.each(LIMITS)("%s", (_, stated) => {
  test.each(STEPS)("lasts as long as it was to last when our clock jumps %s, and no longer", async (__, byMs) => {
    const rig = await charging();
    expect(carW(rig)).toBeGreaterThan(10_500);
    await rig.controller.record([stated(rig)]);
    await rig.run(60);
    rig.clock.stepWall(byMs);
    expect(await mostW(rig, 1_700)).toBeLessThanOrEqual(9_000);
    // A plan keeps it to the end of the quarter-hour.
    await rig.run(1_020);
    expect(await mostW(rig, 60)).toBeGreaterThan(10_000);
  });

  test("that is stated while our clock is not set holds until its hour when it is set", async () => {
    const rig = await charging();
    const stale = stated(rig);
    rig.clock.trustWall(false);
    rig.clock.stepWall(-50 * MINUTE_MS);
    await rig.run(60);
    await rig.controller.record([stale]);
    await rig.run(5);
    rig.clock.stepWall(50 * MINUTE_MS);
    rig.clock.trustWall(true);
    await rig.run(20);
    expect(await mostW(rig, 1_680)).toBeLessThanOrEqual(9_000);
    // A plan keeps it to the end of the quarter-hour.
    await rig.run(1_020);
    expect(await mostW(rig, 60)).toBeGreaterThan(10_000);
  });
});

test("a limit holds through the jump also while the disk hangs", async () => {
  const rig = await charging();
  await rig.controller.record([budget(rig)]);
  await rig.run(60);
  rig.ledger.hold();
  rig.clock.stepWall(HOUR_MS);
  expect(await mostW(rig, 60)).toBeLessThanOrEqual(9_000);
  rig.ledger.letGo();
  expect(await mostW(rig, 1_600)).toBeLessThanOrEqual(9_000);
});

describe.each(STEPS)("when our clock jumps %s", (_, byMs) => {
  test("the plan that is followed is one of the quarter-hours that are now", async () => {
    const rig = await charging();
    const before = rig.facts("plan-made").length;
    rig.clock.stepWall(byMs);
    await rig.run(10);
    const made = rig.facts("plan-made").slice(before);
    expect(made.length).toBeGreaterThan(0);
    expect(made.length).toBeLessThanOrEqual(3);
    expect(made.at(-1)!.data.input.startMs).toBe(slotStartMs(rig.clock.wallMs()));
    await rig.run(2 * SLOT_MS * 0.001);
    expect(rig.facts("plan-made").at(-1)!.data.input.startMs).toBe(slotStartMs(rig.clock.wallMs()));
  });

  test("a car whose driver said nothing is expected to stay as long as before", async () => {
    const rig = new SiteRig({ stalls: [{ id: "a" }] });
    await rig.connectAll();
    await rig.run(10);
    await rig.plugIn("a", { override: false });
    await rig.run(600);
    const planned = () => rig.facts("plan-made").at(-1)!.data.input.evses[0]!;
    const before = planned();
    rig.clock.stepWall(byMs);
    await rig.run(20);
    expect(planned().departureMs - rig.clock.wallMs()).toBeGreaterThan(HOUR_MS - MINUTE_MS);
    expect(planned().departureMs - rig.clock.wallMs()).toBeLessThanOrEqual(25 * HOUR_MS);
    expect(planned().leftBy![0]).toBeLessThan(0.1);
    expect(Math.abs(planned().leftBy!.length - before.leftBy!.length)).toBeLessThanOrEqual(1);
  });

  test("a car is ready no later than its driver said, before the jump", async () => {
    const rig = await charging();
    rig.clock.stepWall(byMs);
    await rig.run(20);
    expect(driverView(rig.controller.live(), rig.controller.state(), "a")!.planned).toBe(true);
    const { departureMs } = rig.facts("plan-made").at(-1)!.data.input.evses[0]!;
    // Of one that should have left the hour that comes counts.
    expect(departureMs - rig.clock.wallMs()).toBeLessThanOrEqual(HOUR_MS);
  });

  test("its energy stays in the books, and what is asked for afterwards is delivered on top", async () => {
    const rig = await charging();
    await rig.run(3_000);
    const [session] = Object.values(rig.controller.state().sessions.open);
    const deliveredWh = Math.round(rig.wired.registerWh("a")) - session!.meterStartWh!;
    expect(deliveredWh).toBeGreaterThan(8_000);
    rig.clock.stepWall(byMs);
    await rig.run(30);
    // One sample may come before the jump is seen.
    expect(rig.facts("message-violated").length).toBeLessThanOrEqual(1);
    expect(rig.controller.live().evses[0]!.energyWh).toBeGreaterThanOrEqual(deliveredWh);
    await rig.controller.record([
      {
        type: "wish-stated",
        source: "test",
        data: { evseId: "a", by: "test", energyWh: 5_000, preference: "regular" },
      },
    ]);
    await rig.run(5);
    // The running quarter-hour is not in the books yet.
    const { askedWh } = rig.controller.live().evses[0]!;
    expect(driverView(rig.controller.live(), rig.controller.state(), "a")!.planned).toBe(true);
    expect(askedWh).toBeGreaterThanOrEqual(deliveredWh + 5_000 - 2_800);
    await rig.unplug("a");
    await rig.run(3);
    const [ended] = rig.controller.state().sessions.ended;
    expect(ended!.energyWh).toBe(ended!.meterStopWh! - ended!.meterStartWh!);
    for (const { stayMs } of rig.controller.state().stays.ended)
      expect(Math.abs(stayMs - 3_155_000)).toBeLessThan(MINUTE_MS);
  });
});

test("a reservation is kept as long as it was to be kept when our clock goes back by 50 years", async () => {
  const rig = await charging();
  const expiresAtMs = rig.clock.wallMs() + HOUR_MS;
  const known = () => Object.values(rig.controller.state().upstream.reservations)[0]!;
  await rig.controller.record([
    {
      type: "reservation-made",
      source: "partner:p",
      data: { partnerId: "p", reservationId: "r", chargePointReservationId: 1, evseId: "a", token: "t", expiresAtMs },
    },
  ]);
  rig.clock.stepWall(-FIFTY_YEARS_MS);
  await rig.run(5);
  expect(known().expiresAtMs - rig.clock.wallMs()).toBeLessThanOrEqual(HOUR_MS);
});
