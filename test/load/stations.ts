/** Charge points for load: raw `ws`, OCPP 1.6, one message at a time, nothing of our codec and nothing slow. */
import { randomBytes, scryptSync } from "node:crypto";
import { WebSocket } from "ws";

/** A hash as `wattledger hash-password` makes them, a sixteenth as dear. */
export function cheapHash(password: string): string {
  const salt = randomBytes(16);
  const key = scryptSync(password, salt, 32, { N: 1024, r: 8, p: 1 });
  return `scrypt$1024$8$1$${salt.toString("base64url")}$${key.toString("base64url")}`;
}

export interface LoadStationOptions {
  readonly port: number;
  readonly id: string;
  readonly password?: string;
}

type Answer = Record<string, unknown>;

export class LoadStation {
  readonly socket: WebSocket;
  /** Resolves with whether the handshake succeeded. */
  readonly opened: Promise<boolean>;
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Status of a refused handshake. */
  refusedWith = 0;
  /** Actions that the controller called, in order. */
  readonly called: string[] = [];
  readonly #pending = new Map<string, (answer: Answer | undefined) => void>();
  #nextId = 1;

  constructor({ port, id, password }: LoadStationOptions) {
    const auth = password === undefined ? {} : { auth: `${id}:${password}` };
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/ocpp/${id}`, ["ocpp1.6"], {
      ...auth,
      perMessageDeflate: false,
    });
    this.opened = new Promise((resolve) => {
      this.socket.on("open", () => resolve(true));
      this.socket.on("close", () => resolve(false));
      this.socket.on("unexpected-response", (request, response) => {
        this.refusedWith = response.statusCode ?? 0;
        request.destroy();
        resolve(false);
      });
    });
    this.closed = new Promise((resolve) =>
      this.socket.on("close", (code, reason) => {
        for (const done of this.#pending.values()) done(undefined);
        resolve({ code, reason: String(reason) });
      }),
    );
    this.socket.on("error", () => {});
    this.socket.on("message", (data) => this.#take(JSON.parse(String(data))));
  }

  #take([type, id, ...rest]: [number, string, ...unknown[]]): void {
    if (type !== 2) {
      this.#pending.get(id)?.(type === 3 ? (rest[0] as Answer) : undefined);
      this.#pending.delete(id);
      return;
    }
    const action = String(rest[0]);
    this.called.push(action);
    const answer = action === "GetConfiguration" ? { configurationKey: [], unknownKey: [] } : { status: "Accepted" };
    this.socket.send(JSON.stringify([3, id, answer]));
  }

  /** The answer, or undefined for an error or a line that broke. */
  call(action: string, payload: object): Promise<Answer | undefined> {
    const id = `${this.#nextId++}`;
    if (this.socket.readyState !== WebSocket.OPEN) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#pending.set(id, resolve);
      this.socket.send(JSON.stringify([2, id, action, payload]));
    });
  }

  boot(): Promise<Answer | undefined> {
    return this.call("BootNotification", { chargePointVendor: "Load", chargePointModel: "Test" });
  }

  /** A car comes and charges. */
  async plugIn(): Promise<void> {
    const timestamp = new Date().toISOString();
    await this.call("StatusNotification", { connectorId: 1, status: "Charging", errorCode: "NoError", timestamp });
    await this.call("StartTransaction", { connectorId: 1, idTag: "HERE", meterStart: 5_000, timestamp });
  }

  /** What was kept while the line was down: a whole charging session of the past, told in order. */
  async tellQueued(startMs: number, samples: number): Promise<boolean> {
    const time = (minute: number) => new Date(startMs + minute * 60_000).toISOString();
    const start = { connectorId: 1, idTag: "QUEUED", meterStart: 1_000, timestamp: time(0) };
    const started = await this.call("StartTransaction", start);
    if (started === undefined) return false;
    const { transactionId } = started;
    for (let sample = 1; sample <= samples; sample++) {
      const values = [{ value: String(1_000 + 50 * sample), measurand: "Energy.Active.Import.Register", unit: "Wh" }];
      const meterValue = [{ timestamp: time(sample), sampledValue: values }];
      await this.call("MeterValues", { connectorId: 1, transactionId, meterValue });
    }
    const meterStop = 1_000 + 50 * samples;
    return (
      (await this.call("StopTransaction", { transactionId, meterStop, timestamp: time(samples + 1) })) !== undefined
    );
  }
}
