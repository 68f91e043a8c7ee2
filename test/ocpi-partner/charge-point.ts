/** A charge point of OCPP 1.6 with one socket, driven by hand: what it answers and tells is up to the story. */
import { WebSocket } from "ws";

type Payload = Readonly<Record<string, unknown>>;

export interface Told {
  readonly action: string;
  readonly payload: Payload;
}

const CALL = 2;
const RESULT = 3;
const ERROR = 4;
const PATIENCE_MS = 60_000;
const SETTINGS: Readonly<Record<string, string>> = {
  ChargingScheduleAllowedChargingRateUnit: "Current",
  ChargeProfileMaxStackLevel: "8",
  ChargingScheduleMaxPeriods: "24",
  MaxChargingProfilesInstalled: "10",
  SupportedFeatureProfiles: "Core,SmartCharging,RemoteTrigger,Reservation",
  NumberOfConnectors: "1",
};

export class ChargePoint {
  readonly id: string;
  /** Commands of the controller, in order. */
  readonly told: Told[] = [];
  /** Instead of the usual answer; "silent" is none. */
  readonly answers: Record<string, Payload | "silent"> = {};
  status = "Available";
  transactionId: number | undefined;
  registerWh = 12_000;
  /** What its car draws where it may, A a phase. */
  carA = 16;
  /** The last limit of a transaction that it was given, A; its own maximum without one. */
  limitA = 16;
  readonly #url: string;
  readonly #waiting = new Map<string, (answer: Payload) => void>();
  #wake: (() => void)[] = [];
  #socket!: WebSocket;
  #calls = 0;

  constructor(id: string, url: string) {
    this.id = id;
    this.#url = `${url}/${id}`;
  }

  /** By its own limit and its car's, A a phase. */
  get drawsA(): number {
    if (this.transactionId === undefined) return 0;
    const currentA = Math.min(this.carA, this.limitA);
    return currentA < 6 ? 0 : currentA;
  }

  /** Connects and says hello. */
  async connect(): Promise<this> {
    this.#socket = new WebSocket(this.#url, "ocpp1.6");
    this.#socket.on("message", (text) => this.#message(JSON.parse(String(text))));
    await new Promise<void>((resolve, reject) => {
      this.#socket.once("open", resolve);
      this.#socket.once("error", reject);
    });
    await this.call("BootNotification", { chargePointVendor: "Partner", chargePointModel: "Story" });
    await this.tellStatus(this.status);
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

  async tellStatus(status: string): Promise<void> {
    this.status = status;
    const timestamp = new Date().toISOString();
    await this.call("StatusNotification", { connectorId: 1, errorCode: "NoError", status, timestamp });
  }

  /** Accepted, Blocked, Expired or Invalid. */
  async authorize(idTag: string): Promise<string> {
    return statusOf(await this.call("Authorize", { idTag }));
  }

  /** A car is plugged in and a token shown: what became of it. */
  async start(idTag: string, atMs = Date.now(), more: Payload = {}): Promise<string> {
    await this.tellStatus("Preparing");
    const answer = await this.call("StartTransaction", {
      connectorId: 1,
      idTag,
      meterStart: this.registerWh,
      timestamp: new Date(atMs).toISOString(),
      ...more,
    });
    this.transactionId = Number(answer.transactionId);
    if (statusOf(answer) === "Accepted") await this.tellStatus("Charging");
    return statusOf(answer);
  }

  /** So much was charged since the last time, and this is drawn now. */
  async meter(energyWh: number, currentA = this.drawsA, atMs = Date.now()): Promise<void> {
    this.registerWh += energyWh;
    const phase = (name: string) => ({
      value: currentA.toFixed(1),
      measurand: "Current.Import",
      unit: "A",
      phase: name,
    });
    await this.call("MeterValues", {
      connectorId: 1,
      ...(this.transactionId === undefined ? {} : { transactionId: this.transactionId }),
      meterValue: [
        {
          timestamp: new Date(atMs).toISOString(),
          sampledValue: [
            { value: String(this.registerWh), measurand: "Energy.Active.Import.Register", unit: "Wh" },
            { value: (currentA * 690).toFixed(0), measurand: "Power.Active.Import", unit: "W" },
            ...["L1", "L2", "L3"].map(phase),
          ],
        },
      ],
    });
  }

  /** The driver leaves. */
  async stop(reason = "Local", atMs = Date.now(), more: Payload = {}): Promise<void> {
    await this.call("StopTransaction", {
      transactionId: this.transactionId,
      meterStop: this.registerWh,
      timestamp: new Date(atMs).toISOString(),
      reason,
      ...more,
    });
    this.transactionId = undefined;
    this.limitA = 16;
    await this.tellStatus("Finishing");
    await this.tellStatus("Available");
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
    const answer = this.answers[action] ?? this.#usual(action, payload);
    if (answer !== "silent") this.#socket.send(JSON.stringify([RESULT, id, answer]));
    for (const wake of this.#wake.splice(0)) wake();
  }

  #usual(action: string, payload: Payload): Payload {
    if (action === "GetConfiguration") {
      const keys = (payload.key as string[] | undefined) ?? Object.keys(SETTINGS);
      const known = keys.filter((key) => key in SETTINGS);
      return {
        configurationKey: known.map((key) => ({ key, readonly: true, value: SETTINGS[key] })),
        unknownKey: keys.filter((key) => !(key in SETTINGS)),
      };
    }
    if (action === "SetChargingProfile") this.#limit(payload);
    if (action === "UnlockConnector") return { status: "Unlocked" };
    return { status: "Accepted" };
  }

  #limit({ csChargingProfiles }: Payload): void {
    const { chargingProfilePurpose, chargingSchedule } = csChargingProfiles as {
      chargingProfilePurpose: string;
      chargingSchedule: { chargingSchedulePeriod: { limit: number }[] };
    };
    if (chargingProfilePurpose === "TxProfile") this.limitA = chargingSchedule.chargingSchedulePeriod[0]!.limit;
  }
}

function statusOf({ idTagInfo }: Payload): string {
  return (idTagInfo as { status: string }).status;
}
