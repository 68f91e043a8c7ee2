import { describe, expect, it } from "vitest";
import fc from "../../test/fast-check.ts";
import type { PlanEvse, PlanInput, PlanResult } from "../core/facts/plan-facts.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { planEvse, planInput, START_MS, seededInput } from "../planner/plan-input.test-kit.ts";
import { verifyPlan } from "../planner/verify/verify.ts";
import { soundPlan } from "./plan.test-kit.ts";

const giver = (part: Partial<NonNullable<PlanEvse["discharge"]>> = {}): NonNullable<PlanEvse["discharge"]> => ({
  maxPowerW: 10_000,
  efficiency: 0.95,
  wearEurPerKwh: 0.05,
  belowWh: 20_000,
  aboveWh: 20_000,
  ...part,
});
/** Dear first, cheap then: 2 h of each. */
const importEurPerKwh = [0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1];
const site = (evse: Partial<PlanEvse>, more: Partial<PlanInput> = {}) =>
  planInput({
    importEurPerKwh,
    exportEurPerKwh: importEurPerKwh.map((eur) => eur - 0.05),
    evses: [planEvse({ energyNeededWh: 0, departureMs: START_MS + 8 * SLOT_MS, discharge: giver(), ...evse })],
    ...more,
  });
const givenWh = (plan: PlanResult) => (plan.evses[0]?.dischargeW ?? []).reduce((sum, powerW) => sum + powerW / 4, 0);
const takenWh = (plan: PlanResult) => plan.evses[0]!.powerW.reduce((sum, powerW) => sum + powerW / 4, 0);

describe("a car that may give energy back", () => {
  it("gives where it is dear, is charged again where it is cheap, and leaves with what it came with", () => {
    const plan = soundPlan(site({}));
    expect(givenWh(plan)).toBeGreaterThan(9_000);
    expect(takenWh(plan)).toBeCloseTo(givenWh(plan) / 0.95 ** 2, -2);
    expect(plan.evses[0]?.dischargeW?.slice(4)).toEqual([0, 0, 0, 0]);
    expect(plan.costEur).toBeLessThan(-2);
  });

  it("leaves with what its driver needs, and gives no more than brings that back in time", () => {
    const needs = { energyNeededWh: 11_040, maxPowerW: 11_040 };
    const plan = soundPlan(site(needs));
    expect(plan.evses[0]?.shortfallWh).toBeLessThanOrEqual(1);
    const back = takenWh(plan) - givenWh(plan) / 0.95 ** 2;
    expect(back).toBeGreaterThanOrEqual(11_039);
    expect(takenWh(plan)).toBeLessThanOrEqual(11_041);
  });

  it("gives nothing where wear and losses eat the difference, where nothing is paid, or where it may not be emptied", () => {
    expect(givenWh(soundPlan(site({ discharge: giver({ wearEurPerKwh: 0.4 }) })))).toBe(0);
    expect(givenWh(soundPlan(site({ discharge: giver({ belowWh: 0 }) })))).toBe(0);
    const free = { importEurPerKwh: importEurPerKwh.map(() => -0.2), exportEurPerKwh: importEurPerKwh.map(() => -0.3) };
    expect(givenWh(soundPlan(site({}, free)))).toBe(0);
    const { discharge: _, ...usual } = planEvse({ energyNeededWh: 0 });
    expect(soundPlan(planInput({ importEurPerKwh, evses: [usual] })).evses[0]?.dischargeW).toBeUndefined();
  });

  it("stays above its reserve, below what fits, and within what the site may export and the circuit carries back", () => {
    expect(givenWh(soundPlan(site({ discharge: giver({ belowWh: 3_000 }) })))).toBeCloseTo(3_000 * 0.95 ** 2, -2);
    const capped = soundPlan(site({}, { exportLimitW: 4_000 }));
    expect(Math.max(...capped.exportW)).toBeLessThanOrEqual(4_000);
    const narrow = soundPlan(site({}, { circuits: [{ circuitId: "grid", limitA: 7 }] }));
    expect(Math.max(...narrow.evses[0]!.dischargeW!)).toBeLessThanOrEqual(7 * 230 * 3);
  });

  it("makes no room on a fuse: what it gives, another car may not take above the limit", () => {
    const other = planEvse({ evseId: "other", transactionId: 2, energyNeededWh: 30_000, minPowerW: 1380 });
    const crowded = site({}, { circuits: [{ circuitId: "grid", limitA: 10 }] });
    const plan = soundPlan({ ...crowded, evses: [...crowded.evses, other] });
    expect(Math.max(...plan.evses[1]!.powerW)).toBeLessThanOrEqual(10 * 230 * 3);
  });

  it("does not give what cannot be brought back when its driver may leave at any time", () => {
    const leftBy = [0.9, 0.9, 0.9, 0.9, 0.95, 0.95, 0.95, 1];
    const risky = site({ leftBy, energyNeededWh: 5_000 }, { missedEurPerKwh: 2 });
    const plan = soundPlan(risky);
    expect(plan.evses[0]?.powerW[0]).toBeGreaterThan(0);
  });

  describe("where it gives so much at least or nothing", () => {
    const least = { minPowerW: 690 };
    /** Most is cheap: what is given costs about 0.16 EUR/kWh. */
    const evening = (buildingW: number, more: Partial<PlanInput> = {}) =>
      site(
        { discharge: giver(least) },
        { buildingW: new Array<number>(8).fill(buildingW), exportEurPerKwh: new Array<number>(8).fill(0.08), ...more },
      );
    const near = (input: PlanInput) => soundPlan(input).evses[0]!.dischargeW!.slice(0, input.binarySlots);

    it("gives that to a building that takes less where it still pays, and nothing where it does not", () => {
      // 0.3 kW at 0.50 EUR and the rest sold pay for 0.69 kW; 0.1 kW do not.
      expect(near(evening(300))).toEqual([690, 690, 690, 690]);
      expect(near(evening(100))).toEqual([0, 0, 0, 0]);
      expect(near(evening(2_000))).toEqual([2_000, 2_000, 2_000, 2_000]);
    });

    it("gives nothing to such a building where nothing may be exported, or too little is left in it for a quarter-hour", () => {
      expect(near(evening(300, { exportLimitW: 0 }))).toEqual([0, 0, 0, 0]);
      expect(near(evening(800, { exportLimitW: 0 }))).toEqual([800, 800, 800, 800]);
      const nearlyEmpty = {
        ...evening(300),
        evses: [{ ...evening(300).evses[0]!, discharge: giver({ ...least, belowWh: 150 }) }],
      };
      expect(near(nearlyEmpty)).toEqual([0, 0, 0, 0]);
    });

    it("may be planned with any power later, which is planned anew before it comes", () => {
      const plan = soundPlan({
        ...evening(300),
        importEurPerKwh: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1],
        binarySlots: 2,
      });
      expect(plan.evses[0]?.dischargeW?.slice(0, 6)).toEqual([690, 690, 300, 300, 300, 300]);
    });

    it("is held to that by what checks the plan", () => {
      const input = evening(300);
      const broken = (dischargeW: number[]) =>
        verifyPlan(input, { ...soundPlan(input), evses: [{ ...soundPlan(input).evses[0]!, dischargeW }] }).join("; ");
      expect(broken([300, 0, 0, 0, 0, 0, 0, 0])).toContain("below the 690 W");
      expect(broken([0, 0, 0, 0, 300, 0, 0, 0])).not.toContain("below the");
    });
  });

  it("is checked by what knows no model: each limit that is broken is said", () => {
    const input = site({ discharge: giver({ belowWh: 5_000, maxPowerW: 6_000 }) });
    const plan = soundPlan(input);
    const broken = (dischargeW: number[], powerW = new Array<number>(8).fill(0)) =>
      verifyPlan(input, { ...plan, evses: [{ ...plan.evses[0]!, powerW, dischargeW }] }).join("; ");
    expect(broken([7_000, 0, 0, 0, 0, 0, 0, 0])).toContain("above the 6000 W");
    expect(broken(new Array<number>(8).fill(6_000))).toContain("emptied by");
    expect(broken([1_000, 0, 0, 0, 0, 0, 0, 0], [5_000, 0, 0, 0, 0, 0, 0, 0])).toContain("while it charges");
    expect(broken([-1_000, 0, 0, 0, 0, 0, 0, 0])).toContain("no power to give");
    expect(broken([Number.NaN, 0, 0, 0, 0, 0, 0, 0])).not.toBe("");
    const full = new Array<number>(8).fill(11_040);
    expect(broken(new Array<number>(8).fill(0), full)).toContain("more than");
  });
});

/** Every second site's cars give an ampere at least. */
const least = (seed: number, { phases }: PlanEvse) => (seed % 2 === 0 ? { minPowerW: 230 * phases.length } : {});

it("cars on single phases that may all give are planned within what phases may differ: none charges and gives at once to seem even", () => {
  for (const cars of [5, 8]) {
    const plain = seededInput(24, cars);
    const discharge = { efficiency: 0.92, wearEurPerKwh: 0.03, belowWh: 15_000, aboveWh: 30_000 };
    const evses = plain.evses.map((evse) => ({ ...evse, discharge: { ...discharge, maxPowerW: evse.maxPowerW } }));
    const plan = soundPlan({ ...plain, unbalanceLimitA: 20, evses });
    expect(plan.evses.some(({ dischargeW = [] }) => Math.max(...dischargeW) > 1_000)).toBe(true);
  }
});

it("any site with cars that may give is planned within every limit, and never dearer than without", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
      const plain = seededInput(seed, 5);
      const evses = plain.evses.map((evse, index) =>
        index % 2 === 0
          ? {
              ...evse,
              discharge: giver({ maxPowerW: evse.maxPowerW, belowWh: (seed % 7) * 3_000, ...least(seed, evse) }),
            }
          : evse,
      );
      const plan = soundPlan({ ...plain, evses });
      const missed = (result: PlanResult) => result.evses.reduce((sum, { shortfallWh }) => sum + shortfallWh, 0);
      const without = soundPlan(plain);
      expect(missed(plan)).toBeLessThanOrEqual(missed(without) + 0.02 * Math.max(2_000, missed(without)));
    }),
    { numRuns: Number(process.env.PLAN_RUNS ?? 10), seed: 9 },
  );
});
