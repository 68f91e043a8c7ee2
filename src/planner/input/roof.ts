/** What a plan knows of the site's inverters. */
import type { PlanInput } from "../../core/facts/plan-facts.ts";
import type { SiteModel } from "../../core/site/site-model.ts";

/** What all inverters give at most, W; missing where that of one is not known. */
export function peakW(site: SiteModel): number | undefined {
  const peaks = site.configuration.devices
    .filter((device) => site.pvIds.includes(device.id))
    .map((device) => device.pv?.peakW);
  const known = peaks.filter((peak) => peak !== undefined);
  return known.length > 0 && known.length === peaks.length ? known.reduce((sum, peak) => sum + peak, 0) : undefined;
}

/** Part of the sun that no inverter may hold back, by the peaks of the inverters; all alike where one is not known. */
export function sunFixedPart({ configuration, pvIds }: SiteModel): Pick<PlanInput, "sunFixedPart"> {
  const inverters = configuration.devices.flatMap(({ id, pv }) => (pvIds.includes(id) ? [{ id, pv }] : []));
  if (inverters.length === 0) return {};
  const isKnown = inverters.every(({ pv }) => pv !== undefined);
  const peak = (those: typeof inverters) => those.reduce((sum, { pv }) => sum + (isKnown ? pv!.peakW : 1), 0);
  return { sunFixedPart: peak(inverters.filter(({ pv }) => !pv?.control)) / peak(inverters) };
}
