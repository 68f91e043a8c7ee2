/** The grid operator's limits, the last word of each source. */
import type { SiteFact } from "../facts/index.ts";

export interface GridLimit {
  /** Import and export, W; a missing one is not limited. */
  readonly limitW?: number;
  readonly exportLimitW?: number;
  /** Epoch ms; without it the limit holds until its source ends it or falls silent. */
  readonly untilMs?: number;
  /** Its end as its source stated it, by our clock of then: that was stepped since. */
  readonly statedUntilMs?: number;
  /** Years ahead when it was stated: our clock was not set then. When it ends is known, and not how long it lasts. */
  readonly clockUnset?: true;
  readonly by: string;
  /** Nobody said it: its source has fallen silent. */
  readonly failSafe?: boolean;
}

export type GridLimits = Readonly<Record<string, GridLimit>>;

/** Who may end a limit: whoever came the same way. Everybody who may use the API is one source. */
export function gridLimitSource(by: string): string {
  return by.startsWith("api:") ? "api" : by;
}

/** Longer than anybody limits anything. */
const YEAR_MS = 366 * 86_400_000;

/** Folds one statement that came at `atMs`, by our clock. Without a limit that of its source ends. */
export function withGridLimit(
  limits: GridLimits,
  limit: Extract<SiteFact, { type: "grid-limit-received" }>["data"],
  atMs: number,
): GridLimits {
  const source = gridLimitSource(limit.by);
  const { [source]: _, ...others } = limits;
  if (limit.limitW === undefined && limit.exportLimitW === undefined) return others;
  const clockUnset = limit.untilMs !== undefined && limit.untilMs - atMs > YEAR_MS;
  return { ...others, [source]: clockUnset ? { ...limit, clockUnset } : limit };
}

function stepped(limit: GridLimit, byMs: number): GridLimit {
  const { untilMs, statedUntilMs = untilMs, ...rest } = limit;
  if (untilMs === undefined || statedUntilMs === undefined || limit.clockUnset) return limit;
  const endsMs = untilMs + byMs;
  return { ...rest, untilMs: endsMs, ...(endsMs === statedUntilMs ? {} : { statedUntilMs }) };
}

/** Our clock jumps by `byMs`: what was to last an hour still lasts that long. */
export function withClockStep(limits: GridLimits, byMs: number): GridLimits {
  if (Object.keys(limits).length === 0) return limits;
  return Object.fromEntries(Object.entries(limits).map(([source, limit]) => [source, stepped(limit, byMs)]));
}
