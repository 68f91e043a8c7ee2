/**
 * What goes out to one charge point, over all its connections: commands in the style that it understands, the take-over
 * from a former controller, the setup.
 */
import type { ChargePointCommand, ChargePointInput, CommandResult } from "../core/charge-point-input.ts";
import type { Clock } from "../core/ports.ts";
import type { ChargePointConfiguration } from "../core/site/site.ts";
import { type CallQueue, PRIORITY } from "./call-queue.ts";
import { type Caller, makeCall } from "./caller.ts";
import { callsOf } from "./outbound.ts";
import type { ProfileStyle } from "./profile.ts";
import { configuredQuirks, modelQuirks } from "./quirks.ts";
import { setUp } from "./setup.ts";

/** A connection on which calls go out. */
export interface Line extends Caller {
  readonly queue: CallQueue;
  takingOver: boolean;
}

export interface OutgoingOptions {
  readonly configuration: ChargePointConfiguration;
  readonly clock: Clock;
  /** Our time minus that of its clock, ms. */
  readonly lagMs: () => number;
  readonly tell: (input: ChargePointInput) => Promise<unknown>;
  readonly violated: (action: string, problem: string, payload: unknown) => void;
}

/** A charge point that has not answered a limit by then has not taken it, for all we know. */
export const LIMIT_TIMEOUT_MS = 10_000;
const CALL_TIMEOUT_MS = 30_000;
/** Pauses between attempts to clear the profiles of a former controller. */
const TAKE_OVER_RETRY_MS: readonly number[] = [15_000, 60_000, 300_000];
const UNCLEARED = "the profiles of a former controller are not cleared and may lie above its limits";

export class Outgoing {
  readonly #options: OutgoingOptions;
  /** The last safe default and limit of each connector. */
  readonly #standing = new Map<string, ChargePointCommand>();
  #takenOver = false;
  /** Safe defaults and limits that have left. */
  #set = 0;
  #style: ProfileStyle;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    const quirks = configuredQuirks(options.configuration.quirks);
    this.#style = { rateUnit: this.#rateUnit("A", quirks), quirks };
  }

  #rateUnit(probed: "A" | "W", quirks: ProfileStyle["quirks"]): "A" | "W" {
    const configured = this.#options.configuration.rateUnit;
    if (configured !== "auto") return configured;
    return quirks.has("watts-only") ? "W" : quirks.has("amperes-only") ? "A" : probed;
  }

  /** What is known of its model counts from now on. */
  isA(vendor: string, model: string): void {
    const quirks = new Set([...this.#style.quirks, ...modelQuirks(vendor, model)]);
    this.#style = { ...this.#style, quirks, rateUnit: this.#rateUnit(this.#style.rateUnit, quirks) };
  }

  /** It has booted, or need not: what waits may go out, after what has to be done first. */
  begin(line: Line): void {
    if (!this.#takenOver && !line.takingOver) void this.#takeOver(line);
    if (!this.#style.quirks.has("no-setup")) void this.#probe(line);
    line.queue.open();
  }

  send(line: Line, command: ChargePointCommand): Promise<CommandResult> {
    const isLimit = command.type === "set-limit";
    if (isLimit || command.type === "install-safe-default")
      this.#standing.set(`${command.type} ${command.connector}`, command);
    const isSafety = isLimit || command.type === "install-safe-default" || command.type === "clear-limits";
    return line.queue.push({
      priority: isSafety ? PRIORITY.limit : PRIORITY.command,
      ...(isLimit ? { key: `limit ${command.evseId}` } : {}),
      run: () => this.#run(line, command, isSafety ? LIMIT_TIMEOUT_MS : CALL_TIMEOUT_MS),
    });
  }

  /** Safe defaults and limits once more: they were written by a clock that was wrong. */
  repeat(line: Line): void {
    for (const command of this.#inForce()) void this.send(line, command);
  }

  /** The safe defaults and the limits that have not run out, in the order in which they have to be set. */
  #inForce(): ChargePointCommand[] {
    const nowMs = this.#options.clock.wallMs();
    const isOver = (command: ChargePointCommand) =>
      command.type === "set-limit" && command.schedule.startMs + command.schedule.durationS * 1000 < nowMs;
    return [...this.#standing.values()].filter((command) => !isOver(command));
  }

  /** The calls of a command, one after the other, up to the first that fails. */
  async #run(line: Line, command: ChargePointCommand, timeoutMs: number): Promise<CommandResult> {
    if (command.type === "set-limit" || command.type === "install-safe-default") this.#set += 1;
    const style = { ...this.#style, clockLagMs: this.#options.lagMs() };
    const context = { nowMs: this.#options.clock.wallMs(), style };
    let result: CommandResult = { status: "accepted", detail: "" };
    for (const call of callsOf(line.version, command, context)) {
      ({ result } = await makeCall(line, call, command.type, timeoutMs));
      if (result.status !== "accepted") break;
    }
    return result;
  }

  /**
   * Profiles of a former controller would lie above ours: cleared once, before the first limit leaves. A charge point
   * that refuses is asked again. What clears then, or slowly (in 2.0.1 it is two calls), takes ours with it, and that is
   * sent once more.
   */
  async #takeOver(line: Line, tries = 0): Promise<void> {
    line.takingOver = true;
    const { status, detail } = await line.queue.push({
      priority: PRIORITY.takeOver,
      run: () => this.#clear(line, tries > 0),
    });
    this.#takenOver = status === "accepted";
    if (this.#takenOver || !line.isCurrent()) return;
    this.#options.violated("ClearChargingProfile", UNCLEARED, `${status} ${detail}`);
    if (status === "not-supported") return;
    const pauseMs = TAKE_OVER_RETRY_MS[Math.min(tries, TAKE_OVER_RETRY_MS.length - 1)]!;
    this.#options.clock.after(pauseMs, "ocpp take-over", () => {
      if (line.isCurrent()) void this.#takeOver(line, tries + 1);
    });
  }

  async #clear(line: Line, restoring: boolean): Promise<CommandResult> {
    const clear = { type: "clear-limits", chargePointId: this.#options.configuration.id } as const;
    const before = this.#set;
    const result = await this.#run(line, clear, LIMIT_TIMEOUT_MS);
    if ((restoring || this.#set > before) && result.status === "accepted")
      for (const command of this.#inForce()) await this.#run(line, command, LIMIT_TIMEOUT_MS);
    return result;
  }

  async #probe(line: Line): Promise<void> {
    const probed = await setUp(line.version, (action, payload) => this.#ask(line, action, payload));
    if (!line.isCurrent() || Object.keys(probed.settings).length === 0) return;
    const { quirks } = this.#style;
    const { maxPeriods, maxStackLevel } = probed;
    const rateUnit = this.#rateUnit(probed.rateUnit, quirks);
    this.#style = {
      quirks,
      rateUnit,
      ...(maxPeriods === undefined ? {} : { maxPeriods }),
      ...(maxStackLevel === undefined ? {} : { maxStackLevel }),
    };
    await this.#options.tell({
      type: "probed",
      chargePointId: this.#options.configuration.id,
      ...probed,
      rateUnit,
    });
  }

  async #ask(line: Line, action: string, payload: Readonly<Record<string, unknown>>): Promise<unknown> {
    let answer: unknown;
    await line.queue.push({
      priority: PRIORITY.setup,
      run: async () => {
        const called = await makeCall(line, { action, payload }, "setup", CALL_TIMEOUT_MS);
        answer = called.answer;
        return called.result;
      },
    });
    return answer;
  }
}
