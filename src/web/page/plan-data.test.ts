import { describe, expect, it } from "vitest";
import { SLOT_MS } from "../../core/time/slots.ts";
import { planEvse, planInput, START_MS } from "../../planner/plan-input.test-kit.ts";
import { ruleBasedPlan } from "../../planner/rules/rules.ts";
import { chartSlots, limitW } from "./plan-data.ts";

describe("the price in the chart of the plan", () => {
  it("is marked where it is not out yet", () => {
    const input = planInput({ pricesKnownSlots: 5 });
    const result = ruleBasedPlan(input, "");
    const slots = chartSlots({ seq: 1, madeMs: input.nowMs, trigger: "start", input, result }, [], []);
    expect(slots.map(({ expected }) => expected)).toEqual([0, 0, 0, 0, 0, 1, 1, 1].map(Boolean));
  });
});

describe("an EVSE in the chart of the plan", () => {
  it("has the power of the car that is there, and then that of the one that is announced", () => {
    const ceilingW = [0, 0, 0, 0, 0, 11_040, 11_040, 11_040];
    const here = planEvse({ energyNeededWh: 2_760, departureMs: START_MS + 4 * SLOT_MS });
    const announced = planEvse({ transactionId: -1, visitId: "b-1", energyNeededWh: 2_760, ceilingW });
    const input = planInput({ evses: [here, announced] });
    const made = { seq: 1, madeMs: input.nowMs, trigger: "start", input, result: ruleBasedPlan(input, "") };
    const powersW = chartSlots(made, [], []).map(({ carsW }) => carsW[here.evseId]!);
    expect(powersW.slice(0, 5).some((powerW) => powerW > 0)).toBe(true);
    expect(powersW.slice(5).some((powerW) => powerW > 0)).toBe(true);
  });
});

describe("the limit in the chart of the plan", () => {
  const circuits = [
    { circuitId: "grid", limitA: 40 },
    { circuitId: "garage", parentId: "grid", limitA: 20 },
  ];

  it("is that of the fuse on the phases that are there", () => {
    expect(limitW(planInput({ circuits }))).toBe(27_600);
    expect(limitW(planInput({ circuits, sitePhases: 1 }))).toBe(9_200);
  });

  it("is what was contracted, where that is less", () => {
    expect(limitW(planInput({ circuits, importLimitW: 17_000 }))).toBe(17_000);
    expect(limitW(planInput({ circuits, importLimitW: 50_000 }))).toBe(27_600);
  });
});
