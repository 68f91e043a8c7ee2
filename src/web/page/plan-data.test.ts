import { describe, expect, it } from "vitest";
import { planInput } from "../../planner/plan-input.test-kit.ts";
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
