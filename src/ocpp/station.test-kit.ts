/** A station for the tests: raw `ws`, none of our codec. */
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { clock } from "../../test/real-time.ts";
import type { ChargePointAnswer, ChargePointInput } from "../core/charge-point-input.ts";
import type { Clock, Log } from "../core/ports.ts";
import type { ChargePointConfiguration } from "../core/site/site.ts";
import { type OcppServer, type OcppServerOptions, startOcppServer } from "./server.ts";

/** A clock that stands until it is moved; sockets go on meanwhile. */
export class TestClock implements Clock {
  nowMs = Date.UTC(2026, 0, 14, 12);
  #timers = new Set<{ dueMs: number; run: () => void }>();

  wallMs = () => this.nowMs;
  monoMs = () => this.nowMs;
  wallTrusted = () => true;
  after = (ms: number, _name: string, run: () => void) => {
    const timer = { dueMs: this.nowMs + ms, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };
  every = (): never => {
    throw new Error("not used here");
  };

  advance(ms: number): void {
    this.nowMs += ms;
    for (const timer of [...this.#timers]) {
      if (timer.dueMs > this.nowMs) continue;
      this.#timers.delete(timer);
      timer.run();
    }
  }
}
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

export function chargePoint(id: string, more: Partial<ChargePointConfiguration> = {}): ChargePointConfiguration {
  const evse = { id: `${id}-1`, connector: 1, circuit: "grid", phases: ["L1", "L2", "L3"] };
  const currents = { minCurrentA: 6, maxCurrentA: 16, safeCurrentA: 6, priority: 5 };
  const base = { id, rateUnit: "auto", leaseSeconds: 180, quirks: [], evses: [{ ...evse, ...currents }] };
  return { ...base, ...more } as ChargePointConfiguration;
}

export interface Site {
  readonly server: OcppServer;
  readonly inputs: ChargePointInput[];
  until(found: (input: ChargePointInput) => boolean): Promise<ChargePointInput>;
}

export async function site(
  chargePoints: readonly ChargePointConfiguration[],
  more: Partial<OcppServerOptions> & { answer?: (input: ChargePointInput) => ChargePointAnswer } = {},
): Promise<Site> {
  const inputs: ChargePointInput[] = [];
  const waiting = new Set<() => void>();
  const server = await startOcppServer({
    host: "127.0.0.1",
    port: 0,
    chargePoints,
    clock,
    log: silent,
    verifyPassword: async (hash, secret) => hash === `scrypt$${Buffer.from(secret).toString()}`,
    handle: async (input) => {
      const answer = more.answer?.(input) ?? { tokenStatus: "accepted", transactionId: 4711 };
      inputs.push(input);
      for (const look of waiting) look();
      return answer;
    },
    ...more,
  });
  const until = (found: (input: ChargePointInput) => boolean) =>
    new Promise<ChargePointInput>((resolve) => {
      const look = () => {
        const input = inputs.find(found);
        if (!input) return;
        waiting.delete(look);
        resolve(input);
      };
      waiting.add(look);
      look();
    });
  return { server, inputs, until };
}

/** The same, closed when the test is over. */
export const siteOfTest: typeof site = async (...of) => {
  const started = await site(...of);
  onTestFinished(() => started.server.close());
  return started;
};

type Frame = [number, string | number, ...unknown[]];

export class Station {
  readonly ws: WebSocket;
  readonly received: Frame[] = [];
  /** Answers to the controller's calls by action. */
  readonly replies: Record<string, unknown> = { SetChargingProfile: { status: "Accepted" } };
  readonly closed: Promise<{ code: number }>;
  #waiting = new Set<() => void>();

  constructor(ws: WebSocket) {
    this.ws = ws;
    this.closed = new Promise((resolve) => ws.once("close", (code) => resolve({ code })));
    ws.on("error", () => {});
    ws.on("message", (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      this.received.push(frame);
      const reply = this.replies[String(frame[2])];
      if (frame[0] === 2 && reply !== null) ws.send(JSON.stringify([3, frame[1], reply ?? { status: "Accepted" }]));
      for (const look of this.#waiting) look();
    });
  }

  static async open(port: number, path: string, protocols: string[], options: object = {}): Promise<Station> {
    const scheme = "ca" in options ? "wss" : "ws";
    const station = new Station(new WebSocket(`${scheme}://127.0.0.1:${port}${path}`, protocols, options));
    await new Promise((resolve, reject) => {
      station.ws.once("open", resolve);
      station.ws.once("error", reject);
    });
    return station;
  }

  until(found: (frame: Frame) => boolean): Promise<Frame> {
    return new Promise((resolve) => {
      const look = () => {
        const frame = this.received.find(found);
        if (!frame) return;
        this.#waiting.delete(look);
        resolve(frame);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Sends a call and returns the whole answering frame. */
  async call(
    action: string,
    payload: unknown,
    id: string | number = `${action}-${this.received.length}`,
  ): Promise<Frame> {
    this.ws.send(JSON.stringify([2, id, action, payload]));
    return this.until((frame) => frame[0] !== 2 && frame[1] === id);
  }

  async command(action: string): Promise<Record<string, unknown>> {
    return (await this.until((frame) => frame[0] === 2 && frame[2] === action))[3] as Record<string, unknown>;
  }
}
