import { describe, expect, it } from "vitest";
import fc from "../../../test/fast-check.ts";
import type { CapacityTariff } from "../site/site-capacity.ts";
import type { ImportsState } from "../state/imports.ts";
import { SLOT_MS } from "../time/slots.ts";
import { capacityEur, capacityValueKw, monthPeaks } from "./capacity.ts";
import { capacityBill } from "./capacity-bill.ts";

const START_MS = Date.UTC(2026, 5, 1);
const DAY_SLOTS = 96;
const at = { atMs: START_MS + 5 * DAY_SLOTS * SLOT_MS, timeZone: "UTC" };

function tariff(part: Partial<CapacityTariff> = {}): CapacityTariff {
  return {
    name: "peak",
    intervalMinutes: 15,
    peaks: 1,
    floorKw: 0,
    eurPerKwMonth: 4,
    steps: [],
    windows: [],
    otherwise: { weight: 1, contractedKw: 0 },
    ...part,
  };
}

/** Five days with a quarter-hour at noon of so many kW each, and today's first one. */
function imports(noonsKw: readonly number[], todayKw = 0): ImportsState {
  const energyWh = new Array<number>(5 * DAY_SLOTS).fill(100);
  for (const [day, kw] of noonsKw.entries()) energyWh[day * DAY_SLOTS + 48] = kw * 250;
  const today = todayKw > 0 ? [todayKw * 250] : [];
  return { firstMs: START_MS, energyWh: [...energyWh, ...today] };
}
const later = { ...at, atMs: at.atMs + SLOT_MS };

describe("the month's bill for power", () => {
  it("of one highest quarter-hour: free up to it, then a kW costs its price", () => {
    expect(capacityBill(tariff(), imports([3, 8, 5, 2, 1]), at)).toEqual({
      name: "peak",
      valueKw: 8,
      eur: 32,
      intervalMinutes: 15,
      floorKw: 0,
      highest: [{ date: "2026-06-02", kw: 8 }],
      freeKw: 8,
      nextKwEur: 4,
    });
  });

  it("below the floor is free up to the floor", () => {
    const bill = capacityBill(tariff({ floorKw: 2.5 }), imports([1, 1, 1, 1, 1]), at);
    expect(bill).toMatchObject({ valueKw: 2.5, eur: 10, freeKw: 2.5, nextKwEur: 4 });
  });

  it("of three days: the third highest may be made higher for a third of the price; today counts once", () => {
    const three = tariff({ peaks: 3 });
    const bill = capacityBill(three, imports([9, 6, 3, 1, 1]), at);
    expect(bill).toMatchObject({ valueKw: 6, eur: 24, freeKw: 3 });
    expect(bill.nextKwEur).toBeCloseTo(4 / 3, 2);
    expect(capacityBill(three, imports([9, 6, 3, 1, 1], 7), later)).toMatchObject({ freeKw: 7 });
  });

  it("of a step is free to its end, above the last to no end; the next kW costs the next step", () => {
    const steps = [
      { upToKw: 5, eurPerMonth: 18 },
      { upToKw: 10, eurPerMonth: 30 },
    ];
    const stepped = tariff({ eurPerKwMonth: 0, steps });
    expect(capacityBill(stepped, imports([3]), at)).toMatchObject({ valueKw: 3, eur: 18, freeKw: 5, nextKwEur: 12 });
    expect(capacityBill(stepped, imports([12]), at).freeKw).toBeUndefined();
  });

  it("by windows: what counts half may be twice as high, what is contracted is paid, what does not count is free", () => {
    const half = tariff({ windows: [{ from: "00:00", to: "06:00", weight: 0.5, contractedKw: 0 }] });
    expect(capacityBill(half, imports([8]), at)).toMatchObject({ freeKw: 16, nextKwEur: 2 });
    const block = tariff({ otherwise: { weight: 1, contractedKw: 50 } });
    expect(capacityBill(block, imports([8]), at)).toMatchObject({ valueKw: 0, eur: 0, freeKw: 50, nextKwEur: 4 });
    const none = tariff({ otherwise: { weight: 0, contractedKw: 0 } });
    expect(capacityBill(none, imports([8]), at).freeKw).toBeUndefined();
  });

  it("is what the month costs when that kW is drawn, whatever the tariff and the days", () => {
    const tariffs = fc.record({
      peaks: fc.integer({ min: 1, max: 4 }),
      floorKw: fc.integer({ min: 0, max: 4 }),
      eurPerKwMonth: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(tariffs, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 5, maxLength: 5 }), (part, noons) => {
        const own = tariff(part);
        const bill = capacityBill(own, imports(noons), at);
        const costEur = (kw: number) =>
          capacityEur(own, capacityValueKw(own, monthPeaks(own, imports(noons, kw), later.atMs, "UTC")));
        expect(costEur(bill.freeKw!)).toBeCloseTo(bill.eur, 1);
        expect(costEur(bill.freeKw! + 1) - bill.eur).toBeCloseTo(bill.nextKwEur!, 1);
      }),
      { numRuns: 100, seed: 2 },
    );
  });
});
