import { beforeAll, describe, expect, it } from "vitest";
import type { PlanInput } from "../core/facts/plan-facts.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { explainPlan } from "../planner/explain/explain.ts";
import { planEvse, planInput, START_MS, seededInput } from "../planner/plan-input.test-kit.ts";
import { ruleBasedPlan } from "../planner/rules/rules.ts";
import { createLinearSolver, type LinearSolver } from "./glpk.ts";
import { solvePlan } from "./plan-solver.ts";

let linear: LinearSolver;
beforeAll(async () => {
  linear = await createLinearSolver();
});

function explained(input: PlanInput) {
  return explainPlan(input, solvePlan(input, 4_000, { linear, nowMs: () => 0 }));
}

describe("why a car gets what it gets", () => {
  it("is the price: it would charge below that of the dearest slot that it uses", () => {
    const importEurPerKwh = [0.4, 0.2, 0.1, 0.1, 0.4, 0.4, 0.4, 0.4];
    const evses = [planEvse({ energyNeededWh: 8280, departureMs: START_MS + 6 * SLOT_MS })];
    const [reasons] = explained(planInput({ importEurPerKwh, evses }));
    expect(reasons?.[0]).toEqual({ kind: "price", eurPerKwh: 0.4, belowEurPerKwh: 0.2 });
    expect(reasons?.[2]?.kind).toBe("maximum");
    expect(reasons?.slice(6)).toEqual([{ kind: "gone" }, { kind: "gone" }]);
  });

  it("is the circuit, by name and phase, where another car has its room", () => {
    const circuits = [
      { circuitId: "grid", limitA: 63 },
      { circuitId: "garage", parentId: "grid", limitA: 16 },
    ];
    const evses = [1, 2].map((id) =>
      planEvse({ evseId: `evse-${id}`, transactionId: id, circuitId: "garage", energyNeededWh: 20_000 }),
    );
    const reasons = explained(planInput({ circuits, evses })).flat();
    expect(reasons.filter(({ kind }) => kind === "circuit")[0]).toEqual({
      kind: "circuit",
      circuitId: "garage",
      phase: 0,
      roomW: 0,
      limitW: 3680,
    });
    expect(reasons.every(({ kind }) => kind === "circuit" || kind === "maximum")).toBe(true);
  });

  it("is the contract, the difference of phases, or the month's peak", () => {
    const one = { phases: [0] as 0[], minPowerW: 1380, maxPowerW: 7360, energyNeededWh: 14_720 };
    const uneven = explained(planInput({ unbalanceLimitA: 20, evses: [planEvse(one)] }));
    expect(uneven[0]?.[0]).toEqual({ kind: "unbalance", phase: 0, limitW: 4600 });
    const limited = explained(planInput({ importLimitW: 6000, evses: [planEvse({ energyNeededWh: 12_000 })] }));
    expect(limited[0]?.[0]?.kind).toBe("import");
    const peak = {
      name: "month",
      eurPerKw: 50,
      spreadDays: 1,
      count: 1,
      floorKw: 0,
      intervalSlots: 1,
      earlierKw: [],
      days: [{ fromSlot: 0, toSlot: 8, reachedKw: 0 }],
      beforeWh: 0,
    };
    expect(explained(planInput({ peaks: [peak], evses: [planEvse()] }))[0]?.[0]).toEqual({
      kind: "peak",
      peak: "month",
    });
  });

  it("is said of every slot of any plan, also of one by rules", () => {
    const input = seededInput(5, 8);
    for (const reasons of [explained(input), explainPlan(input, ruleBasedPlan(input, ""))]) {
      expect(reasons.map((row) => row.length)).toEqual(new Array(8).fill(96));
    }
  });
});
