/**
 * A meter that shows less on a phase than the cars below it draw there, by their own meters: turned, of another scale,
 * swapped, or a generator that nobody named. The reports of cars lag: only those count that came after it began.
 */
import { type PerPhase, PHASE_INDEXES } from "../quantity.ts";
import type { EvseTrack } from "./evses.ts";

/** Meters differ by so much. */
const ALLOWED_A = 2;
const ALLOWED_PART = 0.05;
/** A car's report shows what was so long after the meter's reading that both are of the same current. */
const REPORT_AFTER_MS = 3_000;
/** What a car draws now, its report shows for so long. */
const REPORT_VALID_MS = 120_000;

export interface Shortage {
  readonly sinceMonoMs: number;
  /** Since when also those reports alone show it that came after it began. */
  readonly againMonoMs?: number;
  readonly found: boolean;
}

export interface ShortageInput {
  readonly currentA: PerPhase;
  /** What sun and battery may feed into a phase at most, A. */
  readonly producedA: number;
  readonly tracks: readonly EvseTrack[];
  readonly monoMs: number;
}

/** Whether the cars that reported since then draw more on a phase than the meter shows. */
function isShort({ currentA, producedA, tracks, monoMs }: ShortageInput, sinceMonoMs: number): boolean {
  const fromMonoMs = Math.max(sinceMonoMs, monoMs - REPORT_VALID_MS);
  return PHASE_INDEXES.some((phase) => {
    let carsA = 0;
    for (const { transactionId, last } of tracks)
      if (transactionId !== undefined && last && last.atMonoMs >= fromMonoMs) carsA += last.currentA?.[phase] ?? 0;
    return carsA > 0 && currentA[phase] < carsA - producedA - ALLOWED_A - ALLOWED_PART * carsA;
  });
}

/**
 * Follows a meter that shows too little, as long as it does. A car may stop just after its report while another has yet to report that it
 * did: so the reports of after the beginning have to show it, and then those of after that.
 */
export function shortage(before: Shortage | undefined, input: ShortageInput): Shortage | undefined {
  const { monoMs } = input;
  if (!isShort(input, Number.NEGATIVE_INFINITY)) return undefined;
  const sinceMonoMs = before?.sinceMonoMs ?? monoMs;
  const again = isShort(input, sinceMonoMs + REPORT_AFTER_MS);
  const againMonoMs = again ? (before?.againMonoMs ?? monoMs) : undefined;
  const found = before?.found === true || (again && isShort(input, againMonoMs! + REPORT_AFTER_MS));
  return { sinceMonoMs, found, ...(again ? { againMonoMs: againMonoMs! } : {}) };
}
