/** What anyone may read. */
import type { FastifyInstance } from "fastify";
import { savings } from "../core/money/savings.ts";
import type { SiteAccess } from "../core/ports.ts";
import { Type } from "../core/schema.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import { publicFact, publicSession } from "../core/view/public.ts";
import { type LiveSite, LiveSiteSchema } from "../core/view/view.ts";
import { sendProblem } from "./problem.ts";
import type { Stream } from "./stream.ts";

export interface ReadRoutes {
  readonly site: SiteAccess;
  readonly model: SiteModel;
  readonly live: () => LiveSite;
  readonly stream: Stream;
}

const Limit = Type.Integer({ minimum: 1, maximum: 1000, default: 100 });

function latestFacts(site: SiteAccess, query: { after?: number; limit: number }): readonly unknown[] {
  const after = query.after ?? Math.max(0, site.state().seq - query.limit);
  return site.read(after, query.limit).map(publicFact);
}

/** Registers the GET routes below /api/v1. */
export function readRoutes(app: FastifyInstance, { site, model, live, stream }: ReadRoutes): void {
  app.get("/api/v1/site", { schema: { summary: "The live picture", response: { 200: LiveSiteSchema } } }, async () =>
    live(),
  );

  app.get(
    "/api/v1/plan",
    { schema: { summary: "The plan in force, with its complete input" } },
    async (_request, reply) => {
      const plan = site.state().plan.current;
      return (
        plan ?? sendProblem(reply, 404, "There is no plan yet", "The first one is made within seconds of the start")
      );
    },
  );

  const sessionsQuery = Type.Object({ open: Type.Optional(Type.Boolean()), limit: Limit });
  app.get(
    "/api/v1/sessions",
    {
      schema: {
        summary: "Sessions, the youngest first; the export has all that ever were",
        querystring: sessionsQuery,
      },
    },
    async (request) => {
      const { open, limit } = request.query as { open?: boolean; limit: number };
      const { sessions } = site.state();
      const all = [...Object.values(sessions.open), ...(open === true ? [] : sessions.ended)];
      const chosen = all.filter((session) => open !== false || session.endedMs !== undefined);
      return {
        sessions: chosen
          .sort((a, b) => b.startedMs - a.startedMs)
          .slice(0, limit)
          .map(publicSession),
      };
    },
  );

  const eventsQuery = Type.Object({ after: Type.Optional(Type.Integer({ minimum: 0 })), limit: Limit });
  app.get(
    "/api/v1/events",
    {
      schema: {
        summary: "Facts of the ledger after a sequence, oldest first; without `after` the latest",
        querystring: eventsQuery,
      },
    },
    async (request) => ({
      events: latestFacts(site, request.query as { after?: number; limit: number }),
    }),
  );

  const streamQuery = Type.Object({ after: Type.Optional(Type.Integer({ minimum: 0 })) });
  app.get(
    "/api/v1/events/stream",
    { schema: { summary: "Server-sent events: `fact` (id is the sequence) and `live`", querystring: streamQuery } },
    (request, reply) => {
      const { after } = request.query as { after?: number };
      const last = Number(request.headers["last-event-id"]);
      const from = Number.isInteger(last) && last >= 0 && request.headers["last-event-id"] !== undefined ? last : after;
      reply.hijack();
      if (!stream.add(reply.raw, from)) reply.raw.writeHead(503, { "retry-after": "10" }).end();
    },
  );

  const historyQuery = Type.Object({ from: Type.Optional(Type.Number()), to: Type.Optional(Type.Number()) });
  app.get(
    "/api/v1/history",
    { schema: { summary: "Quarter-hours of the site, up to three weeks back", querystring: historyQuery } },
    async (request) => {
      const { from = 0, to = Number.MAX_SAFE_INTEGER } = request.query as { from?: number; to?: number };
      return {
        quarterHours: site
          .state()
          .site.quarterHours.filter(({ slotStartMs }) => slotStartMs >= from && slotStartMs < to),
      };
    },
  );

  app.get(
    "/api/v1/savings",
    {
      schema: {
        summary: "What control saved against charging at once and equal shares, in up to three weeks, and from what",
        querystring: historyQuery,
      },
    },
    async (request) => {
      const { from = 0, to = Number.MAX_SAFE_INTEGER } = request.query as { from?: number; to?: number };
      const { sessions, site: books } = site.state();
      const all = [...sessions.ended, ...Object.values(sessions.open)];
      return savings({ quarterHours: books.quarterHours, sessions: all, fromMs: from, toMs: to, site: model });
    },
  );
}
