import { describe, expect, it } from "vitest";
import { planEvse, planInput } from "../planner/plan-input.test-kit.ts";
import { solve } from "./plan.test-kit.ts";

/** 0.30 EUR/kWh for an hour, then 0.20 for one; what is missed weighs 0.50. */
const importEurPerKwh = [0.3, 0.3, 0.3, 0.3, 0.2, 0.2, 0.2, 0.2];
const uncertain = (leftBy: number) => {
  const evse = planEvse({ energyNeededWh: 5520, leftBy: [0, 0, 0, 0, leftBy, leftBy, leftBy, leftBy] });
  return solve(planInput({ importEurPerKwh, missedEurPerKwh: 0.5, evses: [evse] })).evses[0]!.powerW;
};

describe("a car that may leave before the cheap hour", () => {
  it("waits while what it saves is worth more than what is missed; a kWh that it does not get is not bought either", () => {
    // 0.7 x 0.20 + 0.3 x 0.50 = 0.29 EUR/kWh.
    expect(uncertain(0.3)).toEqual([0, 0, 0, 0, 11040, 11040, 0, 0]);
  });

  it("charges now where it is not", () => {
    // 0.6 x 0.20 + 0.4 x 0.50 = 0.32 EUR/kWh.
    expect(uncertain(0.4)).toEqual([11040, 11040, 0, 0, 0, 0, 0, 0]);
  });

  it("charges now also where the cheap hour pays for what is taken: who has left is not paid", () => {
    const paidLater = [0.05, 0.05, 0.05, 0.05, -0.3, -0.3, -0.3, -0.3];
    const at = (leftBy: number) => {
      const evse = planEvse({ energyNeededWh: 5520, leftBy: [0, 0, 0, 0, leftBy, leftBy, leftBy, leftBy] });
      const priced = { importEurPerKwh: paidLater, exportEurPerKwh: new Array<number>(8).fill(-0.5) };
      return solve(planInput({ ...priced, missedEurPerKwh: 0.5, evses: [evse] })).evses[0]!.powerW;
    };
    // 0.4 x -0.30 + 0.6 x 0.50 = 0.18 EUR/kWh, and 0.6 x -0.30 + 0.4 x 0.50 = 0.02.
    expect(at(0.6)).toEqual([11040, 11040, 0, 0, 0, 0, 0, 0]);
    expect(at(0.4)).toEqual([0, 0, 0, 0, 11040, 11040, 0, 0]);
  });

  it("charges now at prices at which what is missed would be dear everywhere, and waits where the site wants no risk weighed", () => {
    const dear = importEurPerKwh.map((price) => 2.5 * price);
    const evse = planEvse({ energyNeededWh: 5520, leftBy: [0, 0, 0, 0, 0.8, 0.8, 0.8, 0.8] });
    const at = (missedEurPerKwh: number) =>
      solve(planInput({ importEurPerKwh: dear, missedEurPerKwh, evses: [evse] })).evses[0]!.powerW;
    expect(at(0.5)).toEqual([11040, 11040, 0, 0, 0, 0, 0, 0]);
    expect(at(0)).toEqual([0, 0, 0, 0, 11040, 11040, 0, 0]);
  });
});
