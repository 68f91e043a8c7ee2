import { describe, expect, it } from "vitest";
import type { PlanCircuit, PlanEvse, PlanInput } from "../../core/facts/plan-facts.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import { planEvse, planInput, START_MS } from "../plan-input.test-kit.ts";
import { carCost } from "./car-cost.ts";
import { crowding } from "./crowding.ts";
import { planWeights } from "./weights.ts";

/** A car on L1 that stays for six hours; a fuse of 40 A gives it 55 kWh in them. */
const car = (part: Partial<PlanEvse> = {}) =>
  planEvse({ phases: [0], maxPowerW: 7360, minPowerW: 1380, departureMs: START_MS + 24 * SLOT_MS, ...part });

function garage(evses: readonly PlanEvse[], circuit: Partial<PlanCircuit> = {}): PlanInput {
  return planInput({
    slots: 48,
    missedEurPerKwh: 0.5,
    circuits: [{ circuitId: "grid", limitA: 40, ...circuit }],
    evses: evses.map((evse, index) => ({ ...evse, evseId: `evse-${index + 1}`, transactionId: index + 1 })),
  });
}

const nobody: number[] = [];

describe("how crowded the time until a car leaves is", () => {
  it("grows with what the cars behind a fuse need of what it gives until then", () => {
    const cars = (energyNeededWh: number) => crowding(garage([car({ energyNeededWh }), car({ energyNeededWh })]));
    expect(cars(5_000)).toEqual([0, 0]);
    const [some] = cars(11_000);
    expect(some).toBeGreaterThan(0.3);
    expect(some).toBeLessThan(0.7);
    expect(cars(20_000)).toEqual([1, 1]);
  });

  it("is nothing to a car alone, to one on another phase, and to one that leaves after all others have what they need", () => {
    expect(crowding(garage([car({ energyNeededWh: 30_000 })]))).toEqual([0]);
    const other = car({ phases: [1], energyNeededWh: 30_000 });
    expect(crowding(garage([car({ energyNeededWh: 30_000 }), other]))).toEqual([0, 0]);
    const long = car({ energyNeededWh: 4_000, departureMs: START_MS + 48 * SLOT_MS });
    const short = car({ energyNeededWh: 12_000, departureMs: START_MS + 12 * SLOT_MS });
    const [early, late] = crowding(garage([short, long]));
    expect(early).toBeGreaterThan(0.4);
    expect(late).toBe(0);
  });

  it("counts what those take who come later, also to a car that is alone until then", () => {
    // Of the five hours after the first one they leave a fifth.
    const leftWh = Array.from({ length: 12 }, (_, hour) => hour * 0.2 * 40 * 230);
    const few = car({ energyNeededWh: 9_000 });
    expect(crowding(garage([few]))).toEqual([0]);
    expect(crowding(garage([few], { leftWh: [leftWh, nobody, nobody] }))).toEqual([expect.closeTo(0.945, 1)]);
  });

  it("makes it dearer to wait while the car may leave, and not where it surely stays or missing energy has no weight", () => {
    const leftBy = Array.from({ length: 24 }, (_, slot) => slot / 100);
    const cost = (needWh: number, slot: number, part: Partial<PlanInput> = {}) => {
      const input = { ...garage([car({ energyNeededWh: needWh, leftBy }), car({ energyNeededWh: needWh })]), ...part };
      return (which: number) => carCost(input.evses[which]!, slot, { input, weights: planWeights(input) });
    };
    // A missed kWh weighs 0.50 less what it would have cost, four times where all of the room is needed.
    expect(cost(5_000, 20)(0)).toBeCloseTo(0.2 * 0.2, 3);
    expect(cost(20_000, 20)(0)).toBeCloseTo(4 * 0.2 * 0.2, 3);
    expect(cost(20_000, 20)(1)).toBeCloseTo(0, 3);
    expect(cost(20_000, 20, { missedEurPerKwh: 0 })(0)).toBeCloseTo(0, 3);
  });
});
