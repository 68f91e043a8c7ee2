/** What changes something: a driver's wish and override, start and stop, an outside limit, commands to charge points. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ChargePointCommand } from "../core/charge-point-input.ts";
import {
  type ForecastKind,
  ForecastKindSchema,
  type IntensitySeries,
  type PowerSeries,
} from "../core/facts/forecast-facts.ts";
import type { Clock, SiteAccess } from "../core/ports.ts";
import {
  BudgetRequest,
  DeparturesRequest,
  decideRequest,
  EvseVisitRequest,
  ForecastRequest,
  GridLimitRequest,
  IntensityRequest,
  OverrideRequest,
  type SiteRequest,
  VisitIdSchema,
  VisitRequest,
  WishRequest,
} from "../core/requests.ts";
import { type Static, Type } from "../core/schema.ts";
import type { EvseModel, SiteModel } from "../core/site/site-model.ts";
import { openSessionAt } from "../core/state/sessions.ts";
import type { Access } from "./access.ts";
import { sendProblem } from "./problem.ts";

export interface WriteRoutes {
  readonly site: SiteAccess;
  readonly model: SiteModel;
  readonly clock: Clock;
  readonly access: (request: FastifyRequest) => Promise<Access>;
}

const closed = { additionalProperties: false } as const;
const IdParams = Type.Object({ id: Type.String({ maxLength: 48 }) });
const VisitParams = Type.Object({ id: VisitIdSchema });

const CommandBody = Type.Union([
  Type.Object(
    { type: Type.Literal("reset"), hard: Type.Optional(Type.Boolean({ description: "False without" })) },
    closed,
  ),
  Type.Object({ type: Type.Literal("unlock"), connector: Type.Integer({ minimum: 1, maximum: 64 }) }, closed),
  Type.Object(
    {
      type: Type.Literal("change-availability"),
      connector: Type.Integer({ minimum: 0, maximum: 64 }),
      operative: Type.Boolean(),
    },
    closed,
  ),
  Type.Object(
    {
      type: Type.Literal("trigger"),
      message: Type.Union([
        Type.Literal("boot"),
        Type.Literal("status"),
        Type.Literal("meter-values"),
        Type.Literal("heartbeat"),
      ]),
    },
    closed,
  ),
]);

type Allowed = { readonly by: string };
type Handler<T> = (request: FastifyRequest, reply: FastifyReply, allowed: Allowed & T) => Promise<unknown>;

export function writeRoutes(app: FastifyInstance, { site, model, clock, access }: WriteRoutes): void {
  /** Lets only those in who may change something. */
  const guarded = (handler: Handler<object>) => async (request: FastifyRequest, reply: FastifyReply) => {
    const allowed = await access(request);
    if (!allowed.ok) return sendProblem(reply, allowed.status, allowed.title, allowed.detail);
    return handler(request, reply, { by: `api:${allowed.by}` });
  };
  const atEvse = (handler: Handler<{ evse: EvseModel }>) =>
    guarded(async (request, reply, { by }) => {
      const { id } = request.params as { id: string };
      const evse = model.evseById.get(id);
      if (!evse)
        return sendProblem(
          reply,
          404,
          `There is no EVSE "${id}"`,
          `Known: ${model.evses.map((entry) => entry.id).join(", ")}`,
        );
      return handler(request, reply, { by, evse });
    });
  const ask = async (reply: FastifyReply, request: SiteRequest, by: string) => {
    const decision = decideRequest({ site: model, state: site.state(), nowMs: clock.wallMs() }, request, by);
    if (!decision.ok)
      return sendProblem(reply, decision.problem === "unknown-evse" ? 404 : 422, decision.title, decision.detail);
    const [fact] = await site.record([decision.draft]);
    // What is known already is no fact.
    return reply.code(200).send({ seq: fact?.seq ?? site.state().seq });
  };
  const evseOf = (request: FastifyRequest) => (request.params as { id: string }).id;

  app.put(
    "/api/v1/evses/:id/wish",
    {
      schema: { summary: "What the driver needs; it holds until the car leaves", params: IdParams, body: WishRequest },
    },
    guarded((request, reply, { by }) =>
      ask(reply, { kind: "wish", evseId: evseOf(request), body: request.body as object }, by),
    ),
  );

  app.put(
    "/api/v1/evses/:id/departures",
    {
      schema: {
        summary: "When cars usually leave from it, where their drivers say nothing; without any that of site.yaml",
        params: IdParams,
        body: DeparturesRequest,
      },
    },
    guarded((request, reply, { by }) =>
      ask(reply, { kind: "departures", evseId: evseOf(request), body: request.body as object }, by),
    ),
  );

  app.put(
    "/api/v1/visits/:id",
    {
      schema: {
        summary: "Somebody will come, with a token, to an EVSE, or both; without arrivalMs nobody comes after all",
        params: VisitParams,
        body: VisitRequest,
      },
    },
    guarded((request, reply, { by }) => {
      const { id: visitId } = request.params as Static<typeof VisitParams>;
      return ask(reply, { kind: "visit", body: { ...(request.body as Static<typeof VisitRequest>), visitId } }, by);
    }),
  );

  app.put(
    "/api/v1/evses/:id/visit",
    {
      schema: {
        summary: "The car that is there is not the one that was announced: that one is waited for again",
        params: IdParams,
        body: EvseVisitRequest,
      },
    },
    guarded((request, reply, { by }) =>
      ask(reply, { kind: "evse-visit", evseId: evseOf(request), body: request.body as object }, by),
    ),
  );

  app.post(
    "/api/v1/evses/:id/override",
    { schema: { summary: "Full power until the car is unplugged", params: IdParams, body: OverrideRequest } },
    guarded((request, reply, { by }) =>
      ask(reply, { kind: "override", evseId: evseOf(request), body: request.body as { active: boolean } }, by),
    ),
  );

  const send = async (reply: FastifyReply, command: ChargePointCommand, by: string) => {
    const result = await site.command(command, by);
    return reply.code(result.status === "accepted" ? 200 : 409).send(result);
  };
  app.post(
    "/api/v1/evses/:id/start",
    { schema: { summary: "Asks the charge point to begin a transaction", params: IdParams } },
    atEvse((_request, reply, { by, evse }) =>
      send(
        reply,
        {
          type: "start-transaction",
          chargePointId: evse.chargePointId,
          connector: evse.connector,
          token: "wattledger",
        },
        by,
      ),
    ),
  );
  app.post(
    "/api/v1/evses/:id/stop",
    { schema: { summary: "Asks the charge point to end the transaction", params: IdParams } },
    atEvse(async (_request, reply, { by, evse }) => {
      const session = openSessionAt(site.state().sessions, evse.id);
      if (!session) return sendProblem(reply, 409, "Nobody charges there", "See GET /api/v1/sessions?open=true");
      const { transactionId, remoteId } = session;
      return send(
        reply,
        {
          type: "stop-transaction",
          chargePointId: evse.chargePointId,
          transactionId,
          ...(remoteId === undefined ? {} : { remoteId }),
        },
        by,
      );
    }),
  );

  app.put(
    "/api/v1/grid-limit",
    {
      schema: {
        summary:
          "A limit in W from the grid operator; without limitW it ends. To be sent again within gridOperator.api.heartbeatSeconds",
        body: GridLimitRequest,
      },
    },
    guarded((request, reply, { by }) => ask(reply, { kind: "grid-limit", body: request.body as object }, by)),
  );

  app.put(
    "/api/v1/budget",
    {
      schema: {
        summary:
          "A budget for all EVSEs together, in W and Wh over time; it replaces the one before, an empty one ends it",
        body: BudgetRequest,
      },
    },
    guarded((request, reply, { by }) =>
      ask(reply, { kind: "budget", body: request.body as Static<typeof BudgetRequest> }, by),
    ),
  );

  app.put(
    "/api/v1/forecasts/:kind",
    {
      schema: {
        summary: "A forecast of the sun (`pv`) or of the building without cars and battery; it replaces the one before",
        params: Type.Object({ kind: ForecastKindSchema }),
        body: ForecastRequest,
      },
    },
    guarded((request, reply, { by }) => {
      const { kind: what } = request.params as { kind: ForecastKind };
      return ask(reply, { kind: "forecast", what, body: request.body as PowerSeries }, by);
    }),
  );

  app.put(
    "/api/v1/forecasts/co2",
    {
      schema: {
        summary:
          "CO2 of a kWh from the grid: what preference green and the month's CO2 go by; it replaces the one before",
        body: IntensityRequest,
      },
    },
    guarded((request, reply, { by }) => ask(reply, { kind: "co2", body: request.body as IntensitySeries }, by)),
  );

  app.post(
    "/api/v1/charge-points/:id/commands",
    { schema: { summary: "A command to a charge point", params: IdParams, body: CommandBody } },
    guarded(async (request, reply, { by }) => {
      const { id: chargePointId } = request.params as { id: string };
      if (!model.chargePoints.some((entry) => entry.id === chargePointId))
        return sendProblem(reply, 404, `There is no charge point "${chargePointId}"`, "See GET /api/v1/site");
      const body = request.body as Static<typeof CommandBody>;
      const command = body.type === "reset" ? { ...body, hard: body.hard ?? false } : body;
      return send(reply, { ...command, chargePointId }, by);
    }),
  );
}
