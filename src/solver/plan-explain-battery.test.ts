import { describe, expect, it } from "vitest";
import fc from "../../test/fast-check.ts";
import type { PlanInput, PlanResult } from "../core/facts/plan-facts.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import type { BatteryReason } from "../core/view/plan-reasons.ts";
import { explainBatteries } from "../planner/explain/explain-battery.ts";
import { questionOf } from "../planner/explain/explain-question.ts";
import { flowsOf } from "../planner/model/flows.ts";
import { planBattery, planEvse, planInput, START_MS, seededInput } from "../planner/plan-input.test-kit.ts";
import { ruleBasedPlan } from "../planner/rules/rules.ts";
import { verifyPlan } from "../planner/verify/verify.ts";
import { solve } from "./plan.test-kit.ts";

const RUNS = Number(process.env.PLAN_RUNS ?? 10);
const flat = (value: number) => new Array<number>(8).fill(value);
const at = (slot: number) => START_MS + slot * SLOT_MS;

function reasonsOf(input: PlanInput, plan = solve(input)): BatteryReason[] {
  return explainBatteries(questionOf(input, plan)!)[0]!;
}

/** A house of 2 kW whose battery may be worth more later. */
function house(part: Partial<PlanInput>, battery: Parameters<typeof planBattery>[0] = {}): PlanInput {
  const store = planBattery({ endValueEurPerKwh: 0, wearEurPerKwh: 0.02, ...battery });
  return planInput({ buildingW: flat(2000), batteries: [store], ...part });
}

describe("why a battery does what it does", () => {
  it("does not feed the house now: its energy is kept for a dearer hour, and above that price it would give", () => {
    const importEurPerKwh = [0.25, 0.25, 0.25, 0.25, 0.4, 0.4, 0.4, 0.4];
    const [now, , , , dear] = reasonsOf(house({ importEurPerKwh }, { energyWh: 2500 }));
    expect(now).toEqual({
      kind: "kept",
      otherMs: at(4),
      otherEurPerKwh: 0.4,
      eurPerKwh: 0.25,
      changesAtEurPerKwh: expect.closeTo(((0.25 + 0.01) / 0.95 + 0.01) / 0.95, 4),
    });
    expect(dear).toMatchObject({ kind: "covered" });
  });

  it("does not feed the house now: what it gave it would have to buy again, and losses and wear cost more than that saves", () => {
    const store = { energyWh: 9000, wearEurPerKwh: 0.06, endValues: [{ energyWh: 9000, eurPerKwh: 0.4 }] };
    const importEurPerKwh = [0.3, 0.3, 0.3, 0.3, 0.27, 0.27, 0.27, 0.27];
    const [now] = reasonsOf(house({ importEurPerKwh }, store));
    expect(now).toMatchObject({ kind: "replace", otherMs: at(4), otherEurPerKwh: 0.27, eurPerKwh: 0.3 });
    // (0.27 + 0.03) / 0.95 in the store, and again 0.03 of wear and 5 % of losses on the way out.
    expect(now!.changesAtEurPerKwh).toBeCloseTo((0.3 / 0.95 + 0.03) / 0.95, 4);
  });

  it("does not feed the house now: it has nothing above its reserve, or keeps it beyond the plan", () => {
    expect(reasonsOf(house({}, { energyWh: 1000 }))[0]).toEqual({ kind: "empty", eurPerKwh: 0.3 });
    const [kept] = reasonsOf(house({}, { endValueEurPerKwh: 0.5 }));
    expect(kept).toMatchObject({ kind: "kept", otherMs: at(8), otherEurPerKwh: 0.5 });
  });

  it("takes the sun for the evening, until it is full; sun that is sold for more than it saves is left to the grid", () => {
    const pvW = [3000, 3000, 3000, 3000, 0, 0, 0, 0];
    const importEurPerKwh = [0.3, 0.3, 0.3, 0.3, 0.4, 0.4, 0.4, 0.4];
    const [now] = reasonsOf(house({ pvW, importEurPerKwh }, { energyWh: 1000 }));
    expect(now).toMatchObject({ kind: "sun", otherMs: at(4), otherEurPerKwh: 0.4, eurPerKwh: 0.08 });
    expect(now).not.toHaveProperty("fromGrid");
    const small = reasonsOf(house({ pvW, importEurPerKwh }, { energyWh: 9300, endValueEurPerKwh: 0.2 }));
    expect(small.slice(0, 4).map(({ kind, fullMs }) => [kind, fullMs])).toContainEqual(["full", at(3)]);
    const prices = { importEurPerKwh: flat(0.4), exportEurPerKwh: flat(0.39) };
    const [sold] = reasonsOf(house({ pvW, ...prices }, { energyWh: 1000 }));
    expect(sold).toMatchObject({ kind: "sold", eurPerKwh: 0.39 });
  });

  it("buys for a dear hour with all that it takes, or as much as a limit leaves", () => {
    const importEurPerKwh = [0.1, 0.1, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4];
    const buys = { energyWh: 1000, maxChargeW: 3000 };
    const [now] = reasonsOf(house({ importEurPerKwh }, buys));
    expect(now).toMatchObject({ kind: "maximum", fromGrid: true, eurPerKwh: 0.1, otherMs: at(2), otherEurPerKwh: 0.4 });
    const limited = reasonsOf(house({ importEurPerKwh, importLimitW: 4000 }, buys));
    expect(limited[0]).toMatchObject({ kind: "import", limitW: 4000, fromGrid: true });
    const third = flat(2000 / 3);
    const circuits = [{ circuitId: "grid", limitA: 6, loadW: [third, third, third] as [number[], number[], number[]] }];
    expect(reasonsOf(house({ importEurPerKwh, circuits }, buys))[0]).toMatchObject({ kind: "circuit", phase: 0 });
    const peak = {
      ...{ name: "month", eurPerKw: 50, spreadDays: 1, count: 1, floorKw: 2.5, intervalSlots: 1, earlierKw: [] },
      ...{ days: [{ fromSlot: 0, toSlot: 8, reachedKw: 0 }], beforeWh: 0 },
    };
    const [peaked] = reasonsOf(house({ importEurPerKwh, peaks: [peak] }, buys));
    expect(peaked).toMatchObject({ kind: "peak", peak: "month" });
    expect(peaked).not.toHaveProperty("changesAtEurPerKwh");
    // At one price all day it keeps its energy for what would raise the peak, and buys for that.
    const hob = [1000, 1000, 1000, 1000, 4000, 4000, 1000, 1000];
    const flatPriced = { buildingW: hob, importEurPerKwh: flat(0.3), peaks: [peak] };
    const [kept] = reasonsOf(house(flatPriced, { energyWh: 2000 }));
    expect(kept).toMatchObject({ kind: "kept", otherMs: at(4), otherPeak: "month" });
    const [buying] = reasonsOf(house(flatPriced, { energyWh: 1000 })).filter(({ fromGrid }) => fromGrid);
    expect(buying).toMatchObject({ otherMs: at(4), otherPeak: "month" });
  });
});

it("of a plan by rules nothing is said of a battery: it rests there whatever that costs", () => {
  const input = house({});
  expect(explainBatteries(questionOf(input, ruleBasedPlan(input, ""))!)).toEqual([]);
});

/** The plan with other power of its battery in one slot, its flows reckoned anew. */
function withMore(input: PlanInput, result: PlanResult, slot: number, moreW: number): PlanResult {
  const batteries = result.batteries.map((battery) => ({
    ...battery,
    powerW: battery.powerW.map((powerW, other) => (other === slot ? powerW + moreW : powerW)),
  }));
  return { ...result, batteries, ...flowsOf(input, { evses: result.evses, batteries }) };
}

/** A day with a battery, with little room in some. */
function day(seed: number): PlanInput {
  const input = seededInput(seed, seed % 3);
  return {
    ...input,
    binarySlots: 0,
    ...(seed % 4 === 1 ? { importLimitW: 5_500 } : {}),
    evses: input.evses.map((evse) => planEvse({ ...evse, minPowerW: 0 })),
  };
}

it("beyond the price that is said a battery's plan changes, solved again; a limit that is named has no room by the check that knows no model", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.nat({ max: 95 }), (seed, first) => {
      const input = day(seed);
      const plan = solve(input);
      const reasons = reasonsOf(input, plan);
      for (let slot = first % 8; slot < input.slots; slot += 8) {
        const { kind, changesAtEurPerKwh } = reasons[slot]!;
        const powerW = plan.batteries[0]!.powerW[slot]!;
        seen.add(`${kind} ${Math.sign(Math.round(powerW / 100))}`);
        if (kind === "import" || kind === "circuit") {
          // What it would hold then is not asked.
          const roomy = { ...input, batteries: input.batteries.map((battery) => ({ ...battery, capacityWh: 99_000 })) };
          const words = verifyPlan(roomy, withMore(input, plan, slot, 250)).join("; ");
          expect(words, `${seed} ${slot}`).toMatch(kind === "import" ? `Slot ${slot}: import above` : `slot ${slot}:`);
        }
        if (changesAtEurPerKwh === undefined) continue;
        const gives = powerW < -60;
        const eur = changesAtEurPerKwh + (gives ? -0.004 : 0.004);
        const importEurPerKwh = input.importEurPerKwh.map((price, other) => (other === slot ? eur : price));
        const thenW = solve({ ...input, importEurPerKwh }).batteries[0]!.powerW[slot]!;
        if (gives) expect(thenW, `${seed} ${slot} ${kind}`).toBeGreaterThan(powerW);
        else expect(thenW, `${seed} ${slot} ${kind}`).toBeLessThan(powerW);
      }
    }),
    { numRuns: RUNS, seed: 7 },
  );
  for (const reason of ["empty 0", "full 0", "kept 0", "replace 0", "covered -1"]) expect([...seen]).toContain(reason);
});
