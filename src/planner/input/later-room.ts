/**
 * How much of a circuit's room those leave who will probably come: from the second hour of a plan on to the end of each hour,
 * when all of them get what they took before they leave. Who waits for a better price may use that, and no more.
 */
import type { PlanInput } from "../../core/facts/plan-facts.ts";
import type { PhaseIndex } from "../../core/quantity.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import { type CircuitRoom, roomWh, WANTED_SLOTS, wantedBlocks } from "./limits.ts";

const HOUR_MS = 3_600_000;

/** A car of the past as if it came after now. */
export interface Comer {
  /** Of the days that are laid beside the plan, an index. */
  readonly sample: number;
  readonly beginMs: number;
  readonly leavesMs: number;
  readonly energyWh: number;
  /** On the phase, W. */
  readonly powerW: number;
}

/** Energy of a car that has to flow between two times, Wh: what cannot flow before or after, until it leaves. */
function boundWh({ beginMs, leavesMs, energyWh, powerW }: Comer, fromMs: number, untilMs: number): number {
  const flowsWh = (fromMs: number, untilMs: number) => (powerW * Math.max(0, untilMs - fromMs)) / HOUR_MS;
  const elsewhereWh = flowsWh(beginMs, Math.min(leavesMs, fromMs)) + flowsWh(Math.max(beginMs, untilMs), leavesMs);
  const mostWh = flowsWh(Math.max(beginMs, fromMs), Math.min(leavesMs, untilMs));
  return Math.max(0, Math.min(mostWh, energyWh - elsewhereWh));
}

/** How much each sample counts for an hour; what is over counts for nobody coming. */
export interface LaterWeights {
  readonly samples: readonly number[];
  readonly nobody: number;
}

/** The mean by hour, Wh; of an hour that is overfull nothing is left. */
export function laterRoomWh(
  room: CircuitRoom,
  phase: PhaseIndex,
  comers: readonly Comer[],
  { input, weights }: { readonly input: PlanInput; readonly weights: (block: number) => LaterWeights },
): number[] {
  const blockMs = WANTED_SLOTS * SLOT_MS;
  const fromMs = input.startMs + blockMs;
  let wholeWh = 0;
  return Array.from({ length: wantedBlocks(input) }, (_, block) => {
    if (block === 0) return 0;
    wholeWh += roomWh(room, phase, block, input);
    const untilMs = fromMs + block * blockMs;
    const { samples, nobody } = weights(block);
    const takenWh = new Float64Array(samples.length);
    for (const comer of comers) if (comer.beginMs < untilMs) takenWh[comer.sample]! += boundWh(comer, fromMs, untilMs);
    const whole = samples.reduce((sum, weight) => sum + weight, nobody);
    const leftWh = samples.reduce(
      (sum, weight, sample) => sum + weight * Math.max(0, wholeWh - takenWh[sample]!),
      nobody * wholeWh,
    );
    return Math.round(leftWh / whole);
  });
}
