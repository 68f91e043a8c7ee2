import { describe } from "vitest";
import { capacity, itTells, timeOfUse } from "./check.test-kit.ts";

describe("prices that cannot be known, or not as they were meant", () => {
  itTells([
    [
      "day-ahead prices from nowhere",
      "error",
      "tariff.export",
      "need a source",
      (site) => {
        site.tariff.export = { kind: "day-ahead", fallbackEurPerKwh: 0.1, addEurPerKwh: 0, factor: 1 };
      },
    ],
    [
      "a tariff for power without a price",
      "warning",
      "tariff.capacity.0",
      "costs nothing",
      (site) => {
        site.tariff.capacity = [capacity()];
      },
    ],
    [
      "steps of power that do not rise",
      "error",
      "tariff.capacity.0.steps.1",
      "do not rise",
      (site) => {
        const steps = [5, 2].map((upToKw) => ({ upToKw, eurPerMonth: 10 }));
        site.tariff.capacity = [{ ...capacity(), steps }];
      },
    ],
    [
      "a tariff for power that never counts",
      "error",
      "tariff.capacity.0",
      "never counts",
      (site) => {
        const never = { weight: 0, contractedKw: 0 };
        site.tariff.capacity = [{ ...capacity(), eurPerKwMonth: 4, otherwise: never }];
      },
    ],
    [
      "prices that overlap",
      "warning",
      "tariff.import.periods.1",
      "overlaps with 22:00 to 06:00",
      (site) => {
        site.tariff.import = timeOfUse([
          ["22:00", "06:00", 0.2, [7]],
          ["05:00", "07:00", 0.25, [1]],
        ]);
      },
    ],
    [
      "prices inside of a quarter-hour",
      "warning",
      "tariff.import.periods.0",
      "22:10 lies inside",
      (site) => {
        site.tariff.import = timeOfUse([["22:10", "23:00", 0.2]]);
      },
    ],
  ]);
});
