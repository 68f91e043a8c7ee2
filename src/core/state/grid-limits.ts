/** The grid operator's limits, the last word of each source. */
import type { SiteFact } from "../facts/index.ts";

export interface GridLimit {
  readonly limitW: number;
  /** Epoch ms; without it the limit holds until its source ends it. */
  readonly untilMs?: number;
  readonly by: string;
  /** Its source has fallen silent. */
  readonly failSafe?: boolean;
}

export type GridLimits = Readonly<Record<string, GridLimit>>;

/** Who may end a limit: whoever came the same way. Everybody who may use the API is one source. */
export function gridLimitSource(by: string): string {
  return by.startsWith("api:") ? "api" : by;
}

/** Folds one statement. Without `limitW` the limit of its source ends. */
export function withGridLimit(
  limits: GridLimits,
  data: Extract<SiteFact, { type: "grid-limit-received" }>["data"],
): GridLimits {
  const { limitW, untilMs, by, failSafe } = data;
  const source = gridLimitSource(by);
  const { [source]: _, ...others } = limits;
  if (limitW === undefined) return others;
  const limit = { limitW, by, ...(untilMs === undefined ? {} : { untilMs }), ...(failSafe ? { failSafe } : {}) };
  return { ...others, [source]: limit };
}
