/**
 * What the link at an EVSE opens: its car, and what the driver wants for it. The key is asked for always, also at the
 * machine itself; a browser never sends it by itself, so that a foreign page has nothing to ride on.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock, SiteAccess } from "../core/ports.ts";
import { DriverWishRequest, decideRequest } from "../core/requests.ts";
import { type Static, Type } from "../core/schema.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import { openSessionAt } from "../core/state/sessions.ts";
import { DriverViewSchema, driverView } from "../core/view/driver.ts";
import type { LiveSite } from "../core/view/view.ts";
import { sendProblem } from "./problem.ts";
import { createWrongTokens } from "./wrong-tokens.ts";

export interface DriverRoutes {
  readonly site: SiteAccess;
  readonly model: SiteModel;
  readonly live: () => LiveSite;
  readonly clock: Clock;
  readonly keys: { opens(evseId: string, key: string): Promise<boolean> };
}

const BY = "driver-link";
const Params = Type.Object({ id: Type.String({ maxLength: 48 }) });
/** Each wish is a fact and a plan: a finger is slower than this. */
const WISHES_A_MINUTE = 10;
const MINUTE_MS = 60_000;

/** Counts wishes by EVSE; the EVSEs of a site are few. */
function createBrake(clock: Clock): (evseId: string) => boolean {
  const counts = new Map<string, { count: number; sinceMonoMs: number }>();
  return (evseId) => {
    const monoMs = clock.monoMs();
    const known = counts.get(evseId);
    const count = known && monoMs - known.sinceMonoMs < MINUTE_MS ? known.count + 1 : 1;
    counts.set(evseId, { count, sinceMonoMs: count === 1 || !known ? monoMs : known.sinceMonoMs });
    return count > WISHES_A_MINUTE;
  };
}

/** Registers the routes below /api/v1/driver. */
export function driverRoutes(app: FastifyInstance, { site, model, live, clock, keys }: DriverRoutes): void {
  const wrongTokens = createWrongTokens(clock);
  const tooMany = createBrake(clock);
  const idOf = (request: FastifyRequest) => (request.params as { id: string }).id;

  /** Lets those in who have the key of this EVSE. Where there is no such EVSE, every key is wrong. */
  const withKey =
    (handler: (evseId: string, request: FastifyRequest, reply: FastifyReply) => unknown) =>
    async (request: FastifyRequest, reply: FastifyReply) => {
      const evseId = idOf(request);
      if (wrongTokens.isBlocked(request.ip))
        return sendProblem(reply, 429, "Too many wrong keys", "Wait a minute, then scan the code again");
      const [scheme, key] = (request.headers.authorization ?? "").split(" ");
      const opens = scheme?.toLowerCase() === "bearer" && key !== undefined && (await keys.opens(evseId, key));
      reply.header("cache-control", "no-store");
      if (opens && model.evseById.has(evseId)) return handler(evseId, request, reply);
      if (key) wrongTokens.note(request.ip);
      return sendProblem(reply, 401, "This link is not valid here", "Scan the code at the charge point again");
    };

  app.get(
    "/api/v1/driver/:id",
    {
      schema: {
        summary: "What a driver sees of the EVSE whose link was scanned; its key as Authorization: Bearer",
        params: Params,
        response: { 200: DriverViewSchema },
      },
    },
    withKey((evseId) => driverView(live(), site.state(), evseId)),
  );

  app.put(
    "/api/v1/driver/:id/wish",
    {
      schema: {
        summary: "What the driver needs; only while a car is plugged in, and until it leaves",
        params: Params,
        body: DriverWishRequest,
      },
    },
    withKey(async (evseId, request, reply) => {
      if (!openSessionAt(site.state().sessions, evseId))
        return sendProblem(reply, 409, "No car is charging here", "Plug it in, wait a moment, then say it again");
      if (tooMany(evseId)) return sendProblem(reply, 429, "That was often", "Wait a minute, then say it again");
      const body = request.body as Static<typeof DriverWishRequest>;
      const context = { site: model, state: site.state(), nowMs: clock.wallMs() };
      const decision = decideRequest(context, { kind: "wish", evseId, body }, BY);
      if (!decision.ok) return sendProblem(reply, 422, decision.title, decision.detail);
      const [fact] = await site.record([decision.draft]);
      return { seq: fact?.seq ?? site.state().seq };
    }),
  );
}
