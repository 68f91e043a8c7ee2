import type { EvseDecision } from "../control/control.ts";
import type { ProcessImage } from "../image.ts";
import type { SiteModel } from "../site/site-model.ts";
import type { SiteState } from "../state/state.ts";

/** What one look at the meters needs. */
export interface MeteringInput {
  readonly site: SiteModel;
  readonly state: SiteState;
  readonly image: ProcessImage;
  /** What the control step decided in this tick: which reason limited whom. */
  readonly decisions: readonly EvseDecision[];
}
