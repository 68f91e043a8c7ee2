/**
 * A simulated charge point: profiles, transactions, meter values and an offline queue, for both OCPP versions. What
 * differs between the versions on the wire is in `dialect-16.ts` and `dialect-201.ts`.
 */
import type { Clock } from "../../core/ports.ts";
import { effectiveLimitA, effectivePhases, type OfferNow } from "../models/profile-stack.ts";
import type { Connector, ConnectorView, Dialect, StationCore, Transaction } from "./dialect.ts";
import { createDialect16 } from "./dialect-16.ts";
import { createDialect201 } from "./dialect-201.ts";
import { StationRpc } from "./rpc.ts";

export interface StationOptions {
  readonly id: string;
  readonly protocol: "ocpp1.6" | "ocpp2.0.1";
  /** Of the CSMS, without the identity. */
  readonly url: string;
  readonly password?: string;
  readonly clock: Clock;
  readonly voltageV: number;
  readonly connectors: readonly ConnectorView[];
}

interface Queued {
  readonly action: string;
  readonly payload: () => object;
  readonly done: ((answer: Record<string, unknown>) => void) | undefined;
}

export class Station implements StationCore {
  readonly id: string;
  readonly clock: Clock;
  readonly voltageV: number;
  readonly connectors: ReadonlyMap<number, Connector>;
  readonly settings = new Map<string, string>([["MeterValueSampleInterval", "30"]]);
  readonly #rpc: StationRpc;
  readonly #dialect: Dialect;
  readonly #queue: Queued[] = [];
  #draining = false;
  #accepted = false;
  #cancelTimer: () => void;
  #lastSampleMonoMs = Number.NEGATIVE_INFINITY;
  #lastHeartbeatMonoMs = 0;
  #heartbeatMs = 300_000;

  constructor(options: StationOptions) {
    this.id = options.id;
    this.clock = options.clock;
    this.voltageV = options.voltageV;
    this.connectors = new Map(
      options.connectors.map((view) => [view.connector, { view, status: "Available", profiles: [] }]),
    );
    this.#dialect = options.protocol === "ocpp1.6" ? createDialect16(this) : createDialect201(this);
    this.#rpc = new StationRpc({
      url: `${options.url}/${encodeURIComponent(options.id)}`,
      protocol: options.protocol,
      username: options.id,
      clock: options.clock,
      ...(options.password === undefined ? {} : { password: options.password }),
      onOpen: () => void this.#hello(),
      onClose: () => {},
      onCall: (action, payload) => this.#dialect.onCall(action, payload),
    });
    this.#cancelTimer = options.clock.every(1_000, `station-${options.id}`, () => this.#everySecond());
  }

  close(): void {
    this.#cancelTimer();
    this.#rpc.close();
  }

  setOffline(offline: boolean): void {
    this.#rpc.setOffline(offline);
  }

  /** The current that a connector offers to its car now, A. */
  offeredA(connector: number): number {
    const entry = this.connectors.get(connector)!;
    const now = this.#offerNow(entry);
    if (!now) return 0;
    // Profiles for connector 0 hold for all of them.
    const station = [...this.connectors.values()].flatMap((other) =>
      other === entry ? [] : other.profiles.filter((profile) => profile.purpose === "max"),
    );
    return effectiveLimitA([...entry.profiles, ...station], now);
  }

  /** On how many phases it offers that. */
  offeredPhases(connector: number): number {
    const entry = this.connectors.get(connector)!;
    const now = this.#offerNow(entry);
    return now ? effectivePhases(entry.profiles, now) : 3;
  }

  #offerNow({ transaction, view }: Connector): OfferNow | undefined {
    if (!transaction) return undefined;
    return {
      nowMs: this.clock.wallMs(),
      maxA: view.maxA,
      transactionStartMs: transaction.startMs,
      ...(transaction.id === undefined ? { transaction: "" } : { transaction: String(transaction.id) }),
    };
  }

  /** A cable is plugged in and a token shown: the transaction begins. */
  plug(connector: number, token: string): void {
    const entry = this.connectors.get(connector)!;
    this.setStatus(entry, "Preparing");
    this.start(entry, token);
  }

  unplug(connector: number): void {
    const entry = this.connectors.get(connector)!;
    this.stop(entry, "EVDisconnected");
    this.setStatus(entry, "Available");
  }

  start(connector: Connector, token: string): void {
    if (connector.transaction) return;
    const transaction: Transaction = {
      token,
      startMs: this.clock.wallMs(),
      meterStartWh: Math.round(connector.view.registerWh()),
      sequence: 0,
    };
    connector.transaction = transaction;
    const [action, payload, done] = this.#dialect.started(connector, transaction);
    this.queue(action, payload, done);
    this.setStatus(connector, "Charging");
  }

  stop(connector: Connector, reason: string): void {
    const { transaction } = connector;
    if (!transaction) return;
    delete connector.transaction;
    connector.profiles = connector.profiles.filter((profile) => profile.purpose !== "transaction");
    const [action, payload] = this.#dialect.ended(connector, transaction, reason);
    this.queue(action, payload);
    this.setStatus(connector, "Finishing");
  }

  setStatus(connector: Connector, status: string): void {
    if (connector.status === status) return;
    connector.status = status;
    const [action, payload] = this.#dialect.status(connector);
    this.call(action, payload).catch(() => {});
  }

  meter(connector: Connector): void {
    const message = this.#dialect.metered(connector);
    if (message) this.call(message[0], message[1]).catch(() => {});
  }

  reboot(): void {
    this.#accepted = false;
    for (const connector of this.connectors.values()) this.stop(connector, "Reboot");
    this.#rpc.setOffline(true);
    this.#rpc.setOffline(false);
  }

  call(action: string, payload: object): Promise<Record<string, unknown>> {
    return this.#rpc.call(action, payload);
  }

  queue(action: string, payload: () => object, done?: (answer: Record<string, unknown>) => void): void {
    this.#queue.push({ action, payload, done });
    void this.#drain();
  }

  async #hello(): Promise<void> {
    try {
      if (!this.#accepted) {
        const answer = await this.call("BootNotification", this.#dialect.boot());
        this.#accepted = answer.status === "Accepted";
        if (typeof answer.interval === "number" && answer.interval > 0) this.#heartbeatMs = answer.interval * 1000;
      }
      for (const connector of this.connectors.values()) {
        const [action, payload] = this.#dialect.status(connector);
        await this.call(action, payload);
      }
      await this.#drain();
    } catch {
      // The next connection says hello again.
    }
  }

  async #drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let next = this.#queue[0]; next && this.#rpc.isOpen(); next = this.#queue[0]) {
        const answer = await this.call(next.action, next.payload());
        this.#queue.shift();
        next.done?.(answer);
      }
    } catch {
      this.clock.after(2_000, "station-queue", () => void this.#drain());
    } finally {
      this.#draining = false;
    }
  }

  #everySecond(): void {
    const monoMs = this.clock.monoMs();
    const intervalMs = Number(this.settings.get("MeterValueSampleInterval")) * 1000;
    if (intervalMs > 0 && monoMs - this.#lastSampleMonoMs >= intervalMs - 100) {
      this.#lastSampleMonoMs = monoMs;
      for (const connector of this.connectors.values()) if (connector.transaction) this.#sample(connector);
    }
    if (monoMs - this.#lastHeartbeatMonoMs >= this.#heartbeatMs) {
      this.#lastHeartbeatMonoMs = monoMs;
      this.call("Heartbeat", {}).catch(() => {});
    }
  }

  #sample(connector: Connector): void {
    const draws = connector.view.currentA()[0] > 0.5;
    const offered = this.offeredA(connector.view.connector) >= 6;
    this.setStatus(connector, draws ? "Charging" : offered ? "SuspendedEV" : "SuspendedEVSE");
    this.meter(connector);
  }
}
