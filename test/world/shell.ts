/** What the OCPP shell makes of a charge point's times before the controller sees them, by the shell's own rules. */
import type { ChargePointCommand, ChargePointInput, LimitSchedule } from "../../src/core/charge-point-input.ts";
import type { Clock } from "../../src/core/ports.ts";
import { StationClock } from "../../src/ocpp/station-clock.ts";
import { readTime } from "../../src/ocpp/time.ts";

type SetLimit = Extract<ChargePointCommand, { type: "set-limit" }>;

/** The youngest time that a message carries, by the clock of the charge point, ms. */
function writtenMs(input: ChargePointInput): number | undefined {
  if (input.type === "metered") return Math.max(...input.samples.map(({ atMs }) => atMs));
  return input.type === "transaction-started" || input.type === "transaction-ended" ? input.atMs : undefined;
}

/** One charge point as the shell of one process knows it. */
export class Shell {
  readonly #clock: Clock;
  readonly #station: StationClock;
  #last: SetLimit | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#station = new StationClock(clock);
  }

  connected(): void {
    this.#station.connected();
  }

  /** A message as the controller gets it, and the limit that has to be sent again because its clock proved wrong. */
  heard(input: ChargePointInput): { readonly input: ChargePointInput; readonly again?: ChargePointCommand } {
    if (input.type === "booted") this.#station.booted();
    const written = writtenMs(input);
    const proved = written !== undefined && this.#station.heard(written);
    const told = { input: this.#inOurTime(input) };
    return proved && this.#last ? { ...told, again: this.sent(this.#last) } : told;
  }

  #inOurTime(input: ChargePointInput): ChargePointInput {
    const read = (atMs: number) =>
      readTime(new Date(atMs).toISOString(), { nowMs: this.#clock.wallMs(), lagMs: this.#station.lagMs }).atMs;
    if (input.type === "metered")
      return { ...input, samples: input.samples.map((sample) => ({ ...sample, atMs: read(sample.atMs) })) };
    if (input.type === "transaction-started" || input.type === "transaction-ended")
      return { ...input, atMs: read(input.atMs), writtenMs: input.atMs };
    return input;
  }

  /** A command as it goes over the wire. */
  sent(command: ChargePointCommand): ChargePointCommand {
    if (command.type === "clear-limits") this.#last = undefined;
    if (command.type !== "set-limit") return command;
    this.#last = command;
    const schedule: LimitSchedule = {
      ...command.schedule,
      startMs: Math.max(0, command.schedule.startMs - this.#station.lagMs),
    };
    return { ...command, schedule };
  }
}
