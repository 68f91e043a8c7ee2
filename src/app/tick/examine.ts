/** The look at the meters before each decision. A defect in it must not stop the guard: that then sees what was read. */
import type { ProcessImage } from "../../core/image.ts";
import { type Examined, examineMeters, initialPlausibility } from "../../core/plausibility/plausibility.ts";
import type { Log } from "../../core/ports.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import type { SiteState } from "../../core/state/state.ts";

export type Examine = (state: SiteState, image: ProcessImage) => Omit<Examined, "memory">;

/** Remembers from tick to tick; after a defect it begins anew. The defect is logged once. */
export function createExaminer(site: SiteModel, log: Log, examine = examineMeters): Examine {
  let memory = initialPlausibility();
  let failed = false;
  return (state, image) => {
    try {
      const examined = examine(memory, { site, state, image });
      memory = examined.memory;
      return examined;
    } catch (error) {
      if (!failed)
        log.error("The meters are not examined; the guard goes on with what they say", { error: String(error) });
      failed = true;
      memory = initialPlausibility();
      return { image, drafts: [], troubles: new Map() };
    }
  };
}
