import { expect, it } from "vitest";
import type { PlanBattery } from "../facts/plan-facts.ts";
import { endParts } from "./end-values.ts";

const store = { capacityWh: 10_000, minEnergyWh: 1000 } as PlanBattery;

it("a plan of before, with one worth for all that is left, is read as one part", () => {
  expect(endParts({ ...store, endValueEurPerKwh: 0.2 })).toEqual([{ energyWh: 9000, eurPerKwh: 0.2 }]);
  const endValues = [{ energyWh: 500, eurPerKwh: 0.4 }];
  expect(endParts({ ...store, endValueEurPerKwh: 0.2, endValues })).toEqual(endValues);
});
