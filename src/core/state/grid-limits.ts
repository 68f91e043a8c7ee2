/** The grid operator's limits, the last word of each source. */
import type { SiteFact } from "../facts/index.ts";

export interface GridLimit {
  /** Import and export, W; a missing one is not limited. */
  readonly limitW?: number;
  readonly exportLimitW?: number;
  /** Epoch ms; without it the limit holds until its source ends it or falls silent. */
  readonly untilMs?: number;
  readonly by: string;
  /** Nobody said it: its source has fallen silent. */
  readonly failSafe?: boolean;
}

export type GridLimits = Readonly<Record<string, GridLimit>>;

/** Who may end a limit: whoever came the same way. Everybody who may use the API is one source. */
export function gridLimitSource(by: string): string {
  return by.startsWith("api:") ? "api" : by;
}

/** Folds one statement. Without a limit that of its source ends. */
export function withGridLimit(
  limits: GridLimits,
  limit: Extract<SiteFact, { type: "grid-limit-received" }>["data"],
): GridLimits {
  const source = gridLimitSource(limit.by);
  const { [source]: _, ...others } = limits;
  return limit.limitW === undefined && limit.exportLimitW === undefined ? others : { ...others, [source]: limit };
}
