/** What anyone may read. */
import type { FastifyInstance } from "fastify";
import { PlanMade } from "../core/facts/plan-facts.ts";
import { QuarterHourMetered } from "../core/facts/site-facts.ts";
import { savingsSession } from "../core/money/month.ts";
import { savings } from "../core/money/savings.ts";
import { SavingsSchema } from "../core/money/savings-schema.ts";
import type { Clock, SiteAccess } from "../core/ports.ts";
import { type Static, Type } from "../core/schema.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import { PublicFactSchema, publicFact, publicSession } from "../core/view/public.ts";
import { PublicSessionSchema } from "../core/view/session-view.ts";
import { type LiveSite, LiveSiteSchema } from "../core/view/view.ts";
import { PublicVisitSchema, publicVisits } from "../core/view/visits.ts";
import { sendProblem } from "./problem.ts";
import type { Stream } from "./stream.ts";

export interface ReadRoutes {
  readonly site: SiteAccess;
  readonly model: SiteModel;
  readonly live: () => LiveSite;
  readonly clock: Clock;
  readonly stream: Stream;
}

const Limit = Type.Integer({ minimum: 1, maximum: 1000, default: 100 });

const PlanSchema = Type.Object({
  seq: Type.Integer({ description: "Of the fact that made it" }),
  madeMs: Type.Number(),
  ...PlanMade.schema.properties,
});
const SessionsSchema = Type.Object({ sessions: Type.Array(PublicSessionSchema) });
const VisitsSchema = Type.Object({ visits: Type.Array(PublicVisitSchema) });
const EventsSchema = Type.Object({ events: Type.Array(PublicFactSchema) });
const HistorySchema = Type.Object({ quarterHours: Type.Array(QuarterHourMetered.schema) });
const EventStream = { "text/event-stream": { schema: Type.String() } };

function latestFacts(site: SiteAccess, query: { after?: number; limit: number }) {
  const after = query.after ?? Math.max(0, site.state().seq - query.limit);
  return site.read(after, query.limit).map(publicFact);
}

const PeriodQuery = Type.Object({ from: Type.Optional(Type.Number()), to: Type.Optional(Type.Number()) });

/** All that there is where nothing is asked. */
function periodOf(query: unknown): { readonly from: number; readonly to: number } {
  const { from = 0, to = Number.MAX_SAFE_INTEGER } = query as Static<typeof PeriodQuery>;
  return { from, to };
}

/** Registers the GET routes below /api/v1. */
export function readRoutes(app: FastifyInstance, { site, model, live, clock, stream }: ReadRoutes): void {
  app.get("/api/v1/site", { schema: { summary: "The live picture", response: { 200: LiveSiteSchema } } }, async () =>
    live(),
  );

  app.get(
    "/api/v1/plan",
    { schema: { summary: "The plan in force, with its complete input", response: { 200: PlanSchema } } },
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
        response: { 200: SessionsSchema },
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

  app.get(
    "/api/v1/visits",
    {
      schema: {
        summary: "Visits that were announced and may come yet, the first first, and what becomes of each",
        response: { 200: VisitsSchema },
      },
    },
    async () => ({ visits: publicVisits(model, site.state(), clock.wallMs()) }),
  );

  const eventsQuery = Type.Object({ after: Type.Optional(Type.Integer({ minimum: 0 })), limit: Limit });
  app.get(
    "/api/v1/events",
    {
      schema: {
        summary: "Facts of the ledger after a sequence, oldest first; without `after` the latest",
        querystring: eventsQuery,
        response: { 200: EventsSchema },
      },
    },
    async (request) => ({
      events: latestFacts(site, request.query as { after?: number; limit: number }),
    }),
  );

  const streamQuery = Type.Object({ after: Type.Optional(Type.Integer({ minimum: 0 })) });
  app.get(
    "/api/v1/events/stream",
    {
      schema: {
        summary: "Server-sent events: `fact` (id is the sequence) and `live`",
        querystring: streamQuery,
        response: { 200: { content: EventStream } },
      },
    },
    (request, reply) => {
      const { after } = request.query as { after?: number };
      const last = Number(request.headers["last-event-id"]);
      const from = Number.isInteger(last) && last >= 0 && request.headers["last-event-id"] !== undefined ? last : after;
      reply.hijack();
      if (!stream.add(reply.raw, from)) reply.raw.writeHead(503, { "retry-after": "10" }).end();
    },
  );

  app.get(
    "/api/v1/history",
    {
      schema: {
        summary: "Quarter-hours of the site, up to 32 days back",
        querystring: PeriodQuery,
        response: { 200: HistorySchema },
      },
    },
    async (request) => {
      const { from, to } = periodOf(request.query);
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
        summary: "What control saved against charging at once and equal shares, in up to 32 days, and from what",
        querystring: PeriodQuery,
        response: { 200: SavingsSchema },
      },
    },
    async (request) => {
      const { from, to } = periodOf(request.query);
      const { booked, sessions, site: books } = site.state();
      const all = [...booked.ended.map(savingsSession), ...Object.values(sessions.open)];
      return savings({ quarterHours: books.quarterHours, sessions: all, fromMs: from, toMs: to, site: model });
    },
  );
}
