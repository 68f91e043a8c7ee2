import { describe, expect, it } from "vitest";
import type { PlanInput } from "../../core/facts/plan-facts.ts";
import { circuitRooms } from "../input/limits.ts";
import { planEvse, planInput } from "../plan-input.test-kit.ts";
import { counterweights, eagerSlots } from "./eager.ts";

const evses = [planEvse(), planEvse({ evseId: "evse-2", transactionId: 2 })];
const importEurPerKwh = [0.2, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];

interface Part {
  readonly shortfallWh?: number;
  readonly importW?: number[];
  readonly prices?: number[];
  /** Of the grid connection, behind which two cars of 16 A are. */
  readonly fuseA?: number;
  readonly more?: Partial<PlanInput>;
}

function eager(
  powerW: number[],
  { shortfallWh = 0, importW, prices = importEurPerKwh, fuseA = 24, more = {} }: Part = {},
): number {
  const input = planInput({
    importEurPerKwh: prices,
    evses,
    circuits: [{ circuitId: "grid", limitA: fuseA }],
    ...more,
  });
  const rooms = circuitRooms(input);
  return eagerSlots(
    0,
    { powerW, shortfallWh },
    {
      input,
      importW: importW ?? new Array<number>(8).fill(12_000),
      rooms,
      isCounterweight: counterweights(input)[0]!,
    },
  );
}

describe("a car that would take more now", () => {
  it("is one that must charge in a dearer slot, or misses energy", () => {
    expect(eager([0, 4140, 0, 0, 0, 0, 0, 0])).toBe(1);
    expect(eager([4140, 0, 11040, 0, 0, 0, 0, 0], { shortfallWh: 500 })).toBe(1);
  });

  it("is none where all fit beside each other: then a dearer slot has another reason, such as sun and its least power", () => {
    expect(eager([0, 4140, 0, 0, 0, 0, 0, 0], { fuseA: 31 })).toBe(1);
    expect(eager([0, 4140, 0, 0, 0, 0, 0, 0], { fuseA: 32 })).toBe(0);
    expect(eager([4140, 0, 11040, 0, 0, 0, 0, 0], { fuseA: 32, shortfallWh: 500 })).toBe(1);
  });

  it("is none where nearly all of a dear slot is sun", () => {
    const importW = [0, 2, 12_000, 12_000, 12_000, 12_000, 12_000, 12_000];
    expect(eager([0, 4140, 0, 0, 0, 0, 0, 0], { importW })).toBe(0);
  });

  it("is none where it may be the change of the import that keeps it from more, but for one that misses energy", () => {
    const more = { ramp: { limitW: 5_000 } };
    expect(eager([0, 4140, 0, 0, 0, 0, 0, 0], { more })).toBe(0);
    expect(eager([4140, 0, 11040, 0, 0, 0, 0, 0], { more, shortfallWh: 500 })).toBe(1);
  });

  it("is none that misses only what nobody asked for: a peak may be the reason", () => {
    const unasked = (notAskedWh: number) => [{ ...evses[0]!, needAssumed: true, notAskedWh }, evses[1]!];
    const short = (notAskedWh: number) =>
      eager([4140, 0, 11040, 0, 0, 0, 0, 0], { more: { evses: unasked(notAskedWh) }, shortfallWh: 500, fuseA: 32 });
    expect([short(500), short(400)]).toEqual([0, 1]);
  });

  it("is none that evens out what others load more where phases may not differ much, but for one that misses energy", () => {
    const onPhase = (phase: 0 | 1, energyNeededWh: number) =>
      planEvse({ phases: [phase], minPowerW: 1380, maxPowerW: 7360, energyNeededWh });
    const later = [0, 4140, 0, 0, 0, 0, 0, 0];
    const beside = (otherWh: number, more: Partial<PlanInput> = { unbalanceLimitA: 20 }, shortfallWh = 0) =>
      eager(later, { more: { evses: [onPhase(0, 5000), onPhase(1, otherWh)], ...more }, shortfallWh });
    // Who has most to charge may take what is left now; the other one is wanted beside it later.
    expect([beside(4000), beside(6000)]).toEqual([1, 0]);
    expect(beside(6000, { unbalanceLimitA: 20 }, 500)).toBe(1);
    expect(beside(6000, {})).toBe(1);
    // Who may have left by then takes it now.
    const unsure = { ...onPhase(0, 5000), leftBy: [0, 0.2] };
    expect(eager(later, { more: { evses: [unsure, onPhase(1, 6000)], unbalanceLimitA: 20 } })).toBe(1);
    const three = planEvse({ energyNeededWh: 5000 });
    expect(eager(later, { more: { evses: [three, onPhase(1, 6000)], unbalanceLimitA: 20 } })).toBe(1);
  });

  it("is none that waits for a better price, or has all that it takes", () => {
    expect(eager([0, 0, 11040, 0, 0, 0, 0, 0])).toBe(0);
    expect(eager([11040, 11040, 0, 0, 0, 0, 0, 0], { shortfallWh: 500 })).toBe(0);
  });

  it("is none where only a little of the sun is left over now", () => {
    const prices = [0.5, 0.5, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3];
    expect(eager([0, 0, 0, 11040, 0, 0, 0, 0], { prices, importW: [0, 0, 500, 11500, 500, 500, 500, 500] })).toBe(0);
  });
});
