/** What listens on the port of the API: nobody holds more of it than the site can spare. */
import type { RequestListener, Server } from "node:http";
import { inTurns } from "./turns.ts";

/** An import of `node:http` would load what it has of a browser too: 14 MB that nobody uses. */
const { createServer } = process.getBuiltinModule("node:http");
const SERVER_OPTIONS = { requestTimeout: 10_000, keepAliveTimeout: 72_000 };
/** A page holds one line, a browser six at most; each takes 13 kB. Whoever comes when all are taken is hung up on. */
export const MOST_LINES = 512;

/** A server whose requests take turns, and that has no more than {@link MOST_LINES} lines at a time. */
export function apiListener(answer: RequestListener): Server {
  const server = createServer(SERVER_OPTIONS, inTurns(answer));
  server.maxConnections = MOST_LINES;
  return server;
}
