import { describe, expect, it } from "vitest";
import fc from "../../test/fast-check.ts";
import type { LimitSchedule } from "../core/charge-point-input.ts";
import { callsOf } from "./outbound.ts";
import { limitProfile, type Profile, type ProfileStyle, safeProfile } from "./profile.ts";
import type { Quirk } from "./quirks.ts";
import { problemOf } from "./schemas.ts";

const START_MS = Date.UTC(2026, 0, 5, 12);
const style = (rateUnit: "A" | "W", more: Partial<ProfileStyle> = {}): ProfileStyle => ({
  rateUnit,
  quirks: new Set<Quirk>(),
  ...more,
});

/** What a charge point that follows the specification would allow, A per phase; `undefined` once the profile ended. */
function allowedA(profile: Profile, atMs: number, voltageV: number): number | undefined {
  const { startSchedule, duration, chargingRateUnit, chargingSchedulePeriod } = profile.schedule;
  const second = (atMs - Date.parse(startSchedule!)) / 1000;
  if (second < 0 || (duration !== undefined && second >= duration)) return undefined;
  let found = chargingSchedulePeriod[0]!;
  for (const period of chargingSchedulePeriod) if (period.startPeriod <= second) found = period;
  return chargingRateUnit === "A" ? found.limit : found.limit / (found.numberPhases! * voltageV);
}

const schedules: fc.Arbitrary<LimitSchedule> = fc
  .record({
    steps: fc.array(fc.record({ lastsS: fc.integer({ min: 1, max: 900 }), deciA: fc.integer({ min: 0, max: 320 }) }), {
      minLength: 1,
      maxLength: 6,
    }),
    phases: fc.constantFrom(1, 3),
    voltageV: fc.constantFrom(208, 230),
    transactionId: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
  })
  .map(({ steps, phases, voltageV, transactionId }) => {
    let offsetS = 0;
    const periods = steps.map(({ lastsS, deciA }) => {
      const period = { offsetS, currentA: deciA / 10 };
      offsetS += lastsS;
      return period;
    });
    periods.push({ offsetS, currentA: 6 });
    const base = { startMs: START_MS, periods, durationS: offsetS + 60, phases, voltageV };
    return transactionId === undefined ? base : { ...base, transactionId };
  });

const evenSchedule: LimitSchedule = {
  startMs: START_MS,
  periods: [
    { offsetS: 0, currentA: 6 },
    { offsetS: 1, currentA: 6 },
  ],
  durationS: 61,
  phases: 1,
  voltageV: 208,
};

function wishedA(limit: LimitSchedule, second: number): number {
  return limit.periods.findLast((period) => period.offsetS <= second)!.currentA;
}

describe("a limit on the wire", () => {
  it("allows at every second what was wished, never more, and ends", () => {
    fc.assert(
      fc.property(schedules, fc.constantFrom("A" as const, "W" as const), (limit, unit) => {
        const profile = limitProfile(1, limit, style(unit));
        for (let second = 0; second < limit.durationS; second += 7) {
          const got = allowedA(profile, START_MS + second * 1000, limit.voltageV)!;
          const wish = wishedA(limit, second);
          expect(got).toBeLessThanOrEqual(wish + 1e-9);
          expect(got).toBeGreaterThan(wish - (unit === "A" ? 1e-6 : 0.01));
        }
        expect(allowedA(profile, START_MS + limit.durationS * 1000, limit.voltageV)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  it("fits the schema of both versions and the periods that the charger can hold, and ends in the safe current", () => {
    fc.assert(
      fc.property(schedules, fc.integer({ min: 2, max: 4 }), (schedule, maxPeriods) => {
        const command = { type: "set-limit", chargePointId: "cp", evseId: "e", connector: 1, schedule } as const;
        for (const version of ["1.6", "2.0.1"] as const) {
          const [call] = callsOf(version, command, { nowMs: START_MS, style: style("A", { maxPeriods }) });
          expect(problemOf(version, call!.action, "request", call!.payload)).toBeUndefined();
        }
        const { chargingSchedulePeriod } = limitProfile(1, schedule, style("A", { maxPeriods })).schedule;
        expect(chargingSchedulePeriod.length).toBeLessThanOrEqual(maxPeriods);
        expect(chargingSchedulePeriod.at(-1)!.limit).toBe(6);
      }),
      { numRuns: 60 },
    );
  });

  it("goes halfway to the safe current where the charger takes so many periods, and else is as it would be without", () => {
    fc.assert(
      fc.property(
        schedules,
        fc.record({ offsetS: fc.integer({ min: 1, max: 2000 }), currentA: fc.constantFrom(6, 10, 19) }),
        fc.constantFrom(undefined, 1, 2, 3, 4, 8),
        (schedule, halfway, maxPeriods) => {
          const limit = { ...schedule, halfway };
          const own = style("A", maxPeriods === undefined ? {} : { maxPeriods });
          const profile = limitProfile(1, limit, own);
          const plain = limitProfile(1, schedule, own);
          const { chargingSchedulePeriod } = profile.schedule;
          if (maxPeriods !== undefined) expect(chargingSchedulePeriod.length).toBeLessThanOrEqual(maxPeriods);
          expect(chargingSchedulePeriod.map(({ startPeriod }) => startPeriod)).toEqual(
            [...new Set(chargingSchedulePeriod.map(({ startPeriod }) => startPeriod))].sort((a, b) => a - b),
          );
          const eased = (second: number) =>
            Math.min(
              wishedA(schedule, second),
              second >= halfway.offsetS ? halfway.currentA : Number.POSITIVE_INFINITY,
            );
          if (maxPeriods === undefined) expect(profile).toEqual(plain);
          const fits = maxPeriods !== undefined && maxPeriods > schedule.periods.length;
          if (!fits && JSON.stringify(profile) === JSON.stringify(plain)) return;
          for (let second = 0; second < limit.durationS; second += 7)
            expect(allowedA(profile, START_MS + second * 1000, limit.voltageV)).toBeCloseTo(eased(second), 6);
        },
      ),
      {
        numRuns: 300,
        // All periods become one: it lasts as long as they all.
        examples: [[evenSchedule, { offsetS: 1, currentA: 6 }, 4]],
      },
    );
  });

  it("stays in its safe last period where the charger has one stack level only", () => {
    const limit = fc.sample(
      schedules.filter((schedule) => schedule.transactionId === undefined),
      1,
    )[0]!;
    const profile = limitProfile(1, limit, style("A", { quirks: new Set<Quirk>(["stack-level-zero"]) }));
    expect(profile.stackLevel).toBe(0);
    expect(allowedA(profile, START_MS + 86_400_000, limit.voltageV)).toBe(6);
  });

  it("is over when it was to be, whatever the charger takes: one period, one stack level, no TxProfile", () => {
    const kinds = fc.record({
      quirks: fc.subarray<Quirk>(["stack-level-zero", "tx-default-only", "no-zero-current", "no-number-phases"]),
      maxPeriods: fc.constantFrom(undefined, 1, 2, 3),
      maxStackLevel: fc.constantFrom(undefined, 0, 1),
    });
    fc.assert(
      fc.property(schedules, kinds, (limit, { quirks, maxPeriods, maxStackLevel }) => {
        const own = style("A", {
          quirks: new Set(quirks),
          ...(maxPeriods === undefined ? {} : { maxPeriods }),
          ...(maxStackLevel === undefined ? {} : { maxStackLevel }),
        });
        const profile = limitProfile(1, limit, own);
        for (const afterS of [limit.durationS, 86_400])
          expect(allowedA(profile, START_MS + afterS * 1000, limit.voltageV) ?? 6).toBeLessThanOrEqual(6);
      }),
      { numRuns: 300 },
    );
  });

  it("of a charger that takes Relative profiles only ends by its validTo, and what remains is the safe default", () => {
    fc.assert(
      fc.property(schedules, fc.constantFrom(0, 600_000, -3_600_000), (limit, clockLagMs) => {
        const own = style("A", { quirks: new Set<Quirk>(["relative-profiles"]), clockLagMs });
        const profile = limitProfile(1, limit, own);
        expect(profile).toMatchObject({ kind: "Relative", purpose: "TxDefaultProfile", stackLevel: 1 });
        expect(profile.schedule.chargingSchedulePeriod).toHaveLength(1);
        const endS = (Date.parse(profile.validTo!) + clockLagMs - START_MS) / 1000;
        for (let second = 0; second < endS; second += 7)
          expect(profile.schedule.chargingSchedulePeriod[0]!.limit).toBeCloseTo(wishedA(limit, second), 0.1);
        expect(endS).toBeLessThan(limit.durationS);
        const safe = safeProfile(1, { currentA: 6, phases: 3, voltageV: 230, nowMs: START_MS }, own);
        expect(safe).toMatchObject({ kind: "Relative", stackLevel: 0 });
        expect(safe).not.toHaveProperty("validTo");
        const command = { type: "set-limit", chargePointId: "cp", evseId: "e", connector: 1, schedule: limit } as const;
        for (const version of ["1.6", "2.0.1"] as const) {
          const [call] = callsOf(version, command, { nowMs: START_MS, style: own });
          expect(problemOf(version, call!.action, "request", call!.payload)).toBeUndefined();
          expect(JSON.stringify(call!.payload)).toContain(profile.validTo);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("of a charger that takes Relative profiles and has one stack level never is above the safe current", () => {
    fc.assert(
      fc.property(schedules, (limit) => {
        const own = style("A", { quirks: new Set<Quirk>(["relative-profiles"]), maxStackLevel: 0 });
        const profile = limitProfile(1, limit, own);
        expect(profile).not.toHaveProperty("validTo");
        expect(profile.schedule.chargingSchedulePeriod[0]!.limit).toBeLessThanOrEqual(6);
      }),
    );
  });
});

describe("a reservation", () => {
  it.each([
    ["1.6", "expiryDate"],
    ["2.0.1", "expiryDateTime"],
  ] as const)("of OCPP %s ends in the charger's own time", (version, field) => {
    const command = {
      type: "reserve",
      ...{ chargePointId: "cp", connector: 1, reservationId: 7, token: "CAFE" },
      expiresAtMs: START_MS,
    } as const;
    const [call] = callsOf(version, command, { nowMs: START_MS, style: style("A", { clockLagMs: 600_000 }) });
    expect(problemOf(version, call!.action, "request", call!.payload)).toBeUndefined();
    expect(Date.parse(String(call!.payload[field]))).toBe(START_MS - 600_000);
  });
});
