import { describe, expect, test } from "vitest";
import fc from "../../../test/fast-check.ts";
import { ceilingA, ceilingSeriesW, limitAt, nextChangeMs, worthwhileA } from "./ceiling.ts";
import type { Ceiling, Profile } from "./profile.ts";

const START = Date.UTC(2026, 5, 10, 12);
const SLOT = 900_000;
const car = { voltageV: 230, phases: 3 };
const profile = (ceiling: Partial<Ceiling>, partnerId = "p"): Profile => ({
  partnerId,
  receivedMs: START,
  ceiling: { unit: "W", startMs: START, periods: [{ offsetS: 0, limit: 6_900 }], ...ceiling },
});

describe("a partner's ceiling", () => {
  test("holds from its start to its end, the last period goes on", () => {
    const { ceiling } = profile({
      endMs: START + 600_000,
      periods: [
        { offsetS: 0, limit: 5 },
        { offsetS: 60, limit: 7 },
      ],
    });
    expect([-1, 0, 59_999, 60_000, 599_999, 600_000].map((ms) => limitAt(ceiling, START + ms))).toEqual([
      undefined,
      5,
      5,
      7,
      7,
      undefined,
    ]);
    expect(nextChangeMs([profile({ endMs: START + 600_000 })], START)).toBe(START + 600_000);
    expect(nextChangeMs([profile({})], START)).toBeUndefined();
  });

  test("before its first period says nothing", () => {
    expect(limitAt(profile({ periods: [{ offsetS: 60, limit: 7 }] }).ceiling, START + 1)).toBeUndefined();
  });

  test("in W is shared by the phases in use, rounded down to a tenth", () => {
    expect(ceilingA([profile({})], START, car)).toEqual({ currentA: 10, partnerId: "p" });
    expect(ceilingA([profile({})], START, { ...car, phases: 1 })?.currentA).toBe(30);
    expect(ceilingA([profile({ periods: [{ offsetS: 0, limit: 7_000 }] })], START, car)?.currentA).toBe(10.1);
    expect(ceilingA([profile({ periods: [{ offsetS: 0, limit: -3_000 }] })], START, car)?.currentA).toBe(0);
  });

  test("of several the lowest holds, whatever their units", () => {
    const two = [profile({}), profile({ unit: "A", periods: [{ offsetS: 0, limit: 8 }] }, "q")];
    expect(ceilingA(two, START, car)).toEqual({ currentA: 8, partnerId: "q" });
  });

  test("a slot gets the mean of what is left of it", () => {
    const half = profile({ endMs: START + SLOT / 2 });
    const most = { ...car, mostW: 11_000 };
    expect(ceilingSeriesW([half], { startMs: START, nowMs: START, slots: 2 }, most)).toEqual([8_950, 11_000]);
    expect(ceilingSeriesW([half], { startMs: START, nowMs: START + SLOT / 2, slots: 1 }, most)).toEqual([11_000]);
  });

  test("never lets more through than it says, at any time, in either unit", () => {
    const periods = fc
      .array(
        fc.record({
          offsetS: fc.integer({ min: 0, max: 7_200 }),
          limit: fc.double({ min: -10, max: 22_000, noNaN: true }),
        }),
        {
          minLength: 1,
          maxLength: 6,
        },
      )
      .map((list) => list.sort((a, b) => a.offsetS - b.offsetS));
    fc.assert(
      fc.property(
        periods,
        fc.integer({ min: 0, max: 9_000 }),
        fc.integer({ min: 1, max: 3 }),
        (list, second, phases) => {
          const one = profile({ periods: list });
          const atMs = START + second * 1_000;
          const limitW = limitAt(one.ceiling, atMs);
          const got = ceilingA([one], atMs, { voltageV: 230, phases });
          expect(got === undefined).toBe(limitW === undefined);
          if (got && limitW !== undefined) expect(got.currentA * 230 * phases).toBeLessThanOrEqual(limitW + 1e-2);
        },
      ),
      { numRuns: 300 },
    );
  });
});

test("below the least rate that a partner knows of the car there is nothing, in the unit that it speaks", () => {
  const [inA, inW] = [
    profile({ unit: "A", minRate: 8.5, periods: [{ offsetS: 0, limit: 8 }] }),
    profile({ unit: "W", minRate: 6_900, periods: [{ offsetS: 0, limit: 9_000 }] }, "q"),
  ];
  expect(worthwhileA([inA], car)).toBe(8.5);
  expect(worthwhileA([inA, inW], car)).toBe(10);
  expect(worthwhileA([], car)).toBe(0);
  const slots = { startMs: START, nowMs: START, slots: 2 };
  expect(ceilingSeriesW([inA], slots, { ...car, mostW: 11_000 })).toEqual([0, 0]);
  expect(ceilingSeriesW([inW], slots, { ...car, mostW: 11_000 })[0]).toBeGreaterThan(8_900);
});
