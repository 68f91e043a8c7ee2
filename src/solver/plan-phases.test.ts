import { describe, expect, it } from "vitest";
import fc from "../../test/fast-check.ts";
import { planEvse, planInput, seededInput, switchedInput } from "../planner/plan-input.test-kit.ts";
import { ruleBasedPlan } from "../planner/rules/rules.ts";
import { verifyPlan } from "../planner/verify/verify.ts";
import { reasonsOf, solve, soundPlan } from "./plan.test-kit.ts";

const onePhase = { phase: 0, minPowerW: 1380, maxPowerW: 3680 } as const;
const littleSun = {
  pvW: new Array<number>(8).fill(2_000),
  exportEurPerKwh: new Array<number>(8).fill(0.05),
  binarySlots: 8,
};

describe("a car that may charge on one phase", () => {
  it("takes the little sun there, and nothing from the grid", () => {
    const car = planEvse({ energyNeededWh: 4_000 });
    const plan = solve(planInput({ ...littleSun, evses: [{ ...car, onePhase }] }));
    expect(plan.evses[0]!.onePhaseSlots).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(plan.evses[0]!.powerW).toEqual(new Array(8).fill(2_000));
    expect(plan.importW).toEqual(new Array(8).fill(0));
    // On all phases it has to buy.
    const onAll = solve(planInput({ ...littleSun, evses: [car] }));
    expect(onAll.evses[0]!.onePhaseSlots).toBeUndefined();
    expect(Math.max(...onAll.importW)).toBeGreaterThan(2_000);
  });

  it("charges on all of them where that is as cheap: a relay wears", () => {
    const plan = solve(planInput({ binarySlots: 8, evses: [planEvse({ energyNeededWh: 5_520, onePhase })] }));
    expect(plan.evses[0]!.onePhaseSlots).toBeUndefined();
    expect(plan.evses[0]!.shortfallWh).toBe(0);
  });

  it("is not planned on one phase where its least current does not fit on all: it could not begin", () => {
    const fullW = new Array<number>(8).fill(14_000);
    const loadW = [new Array<number>(8).fill(0), fullW, fullW] as [number[], number[], number[]];
    const grid = { circuitId: "grid", limitA: 63, loadW };
    const evses = [planEvse({ onePhase })];
    const plan = solve(planInput({ circuits: [grid], binarySlots: 8, evses }));
    expect(plan.evses[0]!.onePhaseSlots).toBeUndefined();
    const limited = solve(planInput({ ...littleSun, pvW: new Array(8).fill(0), importLimitW: 4_000, evses }));
    expect(limited.evses[0]!.onePhaseSlots).toBeUndefined();
  });

  it("loads one phase no more than they may differ by", () => {
    const input = planInput({
      ...littleSun,
      unbalanceLimitA: 8,
      evses: [planEvse({ energyNeededWh: 4_000, onePhase })],
    });
    const plan = solve(input);
    const slots = plan.evses[0]!.onePhaseSlots!;
    expect(Math.max(...slots.map((slot) => plan.evses[0]!.powerW[slot]!))).toBeLessThanOrEqual(8 * 230 + 1);
    expect(verifyPlan(input, plan)).toEqual([]);
  });
});

describe("the check of a plan", () => {
  const input = planInput({ binarySlots: 8, evses: [planEvse({ energyNeededWh: 4_000, onePhase })] });
  const good = () => solve({ ...input, ...littleSun });
  const withSlots = (powerW: number) => {
    const plan = good();
    const evse = { ...plan.evses[0]!, powerW: plan.evses[0]!.powerW.map(() => powerW) };
    return verifyPlan({ ...input, ...littleSun }, { ...plan, evses: [evse] }).join();
  };

  it("refuses more than one phase carries, and less than it takes", () => {
    expect(withSlots(5_000)).toContain("is above its 3680 W");
    expect(withSlots(1_000)).toContain("is below its 1380 W");
  });

  it("refuses one phase for a car that has none to choose", () => {
    const { onePhase: _, ...car } = input.evses[0]!;
    expect(verifyPlan({ ...input, ...littleSun, evses: [car] }, good()).join()).toContain("cannot be on one phase");
  });

  it("counts all of it on that phase", () => {
    const tight = { ...input, ...littleSun, circuits: [{ circuitId: "grid", limitA: 7 }] };
    expect(verifyPlan(tight, good()).join()).toContain("grid L1 slot 0: above 7 A");
    expect(verifyPlan(tight, good()).join()).not.toContain("grid L2");
  });
});

describe("any site whose phases are switched", () => {
  it("has plans, solved and by rules, that hold all limits and can be explained", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 8 }), (seed, evses) => {
        const input = switchedInput(seededInput(seed, evses));
        const plan = solve(input);
        expect(plan.detail).not.toContain("broke a limit");
        expect(verifyPlan(input, plan)).toEqual([]);
        expect(verifyPlan(input, ruleBasedPlan(input, "test"))).toEqual([]);
        expect(reasonsOf(input, plan)).toHaveLength(evses);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it("costs no more than where they are not", () => {
    for (const seed of [2, 5, 9]) {
      const input = seededInput(seed, 2);
      const switched = switchedInput(input);
      const alone = solve({ ...switched, evses: input.evses });
      const missing = (plan: typeof alone) => plan.evses.reduce((sum, { shortfallWh }) => sum + shortfallWh, 0);
      const both = solve(switched);
      expect(missing(both)).toBeLessThanOrEqual(missing(alone) + 30);
      expect(both.status).not.toBe("rule-based");
    }
  });
});

describe("where phases may not differ by more than 20 A", () => {
  const onPhase = (phase: 0 | 1 | 2, part: object = {}) =>
    planEvse({
      evseId: `evse-${phase}`,
      transactionId: phase + 1,
      phases: [phase],
      minPowerW: 1380,
      maxPowerW: 7360,
      energyNeededWh: 14_720,
      ...part,
    });

  it("a one-phase car of 32 A gets 20 A, by solver and by rules", () => {
    const input = planInput({ unbalanceLimitA: 20, evses: [onPhase(0)] });
    for (const plan of [soundPlan(input), ruleBasedPlan(input, "")]) {
      expect(verifyPlan(input, plan)).toEqual([]);
      expect(Math.max(...plan.evses[0]!.powerW)).toBe(4600);
    }
  });

  it("cars on the other phases make room for each other", () => {
    const evses = ([0, 1, 2] as const).map((phase) => onPhase(phase));
    const plan = soundPlan(planInput({ unbalanceLimitA: 20, evses }));
    expect(plan.evses.map((evse) => evse.shortfallWh)).toEqual([0, 0, 0]);
    const uneven = {
      ...plan,
      evses: plan.evses.map((evse, i) => (i === 0 ? evse : { ...evse, powerW: evse.powerW.map(() => 0) })),
    };
    expect(verifyPlan(planInput({ unbalanceLimitA: 20, evses }), uneven).join()).toContain("phases differ");
  });
});
