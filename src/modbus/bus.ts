/**
 * One bus: a serial line, or a host and port. One queue, one request in flight, a deadline around each. After a
 * timeout on RTU the line is drained and not believed until it has proved to be in step (see ghosts.ts); after
 * repeated timeouts it is opened anew. Why we frame ourselves: docs/decisions/modbus-framing.md.
 */
import type { Clock, Log } from "../core/ports.ts";
import { type BusAddress, busName, type Connect, connect } from "./connection.ts";
import { Ghosts } from "./ghosts.ts";
import { Line, type LineOptions, type Outcome } from "./line.ts";
import type { ReadRequest, Request } from "./pdu.ts";

export interface BusOptions extends LineOptions {
  /** Requests that may wait; more are answered `busy`. */
  readonly maximumQueue: number;
}

export interface RequestOptions {
  readonly timeoutMs: number;
  /** Silence before this request, ms; some devices need it between two. */
  readonly gapMs: number;
}

export const DEFAULT_BUS_OPTIONS: BusOptions = {
  connectTimeoutMs: 3000,
  quietAfterConnectMs: 0,
  reconnectDelayMs: 0,
  maximumBackOffMs: 60_000,
  maximumQueue: 64,
};

/** Timeouts in a row after which a line is opened anew. */
const TIMEOUTS_BEFORE_REOPEN = { tcp: 2, rtu: 3 } as const;
/** 3.5 characters at 9600 baud (serial line 2.5.1.1); 1.75 ms from 19200 on. */
const RTU_SILENCE_MS = 5;
/** Drains and probes that one request may cost before it counts as unanswered. */
const MOST_PROBES = 2;

interface Job {
  readonly request: Request;
  readonly options: RequestOptions;
  readonly resolve: (outcome: Outcome) => void;
}

const CLOSED: Outcome = { status: "offline", detail: "wattledger is stopping" };

export class Bus {
  readonly name: string;
  readonly #line: Line;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #ghosts: Ghosts;
  readonly #maximumQueue: number;
  readonly #queue: Job[] = [];
  #working = false;
  #closed = false;
  #timeouts = 0;
  #lastEndMonoMs = Number.NEGATIVE_INFINITY;

  constructor(
    address: BusAddress,
    options: BusOptions,
    context: { readonly clock: Clock; readonly log: Log; readonly connect?: Connect },
  ) {
    this.name = busName(address);
    this.#clock = context.clock;
    this.#log = context.log;
    this.#line = new Line(address, options, context.clock, context.connect ?? connect);
    this.#ghosts = new Ghosts(context.clock);
    this.#maximumQueue = options.maximumQueue;
  }

  /** Resolves with the reply or why there is none; never rejects, never later than queue and deadlines allow. */
  request(request: Request, options: RequestOptions): Promise<Outcome> {
    if (this.#closed) return Promise.resolve(CLOSED);
    if (this.#queue.length >= this.#maximumQueue)
      return Promise.resolve({ status: "busy", detail: "too many requests wait for this bus: poll less often" });
    return new Promise((resolve) => {
      const job = { request, options, resolve };
      // A command does not wait behind readings.
      if (request.kind === "write") this.#queue.unshift(job);
      else this.#queue.push(job);
      void this.#work();
    });
  }

  /** Ends the line; everything that waits is answered. */
  close(): void {
    this.#closed = true;
    for (const job of this.#queue.splice(0)) job.resolve(CLOSED);
    this.#line.close();
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    for (let job = this.#queue.shift(); job; job = this.#queue.shift()) {
      // A device may lead to what cannot be asked: that is no reason to lose the others on its line.
      job.resolve(await this.#serve(job).catch((error): Outcome => ({ status: "offline", detail: String(error) })));
      await this.#settle(job);
    }
    this.#working = false;
  }

  async #serve(job: Job): Promise<Outcome> {
    const closed = await this.#line.open();
    if (closed !== undefined) return { status: "offline", detail: closed };
    if (this.#closed) return CLOSED;
    return job.request.kind === "read" && this.#line.rtu
      ? this.#readInStep(job.request, job.options)
      : this.#exchange(job.request, job.options);
  }

  async #readInStep(request: ReadRequest, options: RequestOptions): Promise<Outcome> {
    for (let probes = 0; this.#ghosts.mayAnswer(request); probes++) {
      const probe = this.#ghosts.probeFor(request);
      if (!probe || probes >= MOST_PROBES)
        return { status: "timeout", detail: "the line is out of step; waiting until old answers are gone" };
      const outcome = await this.#exchange(probe, options);
      // An exception may be the late answer of a ghost: let whatever follows pass, then go on.
      if (outcome.status === "exception" && (await this.#line.drain(options.timeoutMs)))
        this.#ghosts.bury(request.unitId);
      else if (outcome.status !== "ok") return outcome;
    }
    return this.#exchange(request, options);
  }

  async #exchange(request: Request, options: RequestOptions): Promise<Outcome> {
    const gapMs = Math.max(options.gapMs, this.#line.rtu ? RTU_SILENCE_MS : 0);
    await this.#line.wait(this.#lastEndMonoMs + gapMs - this.#clock.monoMs());
    const outcome = await this.#line.exchange(request, options.timeoutMs);
    this.#lastEndMonoMs = this.#clock.monoMs();
    if (outcome.status === "ok" || outcome.status === "exception") this.#answered(request, outcome.status === "ok");
    else if (outcome.status === "timeout") this.#unanswered(request, options);
    return outcome;
  }

  #answered(request: Request, certainly: boolean): void {
    this.#timeouts = 0;
    this.#line.confirm();
    if (certainly && !this.#ghosts.mayAnswer(request)) this.#ghosts.bury(request.unitId);
  }

  #unanswered(request: Request, options: RequestOptions): void {
    this.#timeouts++;
    if (this.#line.rtu) this.#ghosts.add(request, options.timeoutMs);
  }

  /** After a job: makes the line fit for the next one. */
  async #settle(job: Job): Promise<void> {
    if (this.#timeouts === 0 || this.#closed) return;
    if (this.#timeouts >= TIMEOUTS_BEFORE_REOPEN[this.#line.rtu ? "rtu" : "tcp"]) {
      this.#log.debug("modbus: no answers, opening the line anew", { bus: this.name });
      this.#timeouts = 0;
      this.#line.reopen("it takes the connection but does not answer");
    } else if (this.#line.rtu && !(await this.#line.drain(job.options.timeoutMs)))
      this.#line.reopen("the line does not fall silent: check for a second master");
  }
}
