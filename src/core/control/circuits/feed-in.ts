/** What inverters and batteries may feed in on a circuit, by what they can at most: without a meter nobody sees what they do. */
import type { DeviceConfiguration } from "../../site/site.ts";
import type { SiteModel } from "../../site/site-model.ts";

/** What feeds in with so much at most may do so on one phase (VDE-AR-N 4105), W. */
const ONE_PHASE_UP_TO_W = 4600;

function isAtOrBelow(site: SiteModel, id: string | undefined, circuitId: string): boolean {
  return id !== undefined && (id === circuitId || isAtOrBelow(site, site.circuitById.get(id)?.parentId, circuitId));
}

/** The most that the devices which `counts` may feed in on a nested circuit and below it, A per phase. */
export function mostFeedInA(
  site: SiteModel,
  circuitId: string,
  counts: (device: DeviceConfiguration) => boolean,
): number {
  let sumA = 0;
  for (const device of site.configuration.devices) {
    const { circuit, role, pv, battery } = device;
    if (role === "meter" || !isAtOrBelow(site, circuit, circuitId) || !counts(device)) continue;
    const powerW = Math.max(pv?.peakW ?? 0, battery?.maxDischargeW ?? 0);
    sumA += powerW / (site.voltageV * (powerW <= ONE_PHASE_UP_TO_W ? 1 : site.phases));
  }
  return sumA;
}
