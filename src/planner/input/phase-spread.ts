/**
 * How the building spreads over the phases: a plan of a day believes what flowed over a day, not what happens to be switched on
 * when it is made. A kettle of two minutes on a phase would take half of it from all hours to come.
 */
import { mapPhases, type PerPhase, ZERO_PHASES } from "../../core/quantity.ts";

const HOUR_MS = 3_600_000;
/** What flowed a day ago counts a third of what flows now. */
const MEMORY_MS = 24 * HOUR_MS;
/** A pause between two readings counts no longer than this. */
const MOST_APART_MS = 60_000;

export interface PhaseSpread {
  /** Seen of each phase, older flows counting less, Ah; in so many hours, counted alike. */
  readonly flowedAh: PerPhase;
  readonly hours: number;
  readonly monoMs: number;
}

/** Takes up what the building draws by phase, A; unchanged while nobody can tell. */
export function withFlow(
  before: PhaseSpread | undefined,
  currentA: PerPhase | undefined,
  monoMs: number,
): PhaseSpread | undefined {
  if (!currentA) return before;
  const { flowedAh, hours } = before ?? { flowedAh: ZERO_PHASES, hours: 0 };
  const apartMs = Math.max(0, Math.min(MOST_APART_MS, monoMs - (before?.monoMs ?? monoMs - MOST_APART_MS)));
  const kept = Math.exp(-apartMs / MEMORY_MS);
  const apartHours = apartMs / HOUR_MS;
  return {
    flowedAh: mapPhases((phase) => kept * flowedAh[phase] + apartHours * currentA[phase]),
    hours: kept * hours + apartHours,
    monoMs,
  };
}

/** The mean by phase, A; missing where nothing was seen. */
export function meanPhasesA({ flowedAh, hours }: PhaseSpread): PerPhase | undefined {
  return hours > 0 ? mapPhases((phase) => flowedAh[phase] / hours) : undefined;
}
