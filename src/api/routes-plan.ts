/** Why the plan in force gives each EVSE and battery in each slot what it gives. */
import type { FastifyInstance } from "fastify";
import { Type } from "../core/schema.ts";
import { type PlanReasons, PlanReasonsSchema } from "../core/view/plan-reasons.ts";
import { sendProblem } from "./problem.ts";

const Query = Type.Object({
  evse: Type.Optional(Type.String({ maxLength: 64, description: "Only this EVSE, or this battery by its device id" })),
  at: Type.Optional(Type.Number({ description: "Only the slot that begins then, epoch ms" })),
});

/** Registers `GET /api/v1/plan/reasons`. `reasons` is missing until there is a plan. */
export function planRoutes(app: FastifyInstance, reasons: () => PlanReasons | undefined): void {
  app.get(
    "/api/v1/plan/reasons",
    {
      schema: {
        summary:
          "For every EVSE, battery and slot of the plan the limit that binds, and what the next cheaper choice would need",
        querystring: Query,
        response: { 200: PlanReasonsSchema },
      },
    },
    async (request, reply) => {
      const { evse, at } = request.query as { evse?: string; at?: number };
      const all = reasons();
      if (!all)
        return sendProblem(reply, 404, "There is no plan yet", "The first one is made within seconds of the start");
      const slotsAt = <Slot extends { readonly startMs: number }>(slots: readonly Slot[]) =>
        slots.filter(({ startMs }) => at === undefined || startMs === at);
      const evses = all.evses.filter(({ evseId }) => evse === undefined || evseId === evse);
      const batteries = all.batteries.filter(({ deviceId }) => evse === undefined || deviceId === evse);
      return {
        ...all,
        evses: evses.map((row) => ({ ...row, slots: slotsAt(row.slots) })),
        batteries: batteries.map((row) => ({ ...row, slots: slotsAt(row.slots) })),
      };
    },
  );
}
