/** What a partner is told of a quarter-hour of charging. */
import { expect, test } from "vitest";
import { periodObject } from "./session.ts";

const QUARTER_HOUR = { startMs: 0, endMs: 900_000, energyWh: 2_000, chargingMs: 900_000, parkingMs: 0 };
const volumes = (maxPowerW: number, inSession: boolean) => {
  const { dimensions } = periodObject({ ...QUARTER_HOUR, maxPowerW }, "standard", inSession) as {
    dimensions: { type: string; volume: number }[];
  };
  return Object.fromEntries(dimensions.map(({ type, volume }) => [type, volume]));
};

test("the greatest power is never below the average", () => {
  expect(volumes(11_040, true)).toEqual({ ENERGY: 2, TIME: 0.25, MAX_POWER: 11.04, POWER: 8 });
  // The meter of power and the register do not agree to the watt.
  expect(volumes(7_900, true)).toEqual({ ENERGY: 2, TIME: 0.25, MAX_POWER: 8, POWER: 8 });
});

test("the greatest power is left out where nobody was there to see it", () => {
  for (const inSession of [true, false]) {
    expect(volumes(4_140, inSession)).not.toHaveProperty("MAX_POWER");
    expect(volumes(0, inSession)).not.toHaveProperty("MAX_POWER");
  }
});
