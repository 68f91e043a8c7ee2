/** A limit from the core as a station executes it that keeps profiles as OCPP 1.6 and 2.0.1 say. */
import { describe, expect, test } from "vitest";
import type { LimitSchedule } from "../src/core/charge-point-input.ts";
import { callsOf } from "../src/ocpp/outbound.ts";
import type { Quirk } from "../src/ocpp/quirks.ts";
import {
  effectiveLimitA,
  effectivePhases,
  type StoredProfile,
  storedProfile,
  type WireProfile,
} from "../src/sim/models/profile-stack.ts";

const START_MS = Date.UTC(2026, 0, 5, 12);
const AT = { chargePointId: "cp", evseId: "a", connector: 1 } as const;
const VOLTAGE_V = 230;

/** A station after its safe default of 6 A and this limit: what it offers so many seconds after the start, A. */
function offeredBy(version: "1.6" | "2.0.1", schedule: LimitSchedule, maxPeriods: number | undefined) {
  const style = {
    rateUnit: "A" as const,
    quirks: new Set<Quirk>(),
    ...(maxPeriods === undefined ? {} : { maxPeriods }),
  };
  const commands = [
    { type: "install-safe-default", ...AT, currentA: 6, phases: 3, voltageV: VOLTAGE_V },
    { type: "set-limit", ...AT, schedule },
  ] as const;
  const profiles: StoredProfile[] = [];
  for (const command of commands)
    for (const { payload } of callsOf(version, command, { nowMs: START_MS, style })) {
      const wire = (payload.csChargingProfiles ?? payload.chargingProfile) as WireProfile | undefined;
      const stored = wire && storedProfile(wire, VOLTAGE_V);
      if (stored) profiles.push(stored);
    }
  const at = (second: number) => ({
    nowMs: START_MS + second * 1000,
    transaction: version === "1.6" ? "7" : "own",
    maxA: 32,
  });
  return Object.assign((second: number) => effectiveLimitA(profiles, at(second)), {
    phases: (second: number) => effectivePhases(profiles, at(second)),
  });
}

describe.each(["1.6", "2.0.1"] as const)("an OCPP %s station that hears nothing more", (version) => {
  const schedule: LimitSchedule = {
    ...(version === "1.6" ? { transactionId: 7 } : { transactionId: 7, remoteId: "own" }),
    startMs: START_MS,
    periods: [
      { offsetS: 0, currentA: 32 },
      { offsetS: 180, currentA: 6 },
    ],
    halfway: { offsetS: 105, currentA: 19 },
    durationS: 3780,
    phases: 3,
    voltageV: VOLTAGE_V,
  };
  const seconds = [1, 104, 106, 179, 181, 3779, 3781, 86_400];

  test.each([3, 24])("offers half of the way, then its safe current, when it takes %s periods", (maxPeriods) => {
    expect(seconds.map(offeredBy(version, schedule, maxPeriods))).toEqual([32, 32, 19, 19, 6, 6, 6, 6]);
  });

  test.each([
    2, 24,
  ])("that was told one phase gives all of them with its safe current, when it takes %s periods", (most) => {
    const [first, last] = schedule.periods;
    const onOne = { ...schedule, periods: [{ ...first!, phases: 1 }, last!] };
    const offered = offeredBy(version, onOne, most);
    expect(seconds.map((second) => offered.phases(second))).toEqual(seconds.map((second) => (second < 180 ? 1 : 3)));
    expect(offered(1)).toBe(32);
  });

  test.each([2, undefined])("keeps its limit until that ends when it takes %s periods", (maxPeriods) => {
    expect(seconds.map(offeredBy(version, schedule, maxPeriods))).toEqual([32, 32, 32, 32, 6, 6, 6, 6]);
  });
});
