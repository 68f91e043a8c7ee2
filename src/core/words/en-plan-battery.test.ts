import { expect, it } from "vitest";
import { type BatteryWords, planBatterySlot } from "./en-plan-battery.ts";

const later = { otherAt: "19:00" };

it.each<[BatteryWords, string]>([
  [
    { powerW: 0, reason: { kind: "kept", otherEurPerKwh: 0.4, changesAtEurPerKwh: 0.382 }, ...later },
    "holds: its energy is kept for 19:00, when a kWh is worth 40.0 ct; it would give above 38.2 ct",
  ],
  [
    { powerW: 0, reason: { kind: "kept", otherEurPerKwh: 0.2 }, otherAt: "Tue 06:00", isEnd: true },
    "holds: its energy is kept for after Tue 06:00",
  ],
  [
    { powerW: 0, reason: { kind: "replace", otherEurPerKwh: 0.27, changesAtEurPerKwh: 0.31 }, ...later },
    "holds: what it gave would have to be bought again at 19:00 for 27.0 ct, which with losses and wear does not pay; it would give above 31.0 ct",
  ],
  [
    { powerW: 0, reason: { kind: "kept", otherEurPerKwh: 0.3, otherPeak: "month" }, ...later },
    "holds: its energy is kept for 19:00, to keep the month's peak from rising (month)",
  ],
  [{ powerW: 0, reason: { kind: "empty" } }, "holds: it has nothing above its reserve"],
  [
    { powerW: 0, reason: { kind: "circuit", circuitId: "grid", phase: 0, limitW: 14_490 } },
    "holds: it would charge, but the building fuse L1 has no room left",
  ],
  [
    { powerW: 0, reason: { kind: "given", otherEurPerKwh: 0.3 }, otherAt: "06:00" },
    "holds: its energy is given at 06:00, for as much or more",
  ],
  [{ powerW: 0, reason: { kind: "full" }, isFull: true, fullAt: "12:15" }, "holds: it is full"],
  [{ powerW: 0, reason: { kind: "full" }, fullAt: "12:15" }, "holds: it will be full at 12:15 anyway"],
  [
    { powerW: 2_000, reason: { kind: "sun", otherEurPerKwh: 0.4 }, ...later },
    "charges with 2.0 kW of the sun, for 19:00, when a kWh is worth 40.0 ct: all that the sun leaves, buying does not pay",
  ],
  [
    {
      ...{ powerW: 3_000, ...later },
      reason: { kind: "import", limitW: 5_500, fromGrid: true, eurPerKwh: 0.1, otherEurPerKwh: 0.4 },
    },
    "charges with 3.0 kW, bought at 10.0 ct, for 19:00, when a kWh is worth 40.0 ct: the import limit of 5.5 kW has no room left",
  ],
  [
    { powerW: -1_500, reason: { kind: "covered", changesAtEurPerKwh: 0.301 }, otherAt: "02:00" },
    "gives 1.5 kW: all that is taken here; charges again at 02:00; it would give less below 30.1 ct",
  ],
  [
    { powerW: -1_500, reason: { kind: "covered", peak: "month" } },
    "gives 1.5 kW, and keeps the month's peak from rising (month): all that is taken here",
  ],
  [
    { powerW: -1_500, reason: { kind: "kept", otherEurPerKwh: 0.4 }, ...later },
    "gives 1.5 kW: the rest is kept for 19:00, when a kWh is worth 40.0 ct",
  ],
])("of a battery an owner is told what it does, for what, and what would change it: %#", (slot, text) => {
  expect(planBatterySlot(slot)).toBe(text);
});
