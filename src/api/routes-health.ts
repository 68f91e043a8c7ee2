/** What watches the controller asks: whether it is well, and its figures for Prometheus. */
import type { FastifyInstance } from "fastify";
import { type Static, Type } from "../core/schema.ts";

const HealthSchema = Type.Object({
  ok: Type.Boolean(),
  ticks: Type.Integer({ description: "Completed since the start" }),
  tickAgeMs: Type.Number({ description: "Since the last one" }),
  ledger: Type.String({ description: "`ok`, or why it takes no facts" }),
  backlog: Type.Integer({ description: "Facts that wait for it" }),
});
export type Health = Static<typeof HealthSchema>;

/** Registers `/healthz` and `/metrics`; `metrics` is the text. */
export function healthRoutes(
  app: FastifyInstance,
  { health, metrics }: { readonly health: () => Health; readonly metrics: () => string },
): void {
  app.get(
    "/healthz",
    {
      schema: {
        summary: "200 while the controller completes its ticks",
        response: { 200: HealthSchema, 503: HealthSchema },
      },
    },
    (_request, reply) => {
      const now = health();
      return reply.code(now.ok ? 200 : 503).send(now);
    },
  );
  const text = { "text/plain": { schema: Type.String() } };
  app.get("/metrics", { schema: { summary: "Prometheus", response: { 200: { content: text } } } }, (_request, reply) =>
    reply.type("text/plain; version=0.0.4").send(metrics()),
  );
}
