/** The port: HTTP or HTTPS, which only serves upgrades, with bounds on what is open and what has not said who it is. */
import type { IncomingMessage, Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Log } from "../core/ports.ts";
import { refuseUpgrade } from "./guard.ts";
import { Handshakes } from "./handshakes.ts";

/** An import of `node:http` would load what it has of a browser too: 14 MB that nobody uses. */
const { createServer } = process.getBuiltinModule("node:http");

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Contents of PEM files: security profile 2. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
}

export interface Listener {
  readonly port: number;
  /** Takes no more connections and ends those that are open; `before` the last is ended. */
  close(before: () => Promise<unknown>): Promise<void>;
}

export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;

const LEAST_HANDSHAKES = 64;
const LEAST_CONNECTIONS = 256;
const SERVER_OPTIONS = {
  maxHeaderSize: 8192,
  headersTimeout: 10_000,
  connectionsCheckingInterval: 5_000,
  noDelay: true,
};

function serverOf({ tls }: ListenerOptions): Server {
  if (!tls) return createServer(SERVER_OPTIONS);
  return createTlsServer({ ...SERVER_OPTIONS, ...tls, minVersion: "TLSv1.2", handshakeTimeout: 10_000 });
}

/** Listens for `stations` charge points. Rejects when the port is taken or the certificate is unusable. */
export async function startListener(
  options: ListenerOptions,
  stations: number,
  upgrade: Upgrade,
  log: Log,
): Promise<Listener> {
  const server = serverOf(options);
  const open = new Set<Socket>();
  const handshakes = new Handshakes(Math.max(LEAST_HANDSHAKES, 2 * stations));
  server.maxConnections = Math.max(LEAST_CONNECTIONS, 4 * stations);
  server.on("connection", (socket: Socket) => {
    if (!handshakes.begin(socket)) return;
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  const answered = new WeakSet<Socket>();
  server.on("request", ({ socket }, response) => {
    // What came with it, a thousand requests at once, costs no answer each.
    if (answered.has(socket)) return;
    answered.add(socket);
    response.writeHead(404, { connection: "close" }).end();
    socket.destroySoon();
  });
  server.on("upgrade", (request, socket, head) => {
    upgrade(request, socket, head)
      .catch((error) => {
        log.error("An upgrade failed", { error: String(error) });
        refuseUpgrade(socket, 500);
      })
      .finally(() => handshakes.end(request.socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async (before) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await before();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
