/** One look at the frozen image: what is decided by it, and what is remembered until the next. */
import type { CircuitObservation, ControlStep, EvseDecision } from "../../core/control/control.ts";
import { type ControlMemory, controlStep, initialControlMemory } from "../../core/control/step.ts";
import { deviceQualityDrafts } from "../../core/device-quality.ts";
import { standingDrafts } from "../../core/drivers/standing.ts";
import { visitDrafts } from "../../core/drivers/visits.ts";
import type { SiteDraft } from "../../core/facts/index.ts";
import type { ProcessImage } from "../../core/image.ts";
import { gridLimitDrafts, withGridLimits } from "../../core/limits/grid-limit.ts";
import { initialMeteringMemory, type MeteringMemory, meterTick } from "../../core/metering/metering.ts";
import { exportedSoFarWh, importedSoFarWh } from "../../core/metering/site-meter.ts";
import type { Log } from "../../core/ports.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import { sitePowers } from "../../core/site/site-powers.ts";
import type { SiteState } from "../../core/state/state.ts";
import { createExaminer, type Examine } from "./examine.ts";
import type { MeasuredNow } from "./plan-loop.ts";

/** Beyond it, a car that changed its current would be taken for a building that did. */
const EVSE_NOW_MS = 15_000;

export interface Decided {
  readonly step: ControlStep<ControlMemory>;
  readonly drafts: readonly SiteDraft[];
}

export class Look {
  readonly #site: SiteModel;
  readonly #examine: Examine;
  #control: ControlMemory = initialControlMemory();
  #metering: MeteringMemory = initialMeteringMemory();
  /** As of the last look. */
  image: ProcessImage;
  circuits: readonly CircuitObservation[] = [];
  decisions: readonly EvseDecision[] = [];

  constructor(site: SiteModel, log: Log, image: ProcessImage) {
    this.#site = site;
    this.#examine = createExaminer(site, log);
    this.image = image;
  }

  /** Decides by the state that is known and a new image; `troubles` are the last words on devices. */
  decide(known: SiteState, raw: ProcessImage, troubles: ReadonlyMap<string, string>): Decided {
    const site = this.#site;
    const { image, ...examined } = this.#examine(known, raw);
    const limits = gridLimitDrafts(site, known, image);
    const state = withGridLimits(known, limits, image.nowMs);
    const step = controlStep({ site, state, image }, this.#control);
    const metering = meterTick(this.#metering, { site, state, image, decisions: step.evses });
    this.#control = step.memory;
    this.#metering = metering.memory;
    this.circuits = step.circuits;
    this.decisions = step.evses;
    this.image = image;
    const drafts = [
      ...examined.drafts,
      ...deviceQualityDrafts(site, state, image, new Map([...troubles, ...examined.troubles])),
      ...limits,
      ...visitDrafts(state, image),
      ...standingDrafts(site, state, image),
      ...step.drafts,
      ...metering.drafts,
    ];
    return { step, drafts };
  }

  /** What a plan is measured against. */
  measured(state: SiteState): MeasuredNow {
    const { site } = this.#metering;
    return {
      buildingW: this.#buildingW(state),
      importedWh: importedSoFarWh(site, this.#site),
      exportedWh: exportedSoFarWh(site, this.#site),
    };
  }

  /** What the building draws without cars, sun and battery, W; unknown while a charging EVSE's own reading is behind the meter's. */
  #buildingW(state: SiteState): number | undefined {
    const { image } = this;
    const isNow = (evseId: string) => image.monoMs - (image.evses.get(evseId)?.atMonoMs ?? -Infinity) < EVSE_NOW_MS;
    const areNow = Object.values(state.sessions.open).every(({ evseId }) => isNow(evseId));
    return areNow ? sitePowers({ site: this.#site, state, image }).buildingW : undefined;
  }
}
