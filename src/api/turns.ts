/**
 * Requests are answered one by one, a turn of the event loop each: however many come at once, readings of meters and the
 * guard come between two of them.
 */

import type { FastifyInstance } from "fastify";
import { sendProblem } from "./problem.ts";

/** More wait nowhere: they are refused. */
const MOST_WAITING = 500;

/** Runs `work` when it is its turn; false when too many wait already. */
export type Turns = (work: () => void) => boolean;

export function createTurns(most = MOST_WAITING): Turns {
  const waiting: (() => void)[] = [];

  function next(): void {
    const work = waiting.shift();
    if (waiting.length > 0) setImmediate(next);
    work?.();
  }

  return (work) => {
    if (waiting.length >= most) return false;
    waiting.push(work);
    if (waiting.length === 1) setImmediate(next);
    return true;
  };
}

/** All requests of `app` take turns; who has hung up by then is not served. */
export function inTurns(app: FastifyInstance): void {
  const turns = createTurns();
  app.addHook("onRequest", (request, reply, done) => {
    const serve = () => {
      if (!request.raw.socket.destroyed) done();
    };
    if (!turns(serve)) sendProblem(reply, 503, "Too many requests at once", "Wait a moment, then ask again");
  });
}
