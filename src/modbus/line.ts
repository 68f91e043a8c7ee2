/** The line to a bus: opens it when needed, waits between attempts, and carries one exchange at a time. */
import type { Clock } from "../core/ports.ts";
import { type BusAddress, type Connect, type Connection, connect } from "./connection.ts";
import type { Framing } from "./framing.ts";
import type { Reply, Request } from "./pdu.ts";
import { RtuFraming } from "./rtu-framing.ts";
import { TcpFraming } from "./tcp-framing.ts";

export type Outcome =
  | Reply
  /** The device did not answer in time. */
  | { readonly status: "timeout"; readonly detail: string }
  /** There is no line to it. */
  | { readonly status: "offline"; readonly detail: string }
  /** Too many requests wait already. */
  | { readonly status: "busy"; readonly detail: string };

export interface LineOptions {
  /** To open, ms. */
  readonly connectTimeoutMs: number;
  /** Silence after opening, before the first request, ms. */
  readonly quietAfterConnectMs: number;
  /** The device wants this long between two connections, ms. */
  readonly reconnectDelayMs: number;
  /** Longest wait between attempts to connect, ms. */
  readonly maximumBackOffMs: number;
}

const FIRST_BACK_OFF_MS = 1000;
/** A line that never falls silent is reopened. */
const LONGEST_DRAIN_IN_QUIETS = 5;

type Waiter = { readonly data: () => void; readonly closed: (reason: string) => void };

export class Line {
  readonly rtu: boolean;
  readonly #address: BusAddress;
  readonly #options: LineOptions;
  readonly #clock: Clock;
  readonly #connect: Connect;
  readonly #framing: Framing;
  #connection: Connection | undefined;
  #waiter: Waiter | undefined;
  /** Something was answered since the line was opened. */
  #proved = false;
  #backOffMs = 0;
  #retryAtMonoMs = Number.NEGATIVE_INFINITY;
  #lastFailure = "";

  constructor(address: BusAddress, options: LineOptions, clock: Clock, open: Connect = connect) {
    this.rtu = !("tcp" in address) || address.tcp.framing === "rtu";
    this.#address = address;
    this.#options = options;
    this.#clock = clock;
    this.#connect = open;
    this.#framing = this.rtu ? new RtuFraming() : new TcpFraming();
  }

  /** Resolves `undefined` when the line is open, else why it is not. Never waits for a back-off: it says so. */
  async open(): Promise<string | undefined> {
    if (this.#connection && !this.#connection.isOpen()) this.#lost("the connection was lost");
    if (this.#connection) return undefined;
    const waitMs = this.#retryAtMonoMs - this.#clock.monoMs();
    if (waitMs > 0) return `${this.#lastFailure}; next attempt in ${Math.ceil(waitMs / 1000)} s`;
    this.#proved = false;
    const failure = await this.#dial();
    if (failure !== undefined) {
      this.reopen(failure);
      return failure;
    }
    await this.wait(this.#options.quietAfterConnectMs);
    return undefined;
  }

  /** Sends `request` and resolves with what came back within `timeoutMs`; rejects what cannot be sent. The line must be open. */
  exchange(request: Request, timeoutMs: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const bytes = this.#framing.encode(request);
      const finish = (outcome: Outcome) => {
        cancel();
        this.#waiter = undefined;
        resolve(outcome);
      };
      const late = () => finish({ status: "timeout", detail: this.#framing.complaint() });
      const cancel = this.#clock.after(timeoutMs, "modbus-reply", late);
      this.#waiter = {
        data: () => {
          const reply = this.#framing.take();
          if (reply) finish(reply);
        },
        closed: (detail) => finish({ status: "offline", detail }),
      };
      this.#connection?.write(bytes);
    });
  }

  /** The device is alive: the next failure starts with the shortest back-off. */
  confirm(): void {
    this.#proved = true;
    this.#backOffMs = 0;
  }

  /** Resolves when nothing was received for `quietMs`; `false` when the line would not fall silent. */
  drain(quietMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (silent: boolean) => {
        cancelQuiet();
        cancelLimit();
        this.#waiter = undefined;
        this.#framing.clear();
        resolve(silent);
      };
      const listen = () => this.#clock.after(quietMs, "modbus-drain", () => finish(true));
      let cancelQuiet = listen();
      const cancelLimit = this.#clock.after(quietMs * LONGEST_DRAIN_IN_QUIETS, "modbus-drain-limit", () =>
        finish(false),
      );
      this.#waiter = {
        data: () => {
          this.#framing.clear();
          cancelQuiet();
          cancelQuiet = listen();
        },
        closed: () => finish(true),
      };
    });
  }

  /** Resolves after `durationMs`; at once when it is 0. */
  wait(durationMs: number): Promise<void> {
    if (durationMs <= 0) return Promise.resolve();
    return new Promise((resolve) => this.#clock.after(durationMs, "modbus-wait", resolve));
  }

  /** Gives the connection up; the next `open` dials again, after the back-off. */
  reopen(reason: string): void {
    this.close();
    const doubled = Math.max(FIRST_BACK_OFF_MS, this.#backOffMs * 2);
    this.#backOffMs = Math.min(doubled, this.#options.maximumBackOffMs);
    this.#lastFailure = reason;
    this.#retryAtMonoMs = this.#clock.monoMs() + Math.max(this.#backOffMs, this.#options.reconnectDelayMs);
  }

  close(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
    this.#framing.clear();
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.closed("the connection was closed");
  }

  #dial(): Promise<string | undefined> {
    return new Promise((resolve) => {
      let opened = false;
      const finish = (failure: string | undefined) => {
        cancel();
        this.#waiter = undefined;
        opened = failure === undefined;
        resolve(failure);
      };
      const late = () => finish("it does not take the connection: check address and network");
      const cancel = this.#clock.after(this.#options.connectTimeoutMs, "modbus-connect", late);
      this.#waiter = { data: () => {}, closed: finish };
      this.#connection = this.#connect(this.#address, {
        opened: () => finish(undefined),
        data: (bytes) => this.#receive(bytes),
        closed: (reason) => (opened ? this.#lost(reason) : finish(reason)),
      });
    });
  }

  #receive(bytes: Buffer): void {
    this.#framing.push(bytes);
    if (this.#waiter) this.#waiter.data();
    else if (this.rtu) this.#framing.clear();
  }

  /** A device that answered and then hung up (many do when idle) is called again at once; others wait. */
  #lost(reason: string): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    const proved = this.#proved;
    this.reopen(reason);
    if (proved) {
      this.#backOffMs = 0;
      this.#retryAtMonoMs = this.#clock.monoMs() + this.#options.reconnectDelayMs;
    }
    waiter?.closed(reason);
  }
}
