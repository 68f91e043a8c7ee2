/** The site as an OCPI Location with its EVSEs. Nothing here does I/O. */
import type { EvseModel, SiteModel } from "../../core/site/site-model.ts";
import type { OcpiVersion, UpstreamConfiguration } from "../../core/site/site-upstream.ts";
import type { ConnectorStatus } from "../../core/state/charge-points.ts";
import type { SiteState } from "../../core/state/state.ts";
import { ocpiTime } from "../status.ts";
import { evse230, place230 } from "./parking.ts";
import { some, type WireObject } from "./wire-object.ts";

export interface Market {
  readonly site: SiteModel;
  readonly upstream: UpstreamConfiguration;
  readonly state: SiteState;
  readonly version: OcpiVersion;
}

const STATUS: Readonly<Record<ConnectorStatus, string>> = {
  available: "AVAILABLE",
  preparing: "CHARGING",
  charging: "CHARGING",
  "suspended-ev": "CHARGING",
  "suspended-evse": "CHARGING",
  finishing: "CHARGING",
  occupied: "CHARGING",
  reserved: "RESERVED",
  unavailable: "INOPERATIVE",
  faulted: "OUTOFORDER",
};

/** OCPI id of the location. */
export function locationId({ site, upstream }: Pick<Market, "site" | "upstream">): string {
  return upstream.location?.id ?? site.configuration.site.id.slice(0, 36);
}

/** The OCPI uid of an EVSE: stable for the place, whatever hardware hangs there. */
export function evseUid(evse: Pick<EvseModel, "id">): string {
  return evse.id.slice(0, 36);
}

/** The EVSE of a uid; ids are compared without regard to case. */
export function evseOfUid(site: SiteModel, uid: string): EvseModel | undefined {
  const name = uid.toLowerCase();
  return site.evses.find((evse) => evseUid(evse).toLowerCase() === name);
}

function marketing({ upstream }: Pick<Market, "upstream">, evse: EvseModel) {
  return upstream.evses.find((entry) => entry.id === evse.id);
}

/** The eMI3 id that drivers see. */
export function emi3Id(market: Pick<Market, "upstream">, evse: EvseModel): string {
  const { countryCode, partyId } = market.upstream;
  const own = evse.id.toUpperCase().replaceAll(/[^A-Z0-9]/g, "*");
  return marketing(market, evse)?.evseId ?? `${countryCode}*${partyId}*E${own}`.slice(0, 48);
}

const POWER_TYPES = ["AC_1_PHASE", "AC_1_PHASE", "AC_2_PHASE", "AC_3_PHASE"] as const;
export const CONNECTOR_ID = "1";

/** The plug, as CDRs name it too. */
export function plugOf(market: Pick<Market, "upstream">, evse: EvseModel) {
  const { standard = "IEC_62196_T2", format = "SOCKET" } = marketing(market, evse) ?? {};
  return { standard, format, powerType: POWER_TYPES[evse.phases.length] ?? "AC_3_PHASE" };
}

function connectorOf(market: Market, evse: EvseModel): WireObject {
  const { site, upstream, state } = market;
  const { standard, format, powerType } = plugOf(market, evse);
  const tariffs = upstream.tariffs.map(({ id }) => id);
  return {
    id: CONNECTOR_ID,
    standard,
    format,
    power_type: powerType,
    max_voltage: Math.round(site.voltageV),
    max_amperage: Math.floor(evse.maxCurrentA),
    max_electric_power: Math.floor(evse.maxCurrentA * site.voltageV * evse.phases.length),
    tariff_ids: some(tariffs),
    capabilities: market.version === "2.3.0" ? some(marketing(market, evse)?.plugAndCharge) : undefined,
    last_updated: ocpiTime(configuredMs(state)),
  };
}

function configuredMs(state: SiteState): number {
  return state.upstream.configuration?.changedMs ?? state.site.modeSinceMs;
}

/** When an EVSE changed last, epoch ms. */
function evseUpdatedMs(state: SiteState, evse: EvseModel): number {
  const status = state.chargePoints.evses[evse.id]?.sinceMs ?? 0;
  const link = state.chargePoints.byId[evse.chargePointId]?.changedMs ?? 0;
  return Math.max(configuredMs(state), status, link);
}

function statusOf(state: SiteState, evse: EvseModel): string {
  if (state.chargePoints.byId[evse.chargePointId]?.connected !== true) return "UNKNOWN";
  const known = state.chargePoints.evses[evse.id];
  return known ? STATUS[known.status] : "UNKNOWN";
}

const CAPABILITIES = ["REMOTE_START_STOP_CAPABLE", "RFID_READER", "UNLOCK_CAPABLE"] as const;

/** Whether the charge point of an EVSE takes limits at all, as far as it is known: its own word, or its answer to one. */
export function takesLimits(state: SiteState, evse: Pick<EvseModel, "id" | "chargePointId">): boolean {
  const answer = state.limits.byEvse[evse.id]?.answer;
  if (answer === "not-supported") return false;
  return answer === "accepted" || state.chargePoints.byId[evse.chargePointId]?.smartCharging !== false;
}

function capabilities(state: SiteState, evse: EvseModel): string[] {
  const limits = takesLimits(state, evse) ? ["CHARGING_PROFILE_CAPABLE", "CHARGING_PREFERENCES_CAPABLE"] : [];
  const reserves = state.chargePoints.byId[evse.chargePointId]?.reserves === true ? ["RESERVABLE"] : [];
  return [...limits, ...CAPABILITIES, ...reserves];
}

/** An EVSE. */
export function evseObject(market: Market, evse: EvseModel): WireObject {
  const { state } = market;
  return {
    uid: evseUid(evse),
    evse_id: emi3Id(market, evse),
    status: statusOf(state, evse),
    capabilities: capabilities(state, evse),
    connectors: [connectorOf(market, evse)],
    physical_reference: marketing(market, evse)?.physicalReference,
    floor_level: marketing(market, evse)?.floorLevel,
    parking_restrictions: some(marketing(market, evse)?.parkingRestrictions),
    ...(market.version === "2.3.0" ? evse230(market.upstream, marketing(market, evse)) : {}),
    last_updated: ocpiTime(evseUpdatedMs(state, evse)),
  };
}

/** The connector of an EVSE by its id. */
export function connectorObject(market: Market, evse: EvseModel, connectorId: string): WireObject | undefined {
  return connectorId === CONNECTOR_ID ? connectorOf(market, evse) : undefined;
}

/** When the location changed last: with every change below it. */
export function locationUpdatedMs(site: SiteModel, state: SiteState): number {
  return Math.max(configuredMs(state), ...site.evses.map((evse) => evseUpdatedMs(state, evse)));
}

type Place = NonNullable<UpstreamConfiguration["location"]>;

function openingTimes({ openingTimes }: Place): WireObject {
  if (openingTimes.length === 0) return { twentyfourseven: true };
  const hours = openingTimes.map(({ weekday, from, to }) => ({ weekday, period_begin: from, period_end: to }));
  return { twentyfourseven: false, regular_hours: hours };
}

function energyMix({ energyMix: mix }: Place): WireObject | undefined {
  if (!mix) return undefined;
  const sources = mix.sources.map(({ source, percent }) => ({ source, percentage: percent }));
  return {
    is_green_energy: mix.green,
    energy_sources: sources.length > 0 ? sources : undefined,
    environ_impact:
      mix.co2GramsPerKwh === undefined ? undefined : [{ category: "CARBON_DIOXIDE", amount: mix.co2GramsPerKwh }],
    supplier_name: mix.supplier,
    energy_product_name: mix.product,
  };
}

/** The location; missing where the configuration has no address for it. */
export function locationObject(market: Market): WireObject | undefined {
  const { site, upstream, state, version } = market;
  const { location, countryCode, partyId } = upstream;
  if (!location) return undefined;
  const { name, timeZone } = site.configuration.site;
  return {
    country_code: countryCode,
    party_id: partyId,
    id: locationId(market),
    publish: location.publish,
    name: name || undefined,
    address: location.address,
    city: location.city,
    postal_code: location.postalCode,
    country: location.country,
    coordinates: { latitude: location.latitude, longitude: location.longitude },
    evses: site.evses.map((evse) => evseObject(market, evse)),
    operator: { name: upstream.name || partyId, website: upstream.website },
    time_zone: timeZone,
    parking_type: location.parkingType,
    facilities: some(location.facilities),
    opening_times: openingTimes(location),
    charging_when_closed: true,
    energy_mix: energyMix(location),
    ...(version === "2.3.0" ? place230(location) : {}),
    last_updated: ocpiTime(locationUpdatedMs(site, state)),
  };
}
