/** Sessions and CDRs, as their owner: lists for partners that pull. */
import type { Module, ModuleRoute } from "../module.ts";
import { cdrObject } from "../objects/cdr.ts";
import type { Market } from "../objects/location.ts";
import { type CdrFact, finishedObject, reservedObject, sessionObject, sessionUpdatedMs } from "../objects/session.ts";
import type { WireObject } from "../objects/wire-object.ts";
import { pageOf } from "../pages.ts";
import { INVALID_PARAMETERS, refuse } from "../status.ts";
import { type Asker, seesCdr, seesReserved, seesSession, seesSessionOf } from "../visible.ts";
import { type ModuleContext, marketOf } from "./context.ts";

interface Listed {
  readonly startedMs: number;
  readonly updatedMs: number;
  readonly show: () => WireObject;
}

/** Sessions that the state has; those from before the first partner are nobody's business. */
function remembered(market: Market, asker: Asker): Listed[] {
  const { open, ended } = market.state.sessions;
  const { sinceSeq = 0, sessions } = market.state.upstream;
  return [...ended, ...Object.values(open)]
    .filter((session) => {
      const isOld = session.endedMs !== undefined && (sessions[session.transactionId]?.endedSeq ?? 0) < sinceSeq;
      return !isOld && seesSession(asker, market.state, session);
    })
    .map((session) => ({
      startedMs: session.startedMs,
      updatedMs: sessionUpdatedMs(market, session),
      show: () => sessionObject(market, session),
    }));
}

/** Those before, of which the state has where their records are. */
function finished(market: Market, asker: Asker, { site }: ModuleContext): Listed[] {
  const known = new Set(market.state.sessions.ended.map(({ transactionId }) => String(transactionId)));
  return Object.entries(market.state.upstream.billed)
    .filter(([id, billed]) => !known.has(id) && seesSessionOf(asker, billed))
    .map(([, { seq, atMs, startedMs }]) => ({
      startedMs,
      updatedMs: atMs,
      show: () => finishedObject(market, site.read(seq - 1, 1)[0] as CdrFact),
    }));
}

function reservedOnes(market: Market, asker: Asker): Listed[] {
  return Object.entries(market.state.upstream.reserved)
    .filter(([, entry]) => seesReserved(asker, entry))
    .map(([id, entry]) => ({ ...entry, show: () => reservedObject(market, id, entry) }));
}

/** `more` are routes of the same endpoint: charging preferences. */
export function sessionsModule(context: ModuleContext, more: readonly ModuleRoute[]): Module {
  return {
    identifier: "sessions",
    role: "SENDER",
    path: "cpo/sessions",
    routes: [
      {
        method: "GET",
        path: "",
        about: { summary: "Sessions since date_from", query: "PageQuery", data: "Session", list: true },
        handle(request) {
          if (request.query.date_from === undefined) return refuse(INVALID_PARAMETERS, "date_from is missing");
          const market = marketOf(context, request.version);
          const all = [
            ...remembered(market, request),
            ...finished(market, request, context),
            ...reservedOnes(market, request),
          ].sort((a, b) => a.startedMs - b.startedMs);
          return pageOf(all, request, ({ show }) => show());
        },
      },
      ...more,
    ],
  };
}

export function cdrsModule(context: ModuleContext): Module {
  return {
    identifier: "cdrs",
    role: "SENDER",
    path: "cpo/cdrs",
    routes: [
      {
        method: "GET",
        path: "",
        about: { summary: "The records", query: "PageQuery", data: "CDR", list: true },
        handle(request) {
          const market = marketOf(context, request.version);
          const entries = Object.values(market.state.upstream.billed)
            .filter((entry) => seesCdr(request, entry))
            .sort((a, b) => a.seq - b.seq)
            .map(({ seq, atMs }) => ({ seq, updatedMs: atMs }));
          const read = (seq: number) => context.site.read(seq - 1, 1)[0];
          return pageOf(entries, request, ({ seq }) => cdrObject(market, read(seq) as CdrFact, read));
        },
      },
    ],
  };
}
