/** A charging session as OCPI shows it, from the state alone. */

import type { SiteFact } from "../../core/facts/index.ts";
import type { CdrPeriodSchema } from "../../core/facts/market-facts.ts";
import { currencyOf, tariffOf } from "../../core/market/cdr.ts";
import { costOf } from "../../core/market/cost.ts";
import { type Begun, marketId } from "../../core/market/id.ts";
import { periodsOf } from "../../core/market/periods.ts";
import type { Static } from "../../core/schema.ts";
import type { TariffConfiguration, UpstreamConfiguration } from "../../core/site/site-upstream.ts";
import type { ReservedSession } from "../../core/state/reserved.ts";
import type { Session } from "../../core/state/sessions.ts";
import type { DriverContract } from "../../core/state/upstream.ts";
import { ocpiTime } from "../status.ts";
import { CONNECTOR_ID, evseUid, locationId, type Market } from "./location.ts";
import { hours, kwh, priceOf, type WireObject } from "./wire-object.ts";

/** The fact that is a record. */
export type CdrFact = Extract<SiteFact, { type: "cdr-issued" }>;
type Period = Static<typeof CdrPeriodSchema>;

/** OCPI id of a session. */
export function sessionId({ site, state }: Pick<Market, "site" | "state">, session: Begun): string {
  return state.upstream.sessions[session.transactionId]?.sessionId ?? marketId(site, session);
}

/** The open or ended session of an id, while the state has it. */
export function sessionById(market: Pick<Market, "site" | "state">, id: string): Session | undefined {
  const { sessions } = market.state.upstream;
  const reserved = Object.keys(sessions).find(
    (known) => sessions[known]!.sessionId?.toLowerCase() === id.toLowerCase(),
  );
  const digits = reserved ?? /-(\d{1,10})$/.exec(id)?.[1];
  const session = digits === undefined ? undefined : sessionOf(market, Number(digits));
  return session && sessionId(market, session).toLowerCase() === id.toLowerCase() ? session : undefined;
}

/** The open or ended session of a transaction, while the state has it. */
export function sessionOf(market: Pick<Market, "state">, transactionId: number): Session | undefined {
  const { open, ended } = market.state.sessions;
  return open[transactionId] ?? ended.findLast((session) => session.transactionId === transactionId);
}

/** Whom a token belongs to; one that is nobody's is named as our own. */
export function cdrTokenOf(
  upstream: UpstreamConfiguration,
  token: string | undefined,
  contract: DriverContract | undefined,
): WireObject {
  const uid = (contract?.uid ?? token ?? "#NA").slice(0, 36);
  return {
    country_code: contract?.countryCode ?? upstream.countryCode,
    party_id: contract?.partyId ?? upstream.partyId,
    uid,
    type: contract?.type ?? (token === undefined ? "AD_HOC_USER" : "RFID"),
    contract_id: contract?.contractId ?? uid,
  };
}

/** The greatest power, W; missing where more was drawn than anybody saw, as while the controller was away. */
function greatestW({ maxPowerW }: Period, averageW: number): number | undefined {
  const seen = maxPowerW > 0 && maxPowerW >= 0.9 * averageW;
  return seen ? Math.max(maxPowerW, averageW) : undefined;
}

/** A period; what a car was kept waiting for is neither charging nor parking. */
export function periodObject(period: Period, tariffId: string | undefined, inSession: boolean): WireObject {
  const lengthMs = period.endMs - period.startMs;
  const averageW = lengthMs > 0 ? (period.energyWh * 3_600_000) / lengthMs : 0;
  const mostW = greatestW(period, averageW);
  const dimensions: WireObject[] = [{ type: "ENERGY", volume: kwh(period.energyWh) }];
  if (period.dischargedWh) dimensions.push({ type: "ENERGY_EXPORT", volume: kwh(period.dischargedWh) });
  if (period.chargingMs > 0) dimensions.push({ type: "TIME", volume: hours(period.chargingMs) });
  if (period.parkingMs > 0) dimensions.push({ type: "PARKING_TIME", volume: hours(period.parkingMs) });
  if (mostW !== undefined) dimensions.push({ type: "MAX_POWER", volume: kwh(mostW) });
  if (inSession && lengthMs > 0) dimensions.push({ type: "POWER", volume: kwh(averageW) });
  return { start_date_time: ocpiTime(period.startMs), dimensions, tariff_id: tariffId };
}

/** When a session changed last. */
export function sessionUpdatedMs({ state }: Pick<Market, "state">, session: Session): number {
  return state.upstream.sessions[session.transactionId]?.updatedMs ?? session.endedMs ?? session.startedMs;
}

/** Whether the books of a session are closed: from then on it does not change. */
export function isFinal({ state }: Pick<Market, "state">, session: Session): boolean {
  const { billed, sinceSeq = 0, sessions } = state.upstream;
  const isOld = (sessions[session.transactionId]?.endedSeq ?? 0) < sinceSeq;
  return session.endedMs !== undefined && (isOld || billed[session.transactionId] !== undefined);
}

/**
 * The session. It begins when the charge point has the driver and the cable: whatever the plan gives, it is ACTIVE then,
 * until its books are closed.
 */
export function sessionObject(market: Market, session: Session): WireObject {
  const { site, upstream, state, version } = market;
  const known = state.upstream.sessions[session.transactionId];
  const updatedMs = sessionUpdatedMs(market, session);
  const periods = periodsOf(session, updatedMs);
  const tariff = tariffOf(site, state, known);
  const cost = tariff && costOf(tariff, periods, site.configuration.site.timeZone).total;
  const final = isFinal(market, session);
  return {
    country_code: upstream.countryCode,
    party_id: upstream.partyId,
    id: sessionId(market, session),
    start_date_time: ocpiTime(session.startedMs),
    end_date_time: final ? ocpiTime(Math.max(session.startedMs, session.endedMs ?? 0)) : undefined,
    kwh: kwh(session.energyWh),
    cdr_token: cdrTokenOf(upstream, session.token, known?.driver?.contract),
    auth_method: known?.driver?.authMethod ?? "WHITELIST",
    authorization_reference: known?.driver?.authorizationReference,
    location_id: locationId(market),
    evse_uid: evseUid({ id: session.evseId }),
    connector_id: CONNECTOR_ID,
    currency: currencyOf(site, state, known),
    charging_periods: periods.map((period) => periodObject(period, tariff?.id, true)),
    total_cost: priceOf(cost, version),
    status: final ? "COMPLETED" : "ACTIVE",
    last_updated: ocpiTime(updatedMs),
  };
}

/** A session whose books are closed, from its record: also where the state has forgotten it. */
export function finishedObject({ site, upstream, version }: Market, { data, atMs }: CdrFact): WireObject {
  const { contract, token, energyWh, periods, cost } = data;
  const tariff = data.tariff as TariffConfiguration | undefined;
  return {
    country_code: upstream.countryCode,
    party_id: upstream.partyId,
    id: data.sessionId ?? marketId(site, { ...data, startedMs: data.startMs }),
    start_date_time: ocpiTime(data.startMs),
    end_date_time: ocpiTime(data.endMs),
    kwh: kwh(energyWh),
    cdr_token: cdrTokenOf(upstream, token, contract),
    auth_method: data.authMethod,
    authorization_reference: data.authorizationReference,
    location_id: locationId({ site, upstream }),
    evse_uid: evseUid({ id: data.evseId }),
    connector_id: CONNECTOR_ID,
    currency: data.currency,
    charging_periods: periods.map((period) => periodObject(period, tariff?.id, true)),
    total_cost: tariff ? priceOf(cost.total, version) : undefined,
    status: "COMPLETED",
    last_updated: ocpiTime(atMs),
  };
}

/** A reservation as a session; it is COMPLETED, without energy, when nobody came. */
export function reservedObject(market: Market, id: string, reserved: ReservedSession): WireObject {
  const { upstream } = market;
  const { contract, token, startedMs, endedMs, updatedMs, evseId, authorizationReference } = reserved;
  return {
    country_code: upstream.countryCode,
    party_id: upstream.partyId,
    id,
    start_date_time: ocpiTime(startedMs),
    end_date_time: endedMs === undefined ? undefined : ocpiTime(Math.max(startedMs, endedMs)),
    kwh: 0,
    cdr_token: cdrTokenOf(upstream, token, contract),
    auth_method: "COMMAND",
    authorization_reference: authorizationReference,
    location_id: locationId(market),
    evse_uid: evseUid({ id: evseId }),
    connector_id: CONNECTOR_ID,
    currency: upstream.currency,
    charging_periods: [],
    status: endedMs === undefined ? "RESERVATION" : "COMPLETED",
    last_updated: ocpiTime(updatedMs),
  };
}
