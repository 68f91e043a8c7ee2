/**
 * Requests are answered one by one, a turn of the event loop each: however many come at once, readings of meters and the
 * guard come between two of them.
 */
import type { RequestListener } from "node:http";
import type { Socket } from "node:net";

/** More wait nowhere: they are refused. */
const MOST_WAITING = 500;
/** No browser and no program of use sends so many on one line without waiting for an answer. */
const MOST_ON_A_LINE = 20;

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

/**
 * What answers requests in turns. Who has hung up by then is not served, and a line that floods is closed: that has to
 * cost next to nothing, as a thousand requests are read at once.
 */
export function inTurns(answer: RequestListener): RequestListener {
  const turns = createTurns();
  const onLine = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    if (socket.destroyed) return;
    const waiting = (onLine.get(socket) ?? 0) + 1;
    onLine.set(socket, waiting);
    if (waiting > MOST_ON_A_LINE) {
      socket.destroy();
      return;
    }
    const serve = () => {
      onLine.set(socket, (onLine.get(socket) ?? 1) - 1);
      if (!socket.destroyed) answer(request, response);
    };
    if (!turns(serve)) response.writeHead(503, { connection: "close", "retry-after": "1" }).end();
  };
}
