/** Routes that change something: only those get in who may, and the facts say who it was. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Access } from "./access.ts";
import { sendProblem } from "./problem.ts";

/** `by` is who asks, as facts name it. */
type Handler = (request: FastifyRequest, reply: FastifyReply, by: string) => Promise<unknown>;
export type Guard = (handler: Handler) => (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** Puts the question who asks before a handler. */
export function guardBy(access: (request: FastifyRequest) => Promise<Access>): Guard {
  return (handler) => async (request, reply) => {
    const allowed = await access(request);
    if (!allowed.ok) return sendProblem(reply, allowed.status, allowed.title, allowed.detail);
    return handler(request, reply, `api:${allowed.by}`);
  };
}
