import { expect, it } from "vitest";
import { planRamp, planSlot } from "./en-plan.ts";

it("says of a limited ramp how much the import may change, and what of it is left", () => {
  const reason = { kind: "ramp", limitW: 9_000, roomW: 2_400 } as const;
  expect(planSlot({ powerW: 0, minPowerW: 4_140, reason })).toBe(
    "does not charge: the limit of 9.0 kW by which the import may change has room for 2.4 kW left, it needs 4.1 kW",
  );
  expect(planSlot({ powerW: 5_000, minPowerW: 4_140, reason: { ...reason, roomW: 0 } })).toBe(
    "charges with 5.0 kW: the limit of 9.0 kW by which the import may change has no room left",
  );
});

it("says by how much a plan goes beyond a limited ramp, and what for", () => {
  expect(planRamp({ limitW: 9_000, quarterHours: 3, worstW: 1_240, at: "18:00" })).toBe(
    "The import changes in 3 quarter-hours by more than the 9.0 kW that are allowed, most at 18:00 by 1.2 kW too much: what drivers need goes first.",
  );
  expect(planRamp({ limitW: 9_000, quarterHours: 1, worstW: 1_240, at: "18:00" })).toContain(
    "changes once by more than the 9.0 kW that are allowed, at 18:00 by 1.2 kW",
  );
});

it("does not call the power of a slow car all that a car takes which has not shown more yet", () => {
  expect(planSlot({ powerW: 4_140, minPowerW: 4_140, reason: { kind: "believed" } })).toBe(
    "charges with 4.1 kW: all that the car is believed to take, until it shows more",
  );
});

it("says of a cheaper hour that a car leaves to others for whom it leaves it", () => {
  const slot = { powerW: 0, minPowerW: 4_140, reason: { kind: "wanted", eurPerKwh: 0.2 } } as const;
  expect(planSlot(slot)).toBe("has charged by then: cars that come later probably want the room");
  expect(planSlot({ ...slot, next: { at: "18:00", cheaperEurPerKwh: -0.1 } })).toBe(
    "waits for 18:00: cars that come later probably want the room",
  );
});

it("says of a car that gives energy back what that is worth, and when it charges again", () => {
  const slot = { powerW: 0, minPowerW: 4_140, reason: { kind: "gives", givesW: 6_000, eurPerKwh: 0.6 } } as const;
  expect(planSlot(slot)).toBe("gives back 6.0 kW, worth 60.0 ct a kWh");
  expect(planSlot({ ...slot, next: { at: "22:00", cheaperEurPerKwh: 0.5 } })).toBe(
    "gives back 6.0 kW, worth 60.0 ct a kWh; charges again at 22:00, 50.0 ct cheaper",
  );
});
