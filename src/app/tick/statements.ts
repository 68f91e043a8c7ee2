/** What others state: limits, wishes, visits, budgets. A limit of the grid operator that takes something away waits for no disk. */
import type { SiteDraft, SiteFact } from "../../core/facts/index.ts";
import { type GridLimitDraft, isGridLimitReduction, isGridLimitRenewal } from "../../core/limits/grid-limit.ts";
import type { Clock } from "../../core/ports.ts";
import { gridLimitSource } from "../../core/state/grid-limits.ts";
import type { SiteState } from "../../core/state/state.ts";
import { isKnownVisit } from "../../core/state/visits.ts";
import type { Recorder } from "../recording/recorder.ts";
import type { ImageStore } from "./image-store.ts";
import type { PressingLimits } from "./pressing-limits.ts";

export interface StatementsOptions {
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly sink: ImageStore;
  readonly pressing: PressingLimits;
  /** The guard has something new to look at. */
  readonly want: () => void;
}

/**
 * Records statements. A limit of the grid operator that is sent again as it is keeps its source alive and is no fact, a visit
 * that is announced again neither. A limit that takes something away holds at once, and is taken even while the disk refuses;
 * one that gives has to be on disk.
 */
export async function recordStatements(
  { recorder, clock, sink, pressing, want }: StatementsOptions,
  drafts: readonly SiteDraft[],
): Promise<readonly SiteFact[]> {
  const limits = drafts.filter((draft) => draft.type === "grid-limit-received");
  const nowMs = clock.wallMs();
  const known = pressing.over(recorder.state(), nowMs);
  const isPressing = (draft: GridLimitDraft) =>
    isGridLimitReduction(known, draft, nowMs) && !isGridLimitRenewal(known, draft);
  const reductions = limits.filter(isPressing);
  const decide = (state: SiteState) => ({
    drafts: drafts.filter((draft) => {
      const isRenewal = draft.type === "grid-limit-received" && isGridLimitRenewal(state, draft);
      return !isRenewal && !isKnownVisit(state.visits, draft);
    }),
    answer: undefined,
  });
  if (reductions.length > 0) want();
  const { facts } =
    reductions.length > 0
      ? await pressing.hold(reductions, () => recorder.keep(decide))
      : await recorder.record(decide);
  // Who could not be recorded was not heard.
  for (const { data } of limits) sink.heard(gridLimitSource(data.by));
  if (facts.some(({ type }) => type === "grid-limit-received")) want();
  return facts;
}
