/** A charge detail record on the wire, from the fact that it is. */
import type { Envelope } from "../../core/facts/fact.ts";
import { marketId } from "../../core/market/id.ts";
import type { TariffConfiguration } from "../../core/site/site-upstream.ts";
import { ocpiTime } from "../status.ts";
import { CONNECTOR_ID, emi3Id, evseUid, locationId, type Market, plugOf } from "./location.ts";
import { knownMeterKey } from "./meter-key.ts";
import { type CdrFact, cdrTokenOf, periodObject } from "./session.ts";
import { type SignedFact, signedData } from "./signed-data.ts";
import { tariffObject } from "./tariff.ts";
import { hours, kwh, priceOf, type WireObject } from "./wire-object.ts";

/** A fact of the ledger by its sequence. */
export type ReadFact = (seq: number) => Envelope | undefined;

function cdrLocation(market: Market, evseId: string): WireObject {
  const { site, upstream } = market;
  const { location } = upstream;
  const evse = site.evseById.get(evseId);
  const plug = evse && plugOf(market, evse);
  return {
    id: locationId(market),
    name: site.configuration.site.name || undefined,
    address: location?.address ?? "#NA",
    city: location?.city ?? "#NA",
    postal_code: location?.postalCode,
    country: location?.country ?? "#NA",
    coordinates: { latitude: location?.latitude ?? "0.00000", longitude: location?.longitude ?? "0.00000" },
    evse_uid: evseUid({ id: evseId }),
    evse_id: evse ? emi3Id(market, evse) : "#NA",
    connector_id: CONNECTOR_ID,
    connector_standard: plug?.standard ?? "IEC_62196_T2",
    connector_format: plug?.format ?? "SOCKET",
    connector_power_type: plug?.powerType ?? "AC_3_PHASE",
  };
}

/** The record. */
export function cdrObject(market: Market, { data, atMs }: CdrFact, read: ReadFact): WireObject {
  const { upstream, version } = market;
  const { cost, contract, periods } = data;
  const signed = (data.signedSeqs ?? []).flatMap((seq) => {
    const fact = read(seq);
    return fact?.type === "signed-value-reported" ? [fact as SignedFact] : [];
  });
  const tariff = data.tariff as TariffConfiguration | undefined;
  const total = (of: (period: (typeof periods)[number]) => number) =>
    periods.reduce((sum, period) => sum + of(period), 0);
  const parkingMs = total((period) => period.parkingMs);
  return {
    country_code: upstream.countryCode,
    party_id: upstream.partyId,
    id: data.cdrId,
    start_date_time: ocpiTime(data.startMs),
    end_date_time: ocpiTime(data.endMs),
    session_id: data.sessionId ?? marketId(market.site, { ...data, startedMs: data.startMs }),
    cdr_token: cdrTokenOf(upstream, data.token, contract),
    auth_method: data.authMethod,
    authorization_reference: data.authorizationReference,
    cdr_location: cdrLocation(market, data.evseId),
    currency: data.currency,
    tariffs: tariff
      ? [tariffObject(tariff, { upstream, version, updatedMs: data.tariffChangedMs ?? atMs, currency: data.currency })]
      : undefined,
    charging_periods: periods.map((period) => periodObject(period, tariff?.id, false)),
    signed_data: signedData(signed, knownMeterKey(market, data.evseId)?.key),
    total_cost: priceOf(cost.total, version),
    total_fixed_cost: priceOf(cost.fixed, version),
    total_energy: kwh(data.energyWh),
    total_energy_cost: priceOf(cost.energy, version),
    total_time: hours(data.endMs - data.startMs),
    total_time_cost: priceOf(cost.time, version),
    total_parking_time: parkingMs > 0 ? hours(parkingMs) : undefined,
    total_parking_cost: priceOf(cost.parking, version),
    last_updated: ocpiTime(atMs),
  };
}
