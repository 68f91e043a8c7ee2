import { describe, expect, it } from "vitest";
import type { LimitSchedule } from "../core/charge-point-input.ts";
import { callsOf } from "./outbound.ts";
import { limitProfile, type ProfileStyle } from "./profile.ts";
import type { Quirk } from "./quirks.ts";
import { samplesOf } from "./sampled-values.ts";
import { problemOf } from "./schemas.ts";

const NOW_MS = Date.UTC(2026, 0, 5, 12);
const style = (rateUnit: "A" | "W"): ProfileStyle => ({ rateUnit, quirks: new Set<Quirk>() });
const schedule: LimitSchedule = {
  startMs: NOW_MS,
  periods: [
    { offsetS: 0, currentA: -10.4 },
    { offsetS: 180, currentA: 6 },
  ],
  durationS: 3780,
  phases: 3,
  voltageV: 230,
  transactionId: 7,
};

describe("a charge point that gives back", () => {
  it("is told by a negative limit, never more than was decided, that ends in the safe current", () => {
    const amperes = limitProfile(1, schedule, style("A")).schedule.chargingSchedulePeriod;
    expect(amperes.map(({ limit }) => limit)).toEqual([-10.4, 6]);
    const watts = limitProfile(1, schedule, style("W")).schedule.chargingSchedulePeriod;
    expect(watts.map(({ limit }) => limit)).toEqual([-7176, 4140]);
    for (const version of ["1.6", "2.0.1"] as const) {
      const command = { type: "set-limit", chargePointId: "cp", evseId: "e", connector: 1, schedule } as const;
      const context = { nowMs: NOW_MS, style: style("W") };
      for (const call of callsOf(version, command, context))
        expect(problemOf(version, call.action, "request", call.payload)).toBe(undefined);
    }
  });

  const told = (measurand: string, value: number, unit: string, phase?: string) => ({
    measurand,
    value: String(value),
    unit,
    ...(phase ? { phase } : {}),
  });
  const sampled = (values: object[]) =>
    samplesOf([{ timestamp: new Date(NOW_MS).toISOString(), sampledValue: values }], { nowMs: NOW_MS, lagMs: 0 }, 3)[0];

  it("tells what flows back by Export measurands: power and currents are negative, the registers apart", () => {
    const phases = ["L1", "L2", "L3"];
    expect(
      sampled([
        told("Power.Active.Import", 0, "W"),
        told("Power.Active.Export", 6.9, "kW"),
        ...phases.map((phase) => told("Current.Import", 0, "A", phase)),
        ...phases.map((phase) => told("Current.Export", 10, "A", phase)),
        told("Energy.Active.Import.Register", 40, "kWh"),
        told("Energy.Active.Export.Register", 5, "kWh"),
        told("SoC", 71, "Percent"),
      ]),
    ).toEqual({
      atMs: NOW_MS,
      powerW: -6900,
      currentA: [-10, -10, -10],
      energyWh: 40_000,
      exportWh: 5_000,
      socPercent: 71,
    });
  });

  it("that charges is read as ever, an export of zero beside it", () => {
    expect(sampled([told("Power.Active.Import", 3000, "W"), told("Power.Active.Export", 0, "W")])).toMatchObject({
      powerW: 3000,
    });
    expect(sampled([told("Power.Active.Export", 3000, "W")])).toEqual({ atMs: NOW_MS, powerW: -3000 });
  });
});
