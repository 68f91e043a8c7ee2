/** What is used of ocpp-rpc: it carries messages over a WebSocket that {@link FrameSocket} keeps clean, nothing more. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { RpcClient } from "./caller.ts";
import { FrameSocket } from "./frame-socket.ts";
import { RPCServer } from "./ocpp-rpc.ts";
import type { KnownVersion } from "./version.ts";

/** A connection whose handshake is done. */
export interface Arrival {
  readonly identity: string;
  readonly negotiation: KnownVersion;
  readonly remote: string;
}

/** Only these parts of ocpp-rpc's server client are used. */
export type ServerClient = RpcClient & {
  readonly session: Arrival;
  /** The socket has no public name in ocpp-rpc 2.2.1, whose version is pinned. */
  readonly _ws: FrameSocket;
  handle(handler: (call: { method: string; params: unknown }) => Promise<unknown>): void;
  once(event: "close", listener: (end: { code: number; reason: unknown }) => void): void;
  on(event: "socketError", listener: (error: Error) => void): void;
};

export interface Transport {
  /** Completes the handshake of who was let in. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer, arrival: Arrival): Promise<void>;
}

const MAX_PAYLOAD_BYTES = 256 * 1024;
/** Who has not answered a ping when the next one is due is gone. */
export const PING_MS = 20_000;

type Accept = (session: Arrival, protocol: string | false) => void;

/** `arrived` is called with each connection. */
export function createTransport(arrived: (client: ServerClient) => void): Transport {
  const wssOptions = { maxPayload: MAX_PAYLOAD_BYTES, perMessageDeflate: false, WebSocket: FrameSocket };
  const options = { wssOptions, pingIntervalMs: PING_MS, callConcurrency: Number.POSITIVE_INFINITY, strictMode: false };
  const rpc = new RPCServer({ ...options, protocols: ["ocpp2.0.1", "ocpp1.6"] } as never);
  const arrivals = new WeakMap<IncomingMessage, Arrival>();
  rpc.auth(((accept: Accept, _refuse: unknown, handshake: { request: IncomingMessage }) => {
    const arrival = arrivals.get(handshake.request)!;
    accept(arrival, arrival.negotiation.protocol ?? false);
  }) as never);
  rpc.on("client", arrived as never);
  return {
    async take(request, socket, head, arrival) {
      const { protocol } = arrival.negotiation;
      if (protocol === undefined) delete request.headers["sec-websocket-protocol"];
      else request.headers["sec-websocket-protocol"] = protocol;
      request.url = `/ocpp/${encodeURIComponent(arrival.identity)}`;
      arrivals.set(request, arrival);
      await (rpc.handleUpgrade as (...of: unknown[]) => unknown)(request, socket, head);
    },
  };
}
