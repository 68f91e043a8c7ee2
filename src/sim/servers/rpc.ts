/** OCPP-J over a raw WebSocket, from the side of a charge point: CALL, CALLRESULT, CALLERROR, and coming back. */
import { WebSocket } from "ws";
import type { Clock } from "../../core/ports.ts";

export interface RpcOptions {
  readonly url: string;
  readonly protocol: "ocpp1.6" | "ocpp2.0.1";
  readonly username: string;
  readonly password?: string;
  readonly clock: Clock;
  readonly onOpen: () => void;
  readonly onClose: () => void;
  /** Answers a call; throwing is answered with CALLERROR NotImplemented. */
  readonly onCall: (action: string, payload: Record<string, unknown>) => Record<string, unknown>;
}

const CALL_TIMEOUT_MS = 15_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

interface Pending {
  resolve(payload: Record<string, unknown>): void;
  reject(error: Error): void;
  cancel(): void;
}

export class StationRpc {
  readonly #options: RpcOptions;
  readonly #pending = new Map<string, Pending>();
  #socket: WebSocket | undefined;
  #counter = 0;
  #retryMs = FIRST_RETRY_MS;
  #closed = false;
  #offline = false;

  constructor(options: RpcOptions) {
    this.#options = options;
    this.#connect();
  }

  isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Pulls the network cable, or puts it back. */
  setOffline(offline: boolean): void {
    this.#offline = offline;
    if (offline) this.#socket?.terminate();
  }

  close(): void {
    this.#closed = true;
    this.#socket?.terminate();
  }

  /** Sends a call. Rejects when the line is down, on CALLERROR, and when no answer comes. */
  call(action: string, payload: object): Promise<Record<string, unknown>> {
    const socket = this.#socket;
    if (!socket || socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error("offline"));
    const id = String(++this.#counter);
    return new Promise((resolve, reject) => {
      const expire = () => {
        this.#pending.delete(id);
        reject(new Error(`${action} was not answered`));
      };
      const cancel = this.#options.clock.after(CALL_TIMEOUT_MS, "station-call", expire);
      this.#pending.set(id, { resolve, reject, cancel });
      socket.send(JSON.stringify([2, id, action, payload]));
    });
  }

  #connect(): void {
    if (this.#closed) return;
    if (this.#offline) {
      this.#retry();
      return;
    }
    const { url, protocol, username, password } = this.#options;
    const auth = password === undefined ? {} : { auth: `${username}:${password}` };
    const socket = new WebSocket(url, [protocol], { ...auth, handshakeTimeout: 5_000 });
    this.#socket = socket;
    socket.on("open", () => {
      this.#retryMs = FIRST_RETRY_MS;
      this.#options.onOpen();
    });
    socket.on("message", (data) => this.#receive(String(data)));
    socket.on("error", () => {});
    socket.on("close", () => {
      for (const pending of this.#pending.values()) {
        pending.cancel();
        pending.reject(new Error("offline"));
      }
      this.#pending.clear();
      this.#options.onClose();
      this.#retry();
    });
  }

  #retry(): void {
    if (this.#closed) return;
    this.#options.clock.after(this.#retryMs, "station-reconnect", () => this.#connect());
    this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2);
  }

  #receive(text: string): void {
    const message = JSON.parse(text) as unknown[];
    const [type, id] = message as [number, string];
    if (type === 2) {
      this.#answer(id, String(message[2]), message[3] as Record<string, unknown>);
      return;
    }
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    pending.cancel();
    if (type === 3) pending.resolve(message[2] as Record<string, unknown>);
    else pending.reject(new Error(`${String(message[2])}: ${String(message[3])}`));
  }

  #answer(id: string, action: string, payload: Record<string, unknown>): void {
    try {
      this.#socket?.send(JSON.stringify([3, id, this.#options.onCall(action, payload)]));
    } catch {
      this.#socket?.send(JSON.stringify([4, id, "NotImplemented", "", {}]));
    }
  }
}
