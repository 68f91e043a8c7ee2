/** The local CSMS: OCPP 1.6J and 2.0.1 on one port, plain or TLS. ocpp-rpc carries the messages, nothing more. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { RPCServer } from "ocpp-rpc";
import { WebSocketServer } from "ws";
import type { ChargePointCommand, CommandResult } from "../core/charge-point-input.ts";
import type { ChargePointHandler, ChargePoints, Clock, Log } from "../core/ports.ts";
import type { ChargePointConfiguration } from "../core/site.ts";
import type { RpcClient } from "./caller.ts";
import { ChargePoint } from "./charge-point.ts";
import type { VerifyPassword } from "./credentials.ts";
import { Pace } from "./flood.ts";
import { type FramePace, FrameSocket } from "./frame-socket.ts";
import { Guard, refuseUpgrade } from "./guard.ts";
import { Handshakes } from "./handshakes.ts";
import { Refusals } from "./refusals.ts";
import { warmSchemas } from "./schemas.ts";
import type { negotiate, OcppVersion } from "./version.ts";

export interface OcppServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Contents of PEM files: security profile 2. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  readonly chargePoints: readonly ChargePointConfiguration[];
  readonly verifyPassword: VerifyPassword;
  readonly handle: ChargePointHandler;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OcppServer extends ChargePoints {
  readonly port: number;
}

const MAX_PAYLOAD_BYTES = 256 * 1024;
/** Calls of one charge point: a queue of days offline comes through, a flood is slowed down. */
const CALLS_AT_ONCE = 1_000;
const CALLS_PER_SECOND = 20;
/** Frames of any kind; beyond it the connection is ended. */
const FRAMES_AT_ONCE = 3_000;
const FRAMES_PER_SECOND = 200;
const LEAST_HANDSHAKES = 64;
const FAREWELL_MS = 2_000;
const PING_MS = 20_000;
const SERVER_OPTIONS = {
  maxHeaderSize: 8192,
  headersTimeout: 10_000,
  connectionsCheckingInterval: 5_000,
  noDelay: true,
};

interface Session {
  readonly version: OcppVersion;
  readonly protocol: string;
  readonly remote: string;
}

/** Only these parts of ocpp-rpc's server client are used. */
type ServerClient = RpcClient & {
  readonly identity: string;
  readonly session: Session;
  handle(handler: (call: { method: string; params: unknown }) => Promise<unknown>): void;
  once(event: "close", listener: (end: { code: number; reason: unknown }) => void): void;
  on(event: "socketError", listener: (error: Error) => void): void;
};

function transport(): RPCServer {
  const wssOptions = { maxPayload: MAX_PAYLOAD_BYTES, perMessageDeflate: false, WebSocket: FrameSocket };
  const options = { wssOptions, pingIntervalMs: PING_MS, callConcurrency: Number.POSITIVE_INFINITY, strictMode: false };
  return new RPCServer({ ...options, protocols: ["ocpp2.0.1", "ocpp1.6"] } as never);
}

/** Of a charge point, over all its connections. */
function framePace(clock: Clock): FramePace {
  const calls = new Pace(CALLS_AT_ONCE, CALLS_PER_SECOND);
  const frames = new Pace(FRAMES_AT_ONCE, FRAMES_PER_SECOND);
  return {
    wait: () => calls.take(clock.monoMs()),
    mayCome: () => frames.take(clock.monoMs()) === 0,
    later: (delayMs, run) => clock.after(delayMs, "ocpp pace", run),
  };
}

/** Starts to listen. Rejects when the port is taken or the certificate is unusable. */
export async function startOcppServer(options: OcppServerOptions): Promise<OcppServer> {
  const { clock, log, chargePoints, handle } = options;
  warmSchemas();
  const byId = new Map(
    chargePoints.map((configuration) => [configuration.id, new ChargePoint({ configuration, handle, clock, log })]),
  );
  const guard = new Guard(chargePoints, options.verifyPassword, clock);
  const refusals = new Refusals(clock, (refused) => {
    log.warn("A connection to the OCPP port was refused", { ...refused });
    handle(refused).catch((error) => log.error("A refusal was not recorded", { error: String(error) }));
  });
  const rpc = transport();
  const farewell = new WebSocketServer({ noServer: true, perMessageDeflate: false, handleProtocols: () => false });

  rpc.auth(((
    accept: (session: Session, protocol: string | false) => void,
    _refuse: unknown,
    handshake: { request: IncomingMessage },
  ) => {
    const { negotiation, remote } = admitted.get(handshake.request)!;
    const { version, protocol } = negotiation;
    accept({ version, protocol: protocol ?? "none, taken as 1.6", remote }, protocol ?? false);
  }) as never);
  const admitted = new WeakMap<
    IncomingMessage,
    { negotiation: Exclude<ReturnType<typeof negotiate>, "unknown">; remote: string }
  >();

  const paces = new Map(chargePoints.map(({ id }) => [id, framePace(clock)]));
  rpc.on("client", ((client: ServerClient & { _ws: FrameSocket }) => {
    const chargePoint = byId.get(client.identity)!;
    client._ws.pace = paces.get(client.identity);
    // The socket has no public name in ocpp-rpc 2.2.1, whose version is pinned.
    const connection = chargePoint.connect(client, client._ws, client.session);
    client.handle(({ method, params }) => chargePoint.answer(connection, method, params));
    client.on("socketError", (error) => log.debug("OCPP socket error", { error: error.message }));
    client.once("close", ({ code, reason }) =>
      chargePoint.disconnected(connection, `${code} ${String(reason ?? "")}`.trim()),
    );
  }) as never);

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => socket.destroy());
    const remote = request.socket.remoteAddress ?? "?";
    const admission = await guard.admit(request);
    if (socket.destroyed) return;
    if ("code" in admission) {
      refusals.add(remote, admission.identity, admission.reason);
      refuseUpgrade(socket, admission.code);
      return;
    }
    const { identity, negotiation } = admission;
    if (negotiation === "unknown") {
      // OCPP-J 1.6 section 3.1.2: complete the handshake without a subprotocol, then close.
      refusals.add(remote, identity, "it offers no OCPP version that is spoken here");
      farewell.handleUpgrade(request, socket, head, (ws) => {
        ws.on("error", () => ws.terminate());
        ws.close(1002, "no common OCPP version");
        clock.after(FAREWELL_MS, "ocpp farewell", () => ws.terminate());
      });
      return;
    }
    if (negotiation.protocol === undefined) delete request.headers["sec-websocket-protocol"];
    else request.headers["sec-websocket-protocol"] = negotiation.protocol;
    request.url = `/ocpp/${encodeURIComponent(identity)}`;
    admitted.set(request, { negotiation, remote });
    await (rpc.handleUpgrade as (...of: unknown[]) => unknown)(request, socket, head);
  }

  const server: Server = options.tls
    ? createTlsServer({ ...SERVER_OPTIONS, ...options.tls, minVersion: "TLSv1.2", handshakeTimeout: 10_000 })
    : createServer(SERVER_OPTIONS);
  server.maxConnections = Math.max(256, 4 * chargePoints.length);
  const open = new Set<Socket>();
  const handshakes = new Handshakes(Math.max(LEAST_HANDSHAKES, 2 * chargePoints.length));
  server.on("connection", (socket: Socket) => {
    if (!handshakes.begin(socket)) return;
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  server.on("request", (_request, response) => response.writeHead(404).end());
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
    send: async (command: ChargePointCommand): Promise<CommandResult> =>
      byId.get(command.chargePointId)?.send(command) ?? { status: "offline", detail: "no such charge point" },
    close: async () => {
      refusals.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...byId.values()].map((chargePoint) => chargePoint.close()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
