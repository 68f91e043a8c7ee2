import { expect, it } from "vitest";
import { sourcesOf, usesOf } from "./flow-parts.ts";

const watts = (parts: ReturnType<typeof usesOf>) => Object.fromEntries(parts.map(({ name, watts }) => [name, watts]));

it("shows what is unknown as that: cars of which one is not measured, and the building, are not at zero", () => {
  const flow = { gridW: 9_100, pvW: 16_700, batteryW: 0, batterySocPercent: 45 };
  expect(watts(sourcesOf(flow))).toEqual({ Sun: 16_700, Battery: 0, Grid: 9_100 });
  expect(watts(usesOf(flow))).toEqual({ Building: undefined, Cars: undefined, Battery: 0, Export: 0 });
});

it("shows neither import nor export while the meter is silent", () => {
  expect(watts([...sourcesOf({ evsesW: 4_000 }), ...usesOf({ evsesW: 4_000 })])).toEqual({
    Grid: undefined,
    Building: undefined,
    Cars: 4_000,
    Export: undefined,
  });
});

it("has cars that give back among the sources", () => {
  expect(watts(sourcesOf({ gridW: -1_000, evsesW: -3_000, buildingW: 2_000 }))).toEqual({ Cars: 3_000, Grid: 0 });
});
