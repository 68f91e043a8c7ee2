/** What a plan has to know of a limited ramp: the limit, and what flowed in the quarter-hours before, where it was measured. */
import type { PlanInput } from "../../core/facts/plan-facts.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import type { SiteState } from "../../core/state/state.ts";
import { SLOT_HOURS, SLOT_MS } from "../../core/time/slots.ts";

export interface RampQuestion {
  readonly site: SiteModel;
  readonly state: SiteState;
  /** Imported and exported since the running slot began, Wh; missing where it was not measured. */
  readonly importedWh?: number;
  readonly exportedWh?: number;
}

type Ramp = NonNullable<PlanInput["ramp"]>;

/** The mean powers of a quarter-hour that was measured from its begin to its end, and whose building is known. */
function measured(slotStartMs: number, { site, state }: RampQuestion): Ramp["before"] {
  const found = state.site.quarterHours.findLast((quarterHour) => quarterHour.slotStartMs === slotStartMs);
  if (!found?.complete || found.importWh === undefined || found.buildingWh === undefined) return undefined;
  const pvWh = site.pvIds.length === 0 ? 0 : found.pvWh;
  if (pvWh === undefined) return undefined;
  const meanW = (energyWh: number) => Math.round(energyWh / SLOT_HOURS);
  return { netW: meanW(found.importWh - (found.exportWh ?? 0)), restingW: meanW(found.buildingWh - pvWh) };
}

/** The ramp of a site that has one, for a plan that begins in the slot of `startMs`. */
export function planRamp(startMs: number, question: RampQuestion): Pick<PlanInput, "ramp"> {
  const limitW = question.site.configuration.gridConnection.rampLimitW;
  if (limitW === undefined) return {};
  const before = measured(startMs - SLOT_MS, question);
  const { importedWh, exportedWh } = question;
  const drawnWh = importedWh === undefined || exportedWh === undefined ? undefined : importedWh - exportedWh;
  return {
    ramp: {
      limitW,
      ...(before ? { before } : {}),
      ...(drawnWh === undefined ? {} : { drawnWh: Math.round(drawnWh) }),
    },
  };
}
