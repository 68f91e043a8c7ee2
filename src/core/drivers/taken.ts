/** What the cars of ended stays took for themselves: what they gave back had to be charged again, with its losses. */
import type { EvseModel, SiteModel } from "../site/site-model.ts";
import type { Stay } from "../state/stays.ts";

/** What a Wh that an EVSE's car gave back takes to be charged again, Wh. */
export function backFactor({ discharge }: Pick<EvseModel, "discharge">): number {
  return discharge ? 100 / discharge.efficiencyPercent : 1;
}

const known = new WeakMap<readonly Stay[], { readonly site: SiteModel; readonly stays: readonly Stay[] }>();

/**
 * The stays with the losses of what was given back taken off: a car that gave 10 kWh and took them again with 12 did not take
 * two more than its driver asked for. The same array while neither the stays nor the site change.
 */
export function staysWithoutLosses(site: SiteModel, stays: readonly Stay[]): readonly Stay[] {
  if (!stays.some(({ givenWh }) => givenWh !== undefined)) return stays;
  const before = known.get(stays);
  if (before?.site === site) return before.stays;
  const corrected = stays.map((stay): Stay => {
    const evse = site.evseById.get(stay.evseId);
    if (stay.givenWh === undefined || !evse) return stay;
    const lostWh = stay.givenWh * (backFactor(evse) - 1);
    return { ...stay, energyWh: Math.max(0, Math.round(stay.energyWh - lostWh)) };
  });
  known.set(stays, { site, stays: corrected });
  return corrected;
}
