/** One end of an OCPP connection, driven by hand: calls, what it was told, and what it answers. */
import { WebSocket } from "ws";

export type Payload = Readonly<Record<string, unknown>>;

export interface Told {
  readonly action: string;
  readonly payload: Payload;
}

/** Instead of the usual answer; "silent" is none, undefined the usual one. */
export type Answer = Payload | "silent" | ((payload: Payload) => Payload | undefined);

const CALL = 2;
const RESULT = 3;
const ERROR = 4;
const PATIENCE_MS = 60_000;

export abstract class OcppEnd {
  readonly id: string;
  /** Commands of the controller, in order. */
  readonly told: Told[] = [];
  readonly answers: Record<string, Answer> = {};
  transactionId: number | string | undefined;
  registerWh = 12_000;
  /** What its car draws where it may, A a phase. */
  carA = 16;
  /** The last limit of a transaction that it took, A; its own maximum without one. */
  limitA = 16;
  readonly #protocol: string;
  readonly #url: string;
  readonly #waiting = new Map<string, (answer: Payload) => void>();
  #wake: (() => void)[] = [];
  #socket!: WebSocket;
  #calls = 0;

  constructor(id: string, url: string, protocol: string) {
    this.id = id;
    this.#protocol = protocol;
    this.#url = `${url}/${id}`;
  }

  /** What it says when it is up. */
  protected abstract hello(): Promise<void>;
  /** What it answers where the story says nothing else. */
  protected abstract usual(action: string, payload: Payload): Payload;

  /** By its own limit and its car's, A a phase. */
  get drawsA(): number {
    if (this.transactionId === undefined) return 0;
    const currentA = Math.min(this.carA, this.limitA);
    return currentA < 6 ? 0 : currentA;
  }

  /** Connects and says hello. */
  async connect(): Promise<this> {
    this.#socket = new WebSocket(this.#url, this.#protocol);
    this.#socket.on("message", (text) => this.#message(JSON.parse(String(text))));
    await new Promise<void>((resolve, reject) => {
      this.#socket.once("open", resolve);
      this.#socket.once("error", reject);
    });
    await this.hello();
    return this;
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => this.#socket.once("close", resolve));
    this.#socket.terminate();
    await closed;
  }

  call(action: string, payload: Payload): Promise<Payload> {
    const id = `${this.id}-${++this.#calls}`;
    this.#socket.send(JSON.stringify([CALL, id, action, payload]));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** The first command of a kind after `since`, now or later. */
  async next(fits: (told: Told) => boolean, since = 0): Promise<Told> {
    const endMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = this.told.slice(since).find(fits);
      if (found) return found;
      const left = endMs - performance.now();
      if (left <= 0) throw new Error(`${this.id} was only told ${this.told.map(({ action }) => action).join(", ")}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #message([kind, id, ...rest]: [number, string, ...unknown[]]): void {
    if (kind === CALL) this.#command(id, rest[0] as string, rest[1] as Payload);
    const answered = this.#waiting.get(id);
    if (kind !== CALL) this.#waiting.delete(id);
    if (kind === RESULT) answered?.(rest[0] as Payload);
    if (kind === ERROR) answered?.({ error: rest[0] });
  }

  #command(id: string, action: string, payload: Payload): void {
    this.told.push({ action, payload });
    const set = this.answers[action];
    const answer = (typeof set === "function" ? set(payload) : set) ?? this.usual(action, payload);
    if (answer !== "silent") this.#socket.send(JSON.stringify([RESULT, id, answer]));
    for (const wake of this.#wake.splice(0)) wake();
  }
}
