/** Reductions of the grid operator's limit that hold already and are not written down yet: no disk delays them. */
import { type GridLimitDraft, withGridLimits } from "../../core/grid-limit.ts";
import { gridLimitSource } from "../../core/state/grid-limits.ts";
import type { SiteState } from "../../core/state/state.ts";

export class PressingLimits {
  /** The last word of each source. */
  readonly #bySource = new Map<string, GridLimitDraft>();

  /** The state as if they were recorded. */
  over(state: SiteState): SiteState {
    return withGridLimits(state, [...this.#bySource.values()]);
  }

  /** They hold from now on, and by themselves until `written` is settled. */
  async hold<T>(drafts: readonly GridLimitDraft[], written: () => Promise<T>): Promise<T> {
    for (const draft of drafts) this.#bySource.set(gridLimitSource(draft.data.by), draft);
    try {
      return await written();
    } finally {
      for (const draft of drafts) {
        const source = gridLimitSource(draft.data.by);
        if (this.#bySource.get(source) === draft) this.#bySource.delete(source);
      }
    }
  }
}
