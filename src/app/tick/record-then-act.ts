/**
 * Record, then act. An overload does not wait for a disk that hangs, and neither do renewals, other reductions and the next
 * look at the meter.
 */

import type { ChargePointCommand } from "../../core/charge-point-input.ts";
import type { ControlStep } from "../../core/control/control.ts";
import type { ControlMemory } from "../../core/control/step.ts";
import type { SiteDraft } from "../../core/facts/index.ts";
import type { Clock, Devices, Log } from "../../core/ports.ts";
import type { Recorder } from "../recording/recorder.ts";
import type { Dispatcher } from "./dispatch.ts";
import { SiteLog } from "./site-log.ts";

/** A fuse that is overloaded waits no longer for the disk, of 50 ms from reading to wire; the next tick no longer than the other. */
const SHED_PATIENCE_MS = 30;
const DISK_PATIENCE_MS = 500;
/** Drafts that compare with the recorded state: they would come again with every tick of a slow disk. */
const COMPARES_WITH_STATE = new Set<string>([
  "site-mode-changed",
  "device-quality-changed",
  "grid-limit-received",
  "meter-doubted",
  "meter-suspected",
  "standing-departure-applied",
  "visit-began",
]);

export type Step = ControlStep<ControlMemory>;

export interface ActingOptions {
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly log: Log;
  readonly dispatcher: Dispatcher;
  readonly devices: () => Devices | undefined;
}

export class Acting {
  readonly #options: ActingOptions;
  readonly #siteLog: SiteLog;
  /** Notes that are not on disk yet, and the youngest step whose commands have left. */
  #unwritten = 0;
  #actedTick = -1;

  constructor(options: ActingOptions) {
    this.#options = options;
    this.#siteLog = new SiteLog(options.log);
  }

  /** Resolves when the commands of a tick are on their way, or the disk has had its time. */
  async recordThenAct(step: Step, drafts: readonly SiteDraft[], tick: number): Promise<void> {
    const { recorder, clock } = this.#options;
    const repeats = this.#unwritten > 0;
    this.#unwritten++;
    let acted = false;
    let left: ReadonlySet<ChargePointCommand> = new Set();
    const act = () => {
      const commands = step.commands.filter((command) => !left.has(command));
      if (!acted) this.#act({ ...step, commands }, tick);
      acted = true;
    };
    const notes = repeats ? drafts.filter(({ type }) => !COMPARES_WITH_STATE.has(type)) : drafts;
    this.#siteLog.say(notes, clock.monoMs());
    const written = recorder.note(notes);
    const done = written.then(() => {
      this.#unwritten--;
      act();
    });
    let stopWaiting = () => {};
    const patience = new Promise<void>((resolve) => {
      stopWaiting = clock.after(step.urgent ? SHED_PATIENCE_MS : DISK_PATIENCE_MS, "disk patience", resolve);
    });
    await Promise.race([done, patience]);
    stopWaiting();
    if (step.urgent) act();
    if (acted) return;
    left = new Set(step.commands.filter((command) => this.#isWithinRecord(command)));
    this.#options.dispatcher.dispatch([...left], tick);
  }

  /** Renewals and reductions of what is on record: nothing that the books would have to know first. */
  #isWithinRecord(command: ChargePointCommand): boolean {
    if (command.type !== "set-limit") return command.type === "install-safe-default";
    const recorded = this.#options.recorder.state().limits.byEvse[command.evseId];
    const currentA = command.schedule.periods[0]?.currentA ?? 0;
    if (recorded === undefined) return false;
    return currentA < 0 ? -currentA <= (recorded.dischargeA ?? 0) : currentA <= recorded.currentA;
  }

  #act(step: Step, tick: number): void {
    const { dispatcher, devices, log } = this.#options;
    dispatcher.dispatch(step.commands, tick);
    if (tick < this.#actedTick) return;
    this.#actedTick = tick;
    for (const { deviceId, powerW, expiresInMs } of step.batteries) {
      devices()
        ?.setBattery(deviceId, powerW, expiresInMs)
        .catch((error) => log.warn("The battery was not set", { deviceId, error: String(error) }));
    }
    for (const { deviceId, limitW, expiresInMs } of step.pvs) {
      devices()
        ?.limitPv(deviceId, limitW, expiresInMs)
        .catch((error) => log.warn("The inverter was not limited", { deviceId, error: String(error) }));
    }
  }
}
