/** When a session is billed, and what the record says. Pure; a record is a fact with a key, so there is one a session. */
import type { SiteDraft } from "../facts/index.ts";
import { unbookedWh } from "../metering/transaction-meter.ts";
import type { SiteModel } from "../site/site-model.ts";
import type { TariffConfiguration } from "../site/site-upstream.ts";
import type { Session } from "../state/sessions.ts";
import type { SiteState } from "../state/state.ts";
import type { TariffBook } from "../state/tariff-books.ts";
import type { MarketSession } from "../state/upstream.ts";
import { type Cost, costOf } from "./cost.ts";
import { marketId } from "./id.ts";
import { periodsOf } from "./periods.ts";

/** The books of a session are closed a tick after its end; without registers there is nothing to wait for longer. */
const SETTLED_MS = 5_000;
const PATIENCE_MS = 120_000;
/** Nothing was asked and nothing paid. */
const FREE: Cost = { total: { exclVat: 0, inclVat: 0 } };

/** The currency of a session's tariff. */
export function currencyOf(site: SiteModel, state: SiteState, known: MarketSession | undefined): string {
  return bookOf(site, state, known).currency ?? site.configuration.upstream?.currency ?? "EUR";
}

/** The tariffs that held when a session began, and since when; those of the configuration where that is not known. */
function bookOf(
  site: SiteModel,
  { upstream }: SiteState,
  known: MarketSession | undefined,
): Pick<TariffBook, "tariffs" | "changedMs" | "currency"> {
  const book = upstream.tariffBooks.find(({ seq }) => seq === known?.tariffsSeq);
  if (book) return book;
  return { tariffs: site.configuration.upstream?.tariffs ?? [], changedMs: upstream.configuration?.changedMs ?? 0 };
}

/** The tariff of a session, as it was when it began: that of the driver's preference, else the regular one. */
export function tariffOf(
  site: SiteModel,
  state: SiteState,
  known: MarketSession | undefined,
): TariffConfiguration | undefined {
  const { tariffs } = bookOf(site, state, known);
  const preference = known?.preference;
  const wanted = `PROFILE_${(preference ?? "regular").toUpperCase()}`;
  return tariffs.find(({ type }) => type === wanted) ?? tariffs.find(({ type }) => type === "REGULAR");
}

function isDue(session: Session, updatedMs: number, nowMs: number): boolean {
  const sinceMs = nowMs - updatedMs;
  return sinceMs >= SETTLED_MS && ((unbookedWh(session) ?? 0) === 0 || sinceMs >= PATIENCE_MS);
}

function cdrDraft(site: SiteModel, state: SiteState, session: Session): SiteDraft {
  const { transactionId, evseId, token, startedMs, endedMs = startedMs } = session;
  const known = state.upstream.sessions[transactionId];
  const periods = periodsOf(session, endedMs);
  const tariff = tariffOf(site, state, known);
  const cost = tariff ? costOf(tariff, periods, site.configuration.site.timeZone) : FREE;
  const driver = known?.driver;
  return {
    type: "cdr-issued",
    source: "billing",
    key: `cdr:${transactionId}`,
    data: {
      cdrId: marketId(site, session),
      transactionId,
      evseId,
      startMs: startedMs,
      endMs: Math.max(startedMs, endedMs),
      energyWh: periods.reduce((sum, period) => sum + period.energyWh, 0),
      periods,
      currency: currencyOf(site, state, known),
      cost,
      authMethod: driver?.authMethod ?? "WHITELIST",
      ...(tariff ? { tariff: { ...tariff }, tariffChangedMs: bookOf(site, state, known).changedMs } : {}),
      ...(known?.sessionId === undefined ? {} : { sessionId: known.sessionId }),
      ...(token === undefined ? {} : { token }),
      ...(known?.signed ? { signedSeqs: known.signed.map(({ seq }) => seq) } : {}),
      ...(driver ? { contract: driver.contract } : {}),
      ...(driver?.authorizationReference === undefined
        ? {}
        : { authorizationReference: driver.authorizationReference }),
    },
  };
}

/** Records that are due now: of sessions that ended since the first partner was registered, and have none. */
export function dueCdrs(site: SiteModel, state: SiteState, nowMs: number): SiteDraft[] {
  const { sinceSeq, sessions, billed } = state.upstream;
  if (sinceSeq === undefined) return [];
  return state.sessions.ended.flatMap((session) => {
    const known = sessions[session.transactionId];
    if (!known || (known.endedSeq ?? 0) < sinceSeq || billed[session.transactionId] !== undefined) return [];
    return isDue(session, known.updatedMs, nowMs) ? [cdrDraft(site, state, session)] : [];
  });
}
