/** The ports that the shells implement. The core declares them; only `src/app` connects them. */
import type { ChargePointAnswer, ChargePointCommand, ChargePointInput, CommandResult } from "./charge-point-input.ts";
import type { DriverVerdict } from "./decide/context.ts";
import type { Envelope } from "./facts/fact.ts";
import type { SiteDraft, SiteFact } from "./facts/index.ts";
import type { PlanInput, PlanResult } from "./facts/plan-facts.ts";
import type { BatteryReading, MeterReading, PvReading } from "./image.ts";
import type { SiteState } from "./state/state.ts";

/** Time. Real or virtual; `after` and `every` return a function that cancels. Names are for diagnostics. */
export interface Clock {
  wallMs(): number;
  monoMs(): number;
  wallTrusted(): boolean;
  after(delayMs: number, name: string, run: () => void): () => void;
  every(intervalMs: number, name: string, run: () => void): () => void;
}

/** A line of the log. `details` never holds a secret. */
export interface Log {
  debug(message: string, details?: Readonly<Record<string, unknown>>): void;
  info(message: string, details?: Readonly<Record<string, unknown>>): void;
  warn(message: string, details?: Readonly<Record<string, unknown>>): void;
  error(message: string, details?: Readonly<Record<string, unknown>>): void;
}

/** Facts that were whole once are not any more: since when it is known (epoch ms), and which. */
export interface LedgerDamage {
  readonly foundMs: number;
  readonly reason: string;
}

/** The append-only ledger. `append` resolves when the facts are on disk; it keeps the order of the calls. */
export interface Ledger {
  readonly lastSeq: number;
  /** Found by looking at old facts again; missing while they are whole. */
  readonly damage?: LedgerDamage | undefined;
  /** Assigned facts, gapless after `lastSeq`. Rejects with the reason when the disk refuses; nothing is stored then. */
  append(facts: readonly SiteFact[]): Promise<void>;
  /** The fact with this idempotency key. */
  findByKey(key: string): Envelope | undefined;
  /** Facts after `seq`, oldest first, at most `limit`. */
  read(afterSeq: number, limit: number): readonly Envelope[];
  /** Stores a snapshot of the state; a cache, never the truth. */
  saveSnapshot(state: SiteState): void;
  close(): void;
}

/** Raw samples, kept for days. Nobody waits for them; the last quarter of an hour may be lost at a power cut. */
export interface Tape {
  /** Quantised integers by channel name, e.g. `grid.l1` in 0.1 A. */
  write(atMs: number, monoMs: number, samples: Readonly<Record<string, number>>): void;
  flush(): void;
  close(): void;
}

/** Charge points. The shell calls `handle` for each input, one at a time for each charge point. */
export interface ChargePoints {
  send(command: ChargePointCommand): Promise<CommandResult>;
  close(): Promise<void>;
}
export type ChargePointHandler = (input: ChargePointInput) => Promise<ChargePointAnswer>;

/** Meters, inverters, batteries. Readings are pushed; a device that fails pushes nothing, its readings grow old. */
export interface DeviceSink {
  meter(reading: MeterReading): void;
  pv(reading: PvReading): void;
  battery(reading: BatteryReading): void;
  /** A word on why a device does not answer, for the page; never a reading. */
  trouble(deviceId: string, detail: string): void;
}
export interface Devices {
  /** `powerW` charging +; `undefined` lets the battery run by itself. Falls back by itself after `expiresInMs`. */
  setBattery(deviceId: string, powerW: number | undefined, expiresInMs: number): Promise<CommandResult>;
  /** The most that an inverter may give, W; `undefined`: all that there is, as after `expiresInMs` by itself. */
  limitPv(deviceId: string, limitW: number | undefined, expiresInMs: number): Promise<CommandResult>;
  close(): Promise<void>;
}

/** Solves a plan within a deadline. Never rejects: a failure is a result of status `rule-based`. */
export interface Solver {
  solve(input: PlanInput, deadlineMs: number): Promise<PlanResult>;
  close(): Promise<void>;
}

/** Plans for others when there is nothing else to do. */
export type PlanService = Pick<Solver, "solve">;

/** Prices by slot start, EUR/kWh; a missing slot is not known yet. */
export interface Prices {
  importEurPerKwh(slotStartMs: number): number | undefined;
  exportEurPerKwh(slotStartMs: number): number | undefined;
}

/** Drivers of partners. */
export interface DriverRegister {
  /** What is known at once; missing where the token is nobody's. */
  known(token: string): DriverVerdict | undefined;
  /** Of a car that charges already: as `known`, but the partner is asked where it wants that of each use of a token. */
  begun(token: string, chargePointId: string): Promise<DriverVerdict | undefined>;
  /** The same, the driver's partner asked first where its rules want that. Resolves within seconds, whoever is away. */
  ask(token: string, chargePointId: string): Promise<DriverVerdict | undefined>;
}

/** How far somebody outside has the facts: kept beside the ledger, saved seldom, so perhaps behind after a power cut. */
export interface Cursor {
  /** Everything up to this sequence has been taken. */
  readonly seq: number;
  moveTo(seq: number): void;
  /** Saves it now: what must not be delivered twice has been. */
  save(): void;
  /** Saves it now, and no more after that. */
  close(): void;
}
/** Opens the cursor of a name; a new one begins at `lastSeq`, as does one that is ahead of a younger ledger. */
export type OpenCursor = (name: string, lastSeq: number) => Cursor;

/** What the API and MQTT may ask of the running site. */
export interface SiteAccess {
  state(): SiteState;
  /** Records facts decided outside the tick (wish, override, limit); resolves when they are on disk. */
  record(drafts: readonly SiteDraft[]): Promise<readonly SiteFact[]>;
  command(command: ChargePointCommand, by: string): Promise<CommandResult>;
  read(afterSeq: number, limit: number): readonly Envelope[];
  /** Called with every batch of facts after it is on disk. Returns a function that ends it. */
  subscribe(onFacts: (facts: readonly SiteFact[]) => void): () => void;
}
