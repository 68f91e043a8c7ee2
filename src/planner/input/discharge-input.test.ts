import { expect, it } from "vitest";
import type { EvseModel } from "../../core/site/site-model.ts";
import type { Session } from "../../core/state/sessions.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import { netDeliveredWh, planDischarge } from "./discharge-input.ts";

const discharge = {
  by: "negative-limit" as const,
  maxPowerW: 10_000,
  capacityWh: 60_000,
  minSocPercent: 40,
  efficiencyPercent: 81,
  wearEurPerKwh: 0.05,
};
const evse = { id: "van", discharge, phases: [0, 1, 2] } as unknown as EvseModel;
const { discharge: _, ...plain } = evse;
const session = { energyWh: 5_000, dischargedWh: 1_620, exportRegisterWh: 9_000 } as Session;

it("a car is emptied to its reserve by its charge, else no further than it was charged here", () => {
  const of = (socPercent: number | undefined, netWh: number, allowed?: boolean) =>
    planDischarge(evse, { socPercent, netWh, allowed, voltageV: 230 }).discharge;
  // 12 kWh in the battery are 12 / 0.9 kWh as charged at the EVSE.
  expect(of(60, 0)).toMatchObject({ belowWh: 13_333, aboveWh: 26_666, efficiency: 0.9, maxPowerW: 10_000 });
  expect(of(30, 0)?.belowWh).toBe(0);
  expect(of(undefined, 4_000.5)?.belowWh).toBe(4_000);
  expect(of(undefined, -1)?.belowWh).toBe(0);
  expect(of(60, 0, false)).toBeUndefined();
  expect(planDischarge(plain, { socPercent: 60, netWh: 0, allowed: true, voltageV: 230 })).toEqual({});
});

it("what was given back has to be charged again, with its losses, before a need is met", () => {
  const reading = { evseId: "van", atMonoMs: 0, exportWh: 9_810 };
  expect(netDeliveredWh(evse, session, { reading, deliveredWh: 8_000 })).toBeCloseTo(8_000 - (1_620 + 810) / 0.81, 6);
  expect(netDeliveredWh(evse, session, { reading: undefined, deliveredWh: undefined })).toBeCloseTo(3_000, 6);
  expect(netDeliveredWh(plain, session, { reading, deliveredWh: 8_000 })).toBe(8_000);
});

it("what was given back before a driver says what the car is to get is no part of that", () => {
  const at = (index: number) => index * SLOT_MS;
  const quarterHours = [1_620, 810].map((dischargedWh, index) => ({
    slotStartMs: at(index),
    energyWh: 0,
    dischargedWh,
  }));
  const gave = { energyWh: 5_000, dischargedWh: 2_430, quarterHours } as unknown as Session;
  const net = (sinceMs?: number) => netDeliveredWh(evse, gave, { reading: undefined, deliveredWh: undefined, sinceMs });
  expect(net()).toBeCloseTo(5_000 - 2_430 / 0.81, 6);
  expect(net(at(1))).toBeCloseTo(5_000 - 810 / 0.81, 6);
  // In doubt the driver gets more: the quarter-hour in which it was said counts as after it.
  expect(net(at(2) - 1)).toBeCloseTo(5_000 - 810 / 0.81, 6);
  expect(net(at(2))).toBe(5_000);
});
