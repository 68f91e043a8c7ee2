import { describe, expect, it } from "vitest";
import fc from "../../test/fast-check.ts";
import type { PlanInput, PlanResult } from "../core/facts/plan-facts.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import type { SlotReason } from "../core/view/plan-reasons.ts";
import { flowsOf } from "../planner/model/flows.ts";
import { plannedValueKw } from "../planner/model/peaks.ts";
import { planEvse, planInput, START_MS, seededInput } from "../planner/plan-input.test-kit.ts";
import { ruleBasedPlan } from "../planner/rules/rules.ts";
import { verifyPlan } from "../planner/verify/verify.ts";
import { choicesOf, reasonsOf, solve } from "./plan.test-kit.ts";

const RUNS = Number(process.env.PLAN_RUNS ?? 6);

/** A tight day of six cars, some of them not to be interrupted, with a month's peak or a budget in some. */
function site(seed: number): PlanInput {
  const input = seededInput(seed, 6);
  const limitA = 22 + (seed % 40);
  const peak = {
    name: "month",
    eurPerKw: 4,
    spreadDays: 5,
    count: 1,
    floorKw: 2,
    intervalSlots: 1,
    earlierKw: [4],
    days: [{ fromSlot: 0, toSlot: 96, reachedKw: 3 }],
    beforeWh: 0,
  };
  return {
    ...input,
    circuits: input.circuits.map((circuit) => ({ ...circuit, limitA: Math.min(circuit.limitA, limitA) })),
    ...(seed % 5 === 0 ? { peaks: [peak] } : {}),
    ...(seed % 5 === 1 ? { budgetW: new Array<number>(96).fill(9_000) } : {}),
    ...(seed % 3 === 0 ? { importLimitW: 12_000 } : {}),
    evses: input.evses.map((evse, index) => ({
      ...evse,
      mayPause: index !== 2 || seed % 4 !== 0,
      ...(index === 3 && seed % 2 === 0 ? { ceilingW: new Array<number>(96).fill(evse.minPowerW + 300) } : {}),
    })),
  };
}

/** The plan with more power for one car in one slot, its flows reckoned anew. */
function withMore(
  input: PlanInput,
  result: PlanResult,
  at: { index: number; slot: number; moreW: number },
): PlanResult {
  const evses = result.evses.map((evse, index) =>
    index === at.index
      ? { ...evse, powerW: evse.powerW.map((powerW, slot) => (slot === at.slot ? powerW + at.moreW : powerW)) }
      : evse,
  );
  return { ...result, evses, ...flowsOf(input, { evses, batteries: result.batteries }) };
}

/** What the independent check says of it in terms of the limit that was named; of energy it may say what it likes. */
function checkWords({ kind, circuitId, phase }: SlotReason, slot: number): RegExp | undefined {
  const words: Partial<Record<SlotReason["kind"], string>> = {
    gone: "comes after its departure",
    maximum: "is above its",
    ceiling: "partner's ceiling",
    circuit: `${circuitId}${phase === undefined ? "" : ` L${phase + 1}`} slot ${slot}: above`,
    budget: `Slot ${slot}: the cars are above their budget`,
    unbalance: `Slot ${slot}: phases differ`,
    import: `Slot ${slot}: import above`,
  };
  return words[kind] === undefined ? undefined : new RegExp(words[kind]);
}

/** More than the tolerance of reasons (60 W by phase) and of the independent check. */
const BEYOND_W = 250;

describe("the limit that a plan's reason names", () => {
  it("is tight by the check that knows no model; where only a price that is low enough is missing, none is", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.boolean(), (seed, byRules) => {
        const input = site(seed);
        const result = byRules ? ruleBasedPlan(input, "") : solve(input);
        expect(verifyPlan(input, result)).toEqual([]);
        for (const [index, row] of reasonsOf(input, result).entries()) {
          const evse = input.evses[index]!;
          for (const [slot, reason] of row.entries()) {
            const powerW = result.evses[index]!.powerW[slot]!;
            const moreW = powerW > 0 ? BEYOND_W : evse.minPowerW + BEYOND_W / 2;
            const problems = verifyPlan(input, withMore(input, result, { index, slot, moreW })).filter(
              (problem) => !/than the car takes|are missing|cost/i.test(problem),
            );
            seen.add(reason.kind);
            const words = checkWords(reason, slot);
            if (words) expect(problems.join("; "), `${seed} ${evse.evseId} ${slot} ${reason.kind}`).toMatch(words);
            // A little less than what a limit leaves is allowed where nothing but money speaks against it. An hour that is dearer than
            // all that the car uses may be full besides: then no price is named at which it would charge.
            if (reason.belowEurPerKwh !== undefined || reason.kind === "untried") {
              const littleW = powerW > 0 ? 1 : evse.minPowerW;
              const none = verifyPlan(input, withMore(input, result, { index, slot, moreW: littleW }));
              expect(none.filter((problem) => !/than the car takes|are missing|cost/i.test(problem))).toEqual([]);
            }
            if (reason.kind === "peak") {
              const peak = input.peaks![0]!;
              const more = withMore(input, result, { index, slot, moreW: Math.max(2000, moreW) });
              expect(plannedValueKw(peak, input, more.importW)).toBeGreaterThan(
                plannedValueKw(peak, input, result.importW),
              );
            }
          }
        }
      }),
      {
        // All examples, too.
        numRuns: Math.max(8, RUNS),
        seed: 5,
        examples: [
          [5, false],
          [6, true],
          [12, false],
          [40, true],
          [3, false],
          [16, false],
          // A car leaves in a quarter-hour whose mean has room for the part of it in which it is there.
          [999_990, false],
          [999_990, true],
        ],
      },
    );
    for (const kind of ["gone", "maximum", "ceiling", "circuit", "import", "price", "peak", "budget"])
      expect([...seen]).toContain(kind);
  });

  it("is the price where a lower one would change the plan: below what is said the car charges there", () => {
    const importEurPerKwh = [0.4, 0.31, 0.22, 0.18, 0.4, 0.35, 0.4, 0.4];
    const evses = [planEvse({ energyNeededWh: 5520, departureMs: START_MS + 8 * SLOT_MS })];
    const input = planInput({ importEurPerKwh, evses });
    const [reasons] = reasonsOf(input, solve(input));
    const checked = reasons!.flatMap((reason, slot) => (reason.belowEurPerKwh === undefined ? [] : [slot]));
    expect(checked).toEqual([0, 1, 4, 5, 6, 7]);
    for (const slot of checked) {
      const powerAt = (eur: number) => {
        const prices = importEurPerKwh.map((price, at) => (at === slot ? eur : price));
        return solve({ ...input, importEurPerKwh: prices }).evses[0]!.powerW[slot]!;
      };
      expect(powerAt(reasons![slot]!.belowEurPerKwh! - 0.002)).toBeGreaterThan(0);
      expect(powerAt(reasons![slot]!.belowEurPerKwh! + 0.002)).toBe(0);
    }
  });
});

describe("the price below which a car would charge", () => {
  /** Its power in a slot with another price there, solved again. */
  const powerAt = (input: PlanInput, at: { index: number; slot: number; eur: number }) => {
    const importEurPerKwh = input.importEurPerKwh.map((price, slot) => (slot === at.slot ? at.eur : price));
    return solve({ ...input, importEurPerKwh }).evses[at.index]!.powerW[at.slot]!;
  };

  it("is the mean of what it would leave for its least power there, not that of the last Wh", () => {
    // It takes 0.4 kWh for 0.4 EUR/kWh and the rest for 0.2; with its least power it takes 1.035 kWh of a quarter-hour.
    const importEurPerKwh = [0.5, 0.4, 0.2, 0.2];
    const evses = [planEvse({ energyNeededWh: 5_920, departureMs: START_MS + 4 * SLOT_MS })];
    const input = planInput({ slots: 4, importEurPerKwh, exportEurPerKwh: [0, 0, 0, 0], evses, binarySlots: 1 });
    const [reasons] = reasonsOf(input, solve(input));
    const below = reasons![0]!.belowEurPerKwh!;
    expect(below).toBeCloseTo((0.4 * 0.4 + 0.635 * 0.2) / 1.035, 3);
    expect(powerAt(input, { index: 0, slot: 0, eur: below - 0.005 })).toBeGreaterThan(0);
    expect(powerAt(input, { index: 0, slot: 0, eur: below + 0.005 })).toBe(0);
  });

  it("is not said where others would come for it, too, and there is no room for all", () => {
    const importEurPerKwh = [0.5, 0.5, 0.2, 0.2, 0.3, 0.3, 0.3, 0.3];
    const evses = [1, 2].map((id) =>
      planEvse({
        ...{ evseId: `evse-${id}`, transactionId: id, energyNeededWh: 5_000 },
        departureMs: START_MS + 8 * SLOT_MS,
      }),
    );
    const asked = (limitA: number) => {
      const input = planInput({ importEurPerKwh, evses, circuits: [{ circuitId: "grid", limitA }] });
      return { input, below: reasonsOf(input, solve(input)).map(([first]) => first!.belowEurPerKwh) };
    };
    expect(asked(17).below).toEqual([undefined, undefined]);
    const { input, below } = asked(40);
    for (const index of [0, 1])
      expect(powerAt(input, { index, slot: 0, eur: below[index]! - 0.005 })).toBeGreaterThan(0);
  });
});

describe("the next cheaper choice", () => {
  it("of a car that waits is the slot that it waits for, with the room until then", () => {
    const importEurPerKwh = [0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.22, 0.22];
    const evses = [planEvse({ energyNeededWh: 3000, departureMs: START_MS + 8 * SLOT_MS })];
    const input = planInput({ importEurPerKwh, evses, circuits: [{ circuitId: "grid", limitA: 11 }] });
    const [row] = choicesOf(input, solve(input));
    expect(row?.[0]?.next).toEqual({ startMs: START_MS + 6 * SLOT_MS, cheaperEurPerKwh: 0.08, roomCars: 1 });
  });

  it("of a car that charges is the cheaper slot that it may not have: another has the room, or it has left", () => {
    const importEurPerKwh = [0.4, 0.4, 0.4, 0.4, 0.1, 0.1, 0.4, 0.4];
    const evses = [1, 2].map((id) =>
      planEvse({ evseId: `evse-${id}`, transactionId: id, energyNeededWh: 5520, departureMs: START_MS + 8 * SLOT_MS }),
    );
    const full = planInput({ importEurPerKwh, evses, circuits: [{ circuitId: "grid", limitA: 16 }] });
    const charging = choicesOf(full, solve(full)).flatMap((row) =>
      row.filter(({ reason, next }) => reason.kind !== "gone" && next?.needs),
    );
    expect(charging.length).toBeGreaterThan(0);
    for (const { next } of charging) {
      expect(next?.cheaperEurPerKwh).toBeCloseTo(0.3);
      expect(next?.needs).toMatchObject({ kind: "circuit", circuitId: "grid", roomW: 0 });
    }
    const leaves = planInput({ importEurPerKwh, evses: [planEvse({ departureMs: START_MS + 4 * SLOT_MS })] });
    const [row] = choicesOf(leaves, solve(leaves));
    expect(row?.[0]?.next).toEqual({
      startMs: START_MS + 4 * SLOT_MS,
      cheaperEurPerKwh: 0.3,
      needs: { kind: "gone" },
    });
  });
});
