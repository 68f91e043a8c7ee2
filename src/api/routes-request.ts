/** What may be asked of the site: what drivers need, who will come, limits, budgets and forecasts. */
import type { FastifyInstance } from "fastify";
import { ForecastKindSchema } from "../core/facts/forecast-facts.ts";
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
import { type Static, type TSchema, Type } from "../core/schema.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import type { Guard } from "./guarded.ts";
import { sendProblem } from "./problem.ts";

interface Asking<P extends TSchema, B extends TSchema> {
  readonly method?: "POST";
  readonly summary: string;
  readonly params?: P;
  readonly body: B;
  readonly asks: (params: Static<P>, body: Static<B>) => SiteRequest;
}

const EvseParams = Type.Object({ id: Type.String({ maxLength: 48 }) });
const VisitParams = Type.Object({ id: VisitIdSchema });
const ForecastParams = Type.Object({ kind: ForecastKindSchema });
const Recorded = Type.Object({
  seq: Type.Integer({ description: "Of its fact; of the latest fact where nothing of it was new" }),
});

/** Registers the routes below /api/v1 whose body becomes a fact. */
export function requestRoutes(
  app: FastifyInstance,
  { site, model, clock, guard }: { site: SiteAccess; model: SiteModel; clock: Clock; guard: Guard },
): void {
  function route<P extends TSchema, B extends TSchema>(path: string, asking: Asking<P, B>): void {
    const { method = "PUT", summary, params, body, asks } = asking;
    const handler = guard(async (request, reply, by) => {
      const asked = asks(request.params as Static<P>, request.body as Static<B>);
      const decision = decideRequest({ site: model, state: site.state(), nowMs: clock.wallMs() }, asked, by);
      if (!decision.ok)
        return sendProblem(reply, decision.problem === "unknown-evse" ? 404 : 422, decision.title, decision.detail);
      const [fact] = await site.record([decision.draft]);
      // What is known already is no fact.
      return reply.code(200).send({ seq: fact?.seq ?? site.state().seq });
    });
    const schema = { summary, ...(params ? { params } : {}), body, response: { 200: Recorded } };
    app.route({ method, url: `/api/v1/${path}`, schema, handler });
  }

  route("evses/:id/wish", {
    summary: "What the driver needs; it holds until the car leaves",
    params: EvseParams,
    body: WishRequest,
    asks: ({ id }, body) => ({ kind: "wish", evseId: id, body }),
  });
  route("evses/:id/departures", {
    summary: "When cars usually leave from it, where their drivers say nothing; without any that of site.yaml",
    params: EvseParams,
    body: DeparturesRequest,
    asks: ({ id }, body) => ({ kind: "departures", evseId: id, body }),
  });
  route("visits/:id", {
    summary: "Somebody will come, with a token, to an EVSE, or both; without arrivalMs nobody comes after all",
    params: VisitParams,
    body: VisitRequest,
    asks: ({ id }, body) => ({ kind: "visit", body: { ...body, visitId: id } }),
  });
  route("evses/:id/visit", {
    summary: "The car that is there is not the one that was announced: that one is waited for again",
    params: EvseParams,
    body: EvseVisitRequest,
    asks: ({ id }, body) => ({ kind: "evse-visit", evseId: id, body }),
  });
  route("evses/:id/override", {
    method: "POST",
    summary: "Full power until the car is unplugged",
    params: EvseParams,
    body: OverrideRequest,
    asks: ({ id }, body) => ({ kind: "override", evseId: id, body }),
  });
  route("grid-limit", {
    summary:
      "A limit in W from the grid operator; without limitW it ends. To be sent again within gridOperator.api.heartbeatSeconds",
    body: GridLimitRequest,
    asks: (_, body) => ({ kind: "grid-limit", body }),
  });
  route("budget", {
    summary: "A budget for all EVSEs together, in W and Wh over time; it replaces the one before, an empty one ends it",
    body: BudgetRequest,
    asks: (_, body) => ({ kind: "budget", body }),
  });
  route("forecasts/:kind", {
    summary: "A forecast of the sun (`pv`) or of the building without cars and battery; it replaces the one before",
    params: ForecastParams,
    body: ForecastRequest,
    asks: ({ kind }, body) => ({ kind: "forecast", what: kind, body }),
  });
  route("forecasts/co2", {
    summary: "CO2 of a kWh from the grid: what preference green and the month's CO2 go by; it replaces the one before",
    body: IntensityRequest,
    asks: (_, body) => ({ kind: "co2", body }),
  });
}
