/** What is asked of charge points: to begin and end a transaction, and commands. */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { ChargePointCommand } from "../core/charge-point-input.ts";
import type { SiteAccess } from "../core/ports.ts";
import { type Static, Type } from "../core/schema.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import { openSessionAt } from "../core/state/sessions.ts";
import type { Guard } from "./guarded.ts";
import { sendProblem } from "./problem.ts";

const closed = { additionalProperties: false } as const;
const Params = Type.Object({ id: Type.String({ maxLength: 48 }) });

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

/** Registers the routes below /api/v1 that ask something of a charge point; its answer is theirs. */
export function commandRoutes(
  app: FastifyInstance,
  { site, model, guard }: { site: SiteAccess; model: SiteModel; guard: Guard },
): void {
  const send = async (reply: FastifyReply, command: ChargePointCommand, by: string) => {
    const result = await site.command(command, by);
    return reply.code(result.status === "accepted" ? 200 : 409).send(result);
  };
  const noEvse = (reply: FastifyReply, id: string) =>
    sendProblem(reply, 404, `There is no EVSE "${id}"`, `Known: ${model.evses.map((evse) => evse.id).join(", ")}`);

  app.post(
    "/api/v1/evses/:id/start",
    { schema: { summary: "Asks the charge point to begin a transaction", params: Params } },
    guard(async (request, reply, by) => {
      const { id } = request.params as Static<typeof Params>;
      const evse = model.evseById.get(id);
      if (!evse) return noEvse(reply, id);
      const { chargePointId, connector } = evse;
      return send(reply, { type: "start-transaction", chargePointId, connector, token: "wattledger" }, by);
    }),
  );

  app.post(
    "/api/v1/evses/:id/stop",
    { schema: { summary: "Asks the charge point to end the transaction", params: Params } },
    guard(async (request, reply, by) => {
      const { id } = request.params as Static<typeof Params>;
      const evse = model.evseById.get(id);
      if (!evse) return noEvse(reply, id);
      const session = openSessionAt(site.state().sessions, id);
      if (!session) return sendProblem(reply, 409, "Nobody charges there", "See GET /api/v1/sessions?open=true");
      const { transactionId, remoteId } = session;
      const remote = remoteId === undefined ? {} : { remoteId };
      return send(reply, { type: "stop-transaction", chargePointId: evse.chargePointId, transactionId, ...remote }, by);
    }),
  );

  app.post(
    "/api/v1/charge-points/:id/commands",
    { schema: { summary: "A command to a charge point", params: Params, body: CommandBody } },
    guard(async (request, reply, by) => {
      const { id: chargePointId } = request.params as Static<typeof Params>;
      if (!model.chargePoints.some((entry) => entry.id === chargePointId))
        return sendProblem(reply, 404, `There is no charge point "${chargePointId}"`, "See GET /api/v1/site");
      const body = request.body as Static<typeof CommandBody>;
      const command = body.type === "reset" ? { ...body, hard: body.hard ?? false } : body;
      return send(reply, { ...command, chargePointId }, by);
    }),
  );
}
