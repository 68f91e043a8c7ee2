import { describe, expect, it } from "vitest";
import fc from "../../test/fast-check.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { announced, planEvse, planInput, START_MS, seededInput } from "../planner/plan-input.test-kit.ts";
import { ruleBasedPlan } from "../planner/rules/rules.ts";
import { verifyPlan } from "../planner/verify/verify.ts";
import { solve } from "./plan.test-kit.ts";

describe("a plan that knows who comes", () => {
  const here = planEvse({ departureMs: START_MS + 8 * SLOT_MS, energyNeededWh: 11_040 });
  const evening = planInput({
    circuits: [{ circuitId: "grid", limitA: 16 }],
    importEurPerKwh: [0.3, 0.3, 0.3, 0.3, 0.2, 0.2, 0.2, 0.2],
  });
  const visit = announced(planEvse({ evseId: "evse-2", transactionId: 2 }), 4);

  it("charges the car that is here before the other one comes, though it is dearer then", () => {
    const alone = solve({ ...evening, evses: [here] });
    expect(alone.evses[0]!.powerW.slice(0, 4)).toEqual([0, 0, 0, 0]);
    const both = solve({ ...evening, evses: [here, { ...visit, departureMs: START_MS + 8 * SLOT_MS }] });
    expect(both.evses.map(({ shortfallWh }) => shortfallWh)).toEqual([0, 0]);
    expect(both.evses[0]!.powerW.slice(4)).toEqual([0, 0, 0, 0]);
  });

  it("leaves the car that is here in the cheap hours where there is room for both", () => {
    const wide = { ...evening, circuits: [{ circuitId: "grid", limitA: 63 }] };
    const both = solve({ ...wide, evses: [here, { ...visit, departureMs: START_MS + 8 * SLOT_MS }] });
    expect(both.evses[0]!.powerW.slice(0, 4)).toEqual([0, 0, 0, 0]);
  });

  it("keeps all limits, and gives nobody anything before he comes, with many of them and by rules, too", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.boolean(), (seed, byRules) => {
        const input = seededInput(seed, 8);
        const evses = input.evses.map((evse, at) =>
          at % 2 === 0 ? evse : announced(evse, 1 + ((seed + 7 * at) % 80)),
        );
        const mixed = { ...input, evses };
        const plan = byRules ? ruleBasedPlan(mixed, "") : solve(mixed);
        expect(verifyPlan(mixed, plan)).toEqual([]);
        for (const [index, { ceilingW = [] }] of evses.entries())
          for (const [slot, mostW] of ceilingW.entries())
            if (mostW === 0) expect(plan.evses[index]!.powerW[slot]).toBe(0);
      }),
      { numRuns: 12, seed: 11 },
    );
  });
});
