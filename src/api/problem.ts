/** Errors as RFC 9457 problem documents: what happened, and what to do. */
import type { FastifyReply } from "fastify";

/** Sends a problem. */
export function sendProblem(reply: FastifyReply, status: number, title: string, detail: string): FastifyReply {
  return reply
    .code(status)
    .type("application/problem+json")
    .send(JSON.stringify({ type: "about:blank", title, status, detail }));
}
