import { describe, expect, it } from "vitest";
import type { PlanCircuit, PlanInput } from "../core/facts/plan-facts.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { planEvse, planInput, START_MS } from "../planner/plan-input.test-kit.ts";
import { verifyPlan } from "../planner/verify/verify.ts";
import { solve } from "./plan.test-kit.ts";

/** An hour at 0.30, three at 0.25 EUR/kWh; a car of one phase that needs an hour, behind a fuse that carries it alone. */
function evening(wanted?: PlanCircuit["wanted"]): PlanInput {
  const car = { phases: [0 as const], minPowerW: 1380, maxPowerW: 7360, energyNeededWh: 7000, circuitId: "garage" };
  return planInput({
    slots: 16,
    importEurPerKwh: Array.from({ length: 16 }, (_, slot) => (slot < 4 ? 0.3 : 0.25)),
    missedEurPerKwh: 0.5,
    circuits: [
      { circuitId: "grid", limitA: 63 },
      { circuitId: "garage", parentId: "grid", limitA: 35, ...(wanted ? { wanted } : {}) },
    ],
    evses: [planEvse({ ...car, departureMs: START_MS + 16 * SLOT_MS })],
    binarySlots: 8,
  });
}

const energyKwh = (powerW: readonly number[], from: number, to: number) =>
  powerW.slice(from, to).reduce((sum, powerW) => sum + powerW / 4000, 0);
const nobody = [[0, 0, 0, 0]];

describe("a plan behind a tight fuse", () => {
  it("waits for the better price while nobody else is expected", () => {
    const [car] = solve(evening()).evses;
    expect(energyKwh(car!.powerW, 0, 4)).toBe(0);
    expect(car!.shortfallWh).toBe(0);
  });

  it("charges before those come who would want the fuse, or in the hours that they leave", () => {
    const all = [[0, 0.5, 0.5, 0.5]];
    const [early] = solve(evening([all, nobody, nobody])).evses;
    expect(energyKwh(early!.powerW, 0, 4)).toBeGreaterThan(6.8);
    const first = [[0, 0.5, 0.5, 0]];
    const [late] = solve(evening([first, nobody, nobody])).evses;
    expect(energyKwh(late!.powerW, 12, 16)).toBeGreaterThan(6.8);
  });

  it("misses nothing itself for the sake of others, and breaks no limit", () => {
    const always = [
      [0, 1, 1, 1],
      [1, 1, 1, 1],
      [1, 1, 1, 1],
    ];
    const input = evening([always, always, always]);
    const plan = solve(input);
    expect(plan.evses[0]!.shortfallWh).toBe(0);
    expect(verifyPlan(input, plan)).toEqual([]);
  });

  it("charges those first who have the least time to spare, whoever charges now", () => {
    const { circuits, evses, ...rest } = evening([[[0, 0.25, 0.25, 0.25]], nobody, nobody]);
    const [car] = evses;
    const input = planInput({
      ...rest,
      importEurPerKwh: rest.importEurPerKwh.map(() => 0.25),
      circuits: [circuits[0]!, { ...circuits[1]!, limitA: 32 }],
      evses: [
        { ...car!, energyNeededWh: 22_000 },
        { ...car!, evseId: "evse-2", transactionId: 2, energyNeededWh: 6_000, chargingNow: true },
      ],
    });
    const [tight, other] = solve(input).evses;
    expect(energyKwh(tight!.powerW, 0, 4)).toBeGreaterThan(7.3);
    expect([tight!.shortfallWh, other!.shortfallWh]).toEqual([0, 0]);
    const assumed = { ...input, evses: input.evses.map((evse) => ({ ...evse, needAssumed: true })) };
    expect(solve(assumed).evses[1]!.powerW[0]).toBeGreaterThan(0);
    const [, calm] = solve({ ...input, circuits: input.circuits.map(({ wanted: _, ...bare }) => bare) }).evses;
    expect(energyKwh(calm!.powerW, 0, 4)).toBeGreaterThan(1.8);
  });

  it("lets a car with little time to spare wait for the better price where hardly anybody comes in its hours", () => {
    const mostOfItsTime = (wanted: PlanCircuit["wanted"]) => {
      const input = evening(wanted);
      return { ...input, evses: input.evses.map((evse) => ({ ...evse, energyNeededWh: 15_000 })) };
    };
    const [calm] = solve(mostOfItsTime([[[0, 0, 0, 0.01]], nobody, nobody])).evses;
    expect(energyKwh(calm!.powerW, 0, 4)).toBeLessThan(0.1);
    const crowd = [
      [0, 0, 0, 0.01],
      [0, 0.25, 0.25, 0.25],
    ];
    const [early] = solve(mostOfItsTime([crowd, nobody, nobody])).evses;
    expect(energyKwh(early!.powerW, 0, 4)).toBeGreaterThan(3);
  });

  it("lets a car that needs most of the cheap hours begin before them where another fills the fuse then: not all gets through", () => {
    const two = (phase: 0 | 1) => {
      const input = evening();
      const [car] = input.evses;
      const other = { ...car!, evseId: "evse-2", transactionId: 2, phases: [phase], energyNeededWh: 1_000 };
      const circuits = input.circuits.map((circuit) => ({ ...circuit, limitA: 32 }));
      return solve({ ...input, circuits, evses: [{ ...car!, energyNeededWh: 20_000 }, other] });
    };
    const [early] = two(0).evses;
    expect(energyKwh(early!.powerW, 0, 4)).toBeGreaterThan(2);
    const [calm] = two(1).evses;
    expect(energyKwh(calm!.powerW, 0, 4)).toBeLessThan(0.1);
  });

  it("is not changed by those who come on other phases, nor where the site gives no weight to missing energy", () => {
    const all = [[0, 0.5, 0.5, 0.5]];
    const bare = solve(evening()).evses[0]!.powerW;
    expect(solve(evening([nobody, all, all])).evses[0]!.powerW).toEqual(bare);
    expect(solve({ ...evening([all, nobody, nobody]), missedEurPerKwh: 0 }).evses[0]!.powerW).toEqual(bare);
  });
});
