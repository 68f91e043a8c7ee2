/** Errors as RFC 9457 problem documents: what happened, and what to do. */
import type { FastifyReply } from "fastify";
import { Type } from "../core/schema.ts";

export const ProblemSchema = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String({ description: "What to do" }),
});

/** Sends a problem. */
export function sendProblem(reply: FastifyReply, status: number, title: string, detail: string): FastifyReply {
  return reply
    .code(status)
    .type("application/problem+json")
    .send(JSON.stringify({ type: "about:blank", title, status, detail }));
}
