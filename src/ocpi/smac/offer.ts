/** The site's own optimisation context, for a service provider that plans for it: what the site's plan reckons with. */
import type { SmacSettings } from "../../core/site/site-upstream.ts";
import { SLOT_HOURS, SLOT_MS } from "../../core/time/slots.ts";
import { CONNECTOR_ID, evseUid, locationId, type Market } from "../objects/location.ts";
import type { WireObject } from "../objects/wire-object.ts";
import { ocpiTime } from "../status.ts";

/** The text's example of an id for a site. */
export function optimisationId(market: Market): string {
  return locationId(market);
}

/** The context; missing before the first plan. */
export function scOptimisation(market: Market, settings: SmacSettings): WireObject | undefined {
  const { site, upstream, state } = market;
  const plan = state.plan.current;
  if (!plan) return undefined;
  const { input } = plan;
  const fromW = settings.powerUnit === "W" ? 1 : 0.001;
  const perSlot = { W: 1, kW: 0.001, Wh: SLOT_HOURS, kWh: SLOT_HOURS / 1000 }[settings.energyUnit];
  const bySlot = (values: readonly number[], factor: number) =>
    values.slice(0, input.slots).map((value, slot) => ({
      time_slot: ocpiTime(input.startMs + slot * SLOT_MS),
      value: Math.round(value * factor * 1e4) / 1e4,
    }));
  const fuseW = (site.circuits[0]?.limitA ?? 0) * site.voltageV * site.phases;
  return {
    country_code: upstream.countryCode,
    party_id: upstream.partyId,
    id: optimisationId(market),
    max_power: Math.min(fuseW, input.importLimitW ?? fuseW) * fromW,
    min_power: input.exportLimitW === undefined ? undefined : -input.exportLimitW * fromW,
    evses: site.evses.map((evse) => ({
      location_id: locationId(market),
      evse_uid: evseUid(evse),
      connectors: [
        { connector_id: CONNECTOR_ID, power: evse.maxCurrentA * site.voltageV * evse.phases.length * fromW },
      ],
    })),
    opportunity_cost: input.opportunityEurPerHour * SLOT_HOURS,
    demand: bySlot(input.buildingW, perSlot),
    generation: bySlot(input.pvW, perSlot),
    price: bySlot(input.importEurPerKwh, 1 / settings.priceFactor),
    last_updated: ocpiTime(plan.madeMs),
  };
}
