/**
 * Reductions of the grid operator's limit, and steps of our clock, that hold already and are not written down yet: no
 * disk delays them.
 */
import { type GridLimitDraft, withGridLimits } from "../../core/limits/grid-limit.ts";
import { afterClockStep, type ClockStep } from "../../core/state/clock-step.ts";
import { gridLimitSource } from "../../core/state/grid-limits.ts";
import type { SiteState } from "../../core/state/state.ts";

interface Pressing {
  draft: GridLimitDraft;
}

export class PressingLimits {
  /** The last word of each source. */
  readonly #bySource = new Map<string, Pressing>();
  #steps: readonly ClockStep[] = [];

  /** The state as if they were recorded now. */
  over(state: SiteState, nowMs: number): SiteState {
    const drafts = [...this.#bySource.values()].map(({ draft }) => draft);
    return withGridLimits(this.#steps.reduce(afterClockStep, state), drafts, nowMs);
  }

  /** They hold from now on, and by themselves until `written` is settled. */
  async hold<T>(drafts: readonly GridLimitDraft[], written: () => Promise<T>): Promise<T> {
    const held = drafts.map((draft) => [gridLimitSource(draft.data.by), { draft }] as const);
    for (const [source, pressing] of held) this.#bySource.set(source, pressing);
    try {
      return await written();
    } finally {
      for (const [source, pressing] of held) if (this.#bySource.get(source) === pressing) this.#bySource.delete(source);
    }
  }

  /** Our clock has jumped: what was to last an hour still lasts that long, until `written` is settled and afterwards. */
  async step(step: ClockStep, written: Promise<unknown>): Promise<void> {
    this.#steps = [...this.#steps, step];
    for (const pressing of this.#bySource.values()) {
      const { untilMs } = pressing.draft.data;
      if (untilMs === undefined) continue;
      pressing.draft = { ...pressing.draft, data: { ...pressing.draft.data, untilMs: untilMs + step.byMs } };
    }
    await written.catch(() => undefined);
    this.#steps = this.#steps.filter((other) => other !== step);
  }
}
