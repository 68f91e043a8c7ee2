/** The local CSMS: OCPP 1.6J and 2.0.1 on one port, plain or TLS. Puts door, transport and charge points together. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { ChargePointHandler, ChargePoints, Clock, Log } from "../core/ports.ts";
import type { ChargePointConfiguration } from "../core/site/site.ts";
import { ChargePoint } from "./charge-point.ts";
import type { VerifyPassword } from "./credentials.ts";
import { Pace } from "./flood.ts";
import type { FramePace } from "./frame-socket.ts";
import { Guard, refuseUpgrade } from "./guard.ts";
import { type ListenerOptions, startListener } from "./listener.ts";
import { Refusals } from "./refusals.ts";
import { warmSchemas } from "./schemas.ts";
import { createTransport, type ServerClient, type Transport } from "./transport.ts";

export interface OcppServerOptions extends ListenerOptions {
  readonly chargePoints: readonly ChargePointConfiguration[];
  readonly verifyPassword: VerifyPassword;
  readonly handle: ChargePointHandler;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OcppServer extends ChargePoints {
  readonly port: number;
}

/** Calls of one charge point: a queue of days offline comes through, a flood is slowed down. */
const CALLS_AT_ONCE = 1_000;
const CALLS_PER_SECOND = 20;
/** Frames of any kind; beyond it the connection is ended. */
const FRAMES_AT_ONCE = 3_000;
const FRAMES_PER_SECOND = 200;
const FAREWELL_MS = 2_000;

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

/** Joins each connection with its charge point. */
function transportTo(byId: ReadonlyMap<string, ChargePoint>, { clock, log }: OcppServerOptions): Transport {
  const paces = new Map([...byId.keys()].map((id) => [id, framePace(clock)]));
  return createTransport((client: ServerClient) => {
    const { identity, negotiation, remote } = client.session;
    const chargePoint = byId.get(identity)!;
    const { version, protocol = "none, taken as 1.6" } = negotiation;
    client._ws.pace = paces.get(identity);
    const connection = chargePoint.connect(client, client._ws, { version, protocol, remote });
    client.handle(({ method, params }) => chargePoint.answer(connection, method, params));
    client.on("socketError", (error) => log.debug("OCPP socket error", { error: error.message }));
    client.once("close", ({ code, reason }) =>
      chargePoint.disconnected(connection, `${code} ${String(reason ?? "")}`.trim()),
    );
  });
}

/** OCPP-J 1.6 section 3.1.2: without a common version the handshake is completed without a subprotocol, then closed. */
function farewellTo(clock: Clock): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, handleProtocols: () => false });
  return (request, socket, head) =>
    server.handleUpgrade(request, socket, head, (ws) => {
      ws.on("error", () => ws.terminate());
      ws.close(1002, "no common OCPP version");
      clock.after(FAREWELL_MS, "ocpp farewell", () => ws.terminate());
    });
}

function refusalsOf({ clock, log, handle }: OcppServerOptions): Refusals {
  return new Refusals(clock, (refused) => {
    log.warn("A connection to the OCPP port was refused", { ...refused });
    handle(refused).catch((error) => log.error("A refusal was not recorded", { error: String(error) }));
  });
}

/** Starts to listen. Rejects when the port is taken or the certificate is unusable. */
export async function startOcppServer(options: OcppServerOptions): Promise<OcppServer> {
  const { clock, log, chargePoints, handle } = options;
  warmSchemas();
  const byId = new Map(
    chargePoints.map((configuration) => [configuration.id, new ChargePoint({ configuration, handle, clock, log })]),
  );
  const guard = new Guard(chargePoints, options.verifyPassword, clock);
  const refusals = refusalsOf(options);
  const transport = transportTo(byId, options);
  const farewell = farewellTo(clock);

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
      refusals.add(remote, identity, "it offers no OCPP version that is spoken here");
      farewell(request, socket, head);
      return;
    }
    await transport.take(request, socket, head, { identity, negotiation, remote });
  }

  const listener = await startListener(options, chargePoints.length, upgrade, log);
  return {
    port: listener.port,
    send: async (command) =>
      byId.get(command.chargePointId)?.send(command) ?? { status: "offline", detail: "no such charge point" },
    close: async () => {
      refusals.close();
      await listener.close(() => Promise.all([...byId.values()].map((chargePoint) => chargePoint.close())));
    },
  };
}
