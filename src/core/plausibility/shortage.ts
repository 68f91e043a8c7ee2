/**
 * A meter that shows less on a phase than the cars below it draw there by their own meters (or less in all, where these tell power
 * alone): it is turned, of another scale or swapped, or there is a generator that nobody named. Reports of cars lag, so only those
 * count that came after it began.
 */
import { type PerPhase, PHASE_INDEXES, sumPhases } from "../quantity.ts";
import { type EvseReport, type EvseTrack, REPORT_VALID_MS, untoldBackA } from "./evses.ts";

/** What is given back counts with no less than this. */
const HIGHEST_V = 253;
/** Meters differ by so much. */
const ALLOWED_A = 2;
const ALLOWED_PART = 0.05;
const ALLOWED_W = 1_000;
/** A car's report shows what was so long after the meter's reading that both are of the same current. */
const REPORT_AFTER_MS = 3_000;

export interface Shortage {
  readonly sinceMonoMs: number;
  /** Since when also those reports alone show it that came after it began. */
  readonly againMonoMs?: number;
  readonly found: boolean;
}

export interface ShortageInput {
  readonly currentA: PerPhase;
  readonly powerW: number;
  /** What sun and battery may feed into a phase at most, A, and in all, W. */
  readonly producedA: number;
  readonly producedW: number;
  readonly tracks: readonly EvseTrack[];
  readonly monoMs: number;
}

/** Whether they draw more in all than the meter shows; said only where one tells no currents, as these say more. */
function isPowerShort({ powerW, producedW }: ShortageInput, reports: readonly EvseReport[], backW: number): boolean {
  if (reports.every(({ currentA }) => currentA !== undefined)) return false;
  const carsW = reports.reduce((sumW, report) => sumW + report.powerW, 0);
  return powerW < carsW - backW - producedW - ALLOWED_W - ALLOWED_PART * carsW;
}

/** Whether the cars that reported since then draw more on a phase than the meter shows. */
function isShort(input: ShortageInput, sinceMonoMs: number): boolean {
  const { currentA, producedA, tracks, monoMs } = input;
  const fromMonoMs = Math.max(sinceMonoMs, monoMs - REPORT_VALID_MS);
  const counted = ({ transactionId, last }: EvseTrack) =>
    transactionId !== undefined && last && last.atMonoMs >= fromMonoMs ? last : undefined;
  const reports = tracks.flatMap((track) => counted(track) ?? []);
  const backA = tracks.map((track) => untoldBackA(track, counted(track)));
  const isPhaseShort = PHASE_INDEXES.some((phase) => {
    const carsA = reports.reduce((sumA, report) => sumA + (report.currentA?.[phase] ?? 0), 0);
    const givenA = backA.reduce((sumA, back) => sumA + back[phase], 0);
    return carsA > 0 && currentA[phase] < carsA - givenA - producedA - ALLOWED_A - ALLOWED_PART * carsA;
  });
  return (
    isPhaseShort || isPowerShort(input, reports, backA.reduce((sumA, back) => sumA + sumPhases(back), 0) * HIGHEST_V)
  );
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
