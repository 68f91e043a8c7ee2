import { describe, expect, it } from "vitest";
import type { SiteDraft } from "../../core/facts/index.ts";
import type { ProcessImage } from "../../core/image.ts";
import { Books, chargePoint, homeConfiguration, NOON_MS } from "../../core/site/site.test-kit.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import { buildPlanInput } from "./input.ts";
import { firstUnsoundInput, mostPowerW } from "./limits.ts";

const HOUR_MS = 3_600_000;

function announce(books: Books, part: { visitId?: string; evseId?: string; token?: string; arrivalMs?: number } = {}) {
  const data = {
    visitId: "anna",
    evseId: "a-evse",
    arrivalMs: NOON_MS + 130 * 60_000,
    departureMs: NOON_MS + 6 * HOUR_MS,
    energyWh: 9_000,
    by: "test",
    ...part,
  };
  books.record([{ type: "visit-announced", source: "test", data }]);
}

/** A car at the first place that has drawn 16 A for a while, whose driver wants to leave at five. */
function withCar(books: Books): void {
  const who = { transactionId: 7, chargePointId: "a", evseId: "a-evse", connectorId: 1 };
  const began = { ...who, atMs: NOON_MS, replayed: false, meterStartWh: 0 };
  const wish = { evseId: "a-evse", energyWh: 30_000, departureMs: NOON_MS + 3 * HOUR_MS, by: "driver" };
  books.record([
    { type: "transaction-started", source: "test", data: began } as SiteDraft,
    { type: "wish-stated", source: "test", data: wish },
  ]);
}

function planOf(books: Books, slots = 96) {
  const image = {
    nowMs: books.nowMs,
    monoMs: 0,
    wallTrusted: true,
    meters: new Map(),
    pvs: new Map(),
    batteries: new Map(),
    evses: new Map([
      ["a-evse", { atMonoMs: 0, powerW: 11_000, currentA: [16, 16, 16], energyWh: 2_000, socPercent: 40 }],
    ]),
  } as unknown as ProcessImage;
  const { site, state, nowMs } = books;
  const prices = { importEurPerKwh: () => 0.3, exportEurPerKwh: () => 0.08 };
  return buildPlanInput({ site, state, image, nowMs, slots, ...prices });
}

function twoPlaces(): Books {
  return new Books(homeConfiguration({ chargePoints: [chargePoint("a"), chargePoint("b")] }));
}

describe("an announced visit in a plan", () => {
  it("is a car that takes nothing before the quarter-hour after it comes, and then what its place gives", () => {
    const books = twoPlaces();
    announce(books);
    const input = planOf(books);
    expect(firstUnsoundInput(input)).toBeUndefined();
    const [visit] = input.evses;
    expect(visit).toMatchObject({
      visitId: "anna",
      evseId: "a-evse",
      phases: [0, 1, 2],
      minPowerW: 4140,
      deliveredWh: 0,
      chargingNow: false,
      connectedSinceMs: NOON_MS + 130 * 60_000,
    });
    expect(visit!.transactionId).toBeLessThan(0);
    // Drivers ask for more than fits in.
    expect(visit!.energyNeededWh).toBeGreaterThan(6_000);
    expect(visit!.energyNeededWh).toBeLessThanOrEqual(9_000);
    // 14:10 is in the ninth quarter-hour.
    expect(visit!.ceilingW).toEqual(new Array(9).fill(0));
    expect(mostPowerW(visit!, 9)).toBe(visit!.maxPowerW);
    expect(visit!.departureMs).toBeLessThan(NOON_MS + 6 * HOUR_MS);
    expect(visit!.departureMs).toBeGreaterThan(NOON_MS + 5.5 * HOUR_MS);
    // It may leave earlier than said, but not before it has come.
    expect(visit!.leftBy!.slice(0, 8)).toEqual(new Array(8).fill(0));
    expect(visit!.leftBy!.at(-1)).toBeGreaterThan(0);
    expect(visit!.leftBy).toHaveLength(24);
  });

  it("comes after the car that stands there, of which it takes over nothing", () => {
    const books = twoPlaces();
    withCar(books);
    announce(books);
    const [car, visit] = planOf(books).evses;
    expect(car).toMatchObject({ transactionId: 7, chargingNow: true });
    expect(visit).toMatchObject({ visitId: "anna", deliveredWh: 0, chargingNow: false });
    expect(visit!.energyNeededWh).toBeLessThanOrEqual(9_000);
    expect(visit!.connectedSinceMs).toBe(NOON_MS + 3 * HOUR_MS);
    expect(visit!.ceilingW).toHaveLength(12);
  });

  it("that is late may come at any time, though not in the quarter-hour that runs", () => {
    const books = twoPlaces();
    announce(books, { arrivalMs: NOON_MS - HOUR_MS / 2 });
    const [visit] = planOf(books).evses;
    expect(visit!.ceilingW).toHaveLength(1);
  });

  it("of a stranger takes all that its place gives; of a driver who was here as much as his car took", () => {
    const books = twoPlaces();
    const who = { transactionId: 3, chargePointId: "a", evseId: "a-evse" };
    const began = { ...who, connectorId: 1, token: "ANNA", atMs: NOON_MS, replayed: false };
    const slot = { slotStartMs: NOON_MS, energyWh: 1_800, costEur: 0.5, maxPowerW: 3_700, limitedBySeconds: {} };
    books.record([{ type: "transaction-started", source: "test", data: began } as SiteDraft]);
    books.nowMs = NOON_MS + HOUR_MS / 2;
    books.record([
      { type: "transaction-metered", source: "test", data: { transactionId: 3, evseId: "a-evse", ...slot } },
      { type: "transaction-ended", source: "test", data: { ...who, atMs: books.nowMs, reason: "Local" } },
    ] as SiteDraft[]);
    // A booking system writes a card as it likes.
    announce(books, { token: "anna" });
    announce(books, { visitId: "ben", token: "BEN", evseId: "b-evse" });
    const [anna, ben] = planOf(books).evses;
    expect(anna).toMatchObject({ visitId: "anna", maxPowerW: 11_040, laterPowerW: 4_140 });
    expect(ben).toMatchObject({ visitId: "ben", maxPowerW: 11_040 });
    expect(ben).not.toHaveProperty("laterPowerW");
  });

  it("is none beyond the plan, and costs no yes-or-no", () => {
    const books = twoPlaces();
    withCar(books);
    const without = planOf(books, 16).binarySlots;
    announce(books, { evseId: "b-evse" });
    expect(planOf(books, 16)).toMatchObject({ binarySlots: without, evses: [{}, { visitId: "anna" }] });
    announce(books, { visitId: "late", evseId: "b-evse", arrivalMs: NOON_MS + 16 * SLOT_MS });
    expect(planOf(books, 16).evses).toHaveLength(2);
  });
});
