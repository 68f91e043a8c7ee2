/** Sessions and CDRs, as their owner: lists for partners that pull. */
import type { Module, ModuleRoute } from "../module.ts";
import { type CdrFact, cdrObject } from "../objects/cdr.ts";
import { reservedObject, sessionObject, sessionUpdatedMs } from "../objects/session.ts";
import { pageOf } from "../pages.ts";
import { INVALID_PARAMETERS, refuse } from "../status.ts";
import { seesCdr, seesReserved, seesSession } from "../visible.ts";
import { type ModuleContext, marketOf } from "./context.ts";

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
          const { open, ended } = market.state.sessions;
          const { sinceSeq = 0, sessions } = market.state.upstream;
          const entries = [...ended, ...Object.values(open)]
            .filter((session) => {
              const known = sessions[session.transactionId];
              const isOld = session.endedMs !== undefined && (known?.endedSeq ?? 0) < sinceSeq;
              return !isOld && seesSession(request, market.state, session);
            })
            .map((session) => ({
              ...session,
              updatedMs: sessionUpdatedMs(market, session),
              show: () => sessionObject(market, session),
            }));
          const reserved = Object.entries(market.state.upstream.reserved)
            .filter(([, entry]) => seesReserved(request, entry))
            .map(([id, entry]) => ({ ...entry, show: () => reservedObject(market, id, entry) }));
          const all = [...entries, ...reserved].sort((a, b) => a.startedMs - b.startedMs);
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
