/**
 * A charge point says nothing more until its last word is answered, and that waits for the disk. While the disk hangs, the
 * car that begins, or that comes after the one that ended, draws what the safe default of its EVSE allows, for all we know.
 */
import type { ChargePointInput } from "../../core/charge-point-input.ts";
import { evseAt } from "../../core/decide/context.ts";
import type { EvseReading } from "../../core/image.ts";
import type { Clock } from "../../core/ports.ts";
import type { PhaseIndex } from "../../core/quantity.ts";
import type { SiteModel } from "../../core/site/site-model.ts";

/** A car that starts is there already; the next one has to be driven in and plugged in. */
const STARTS_AFTER_MS = 500;
const NEXT_AFTER_MS = 10_000;
/** Readings are forgotten after a minute and a half. */
const AGAIN_AFTER_MS = 30_000;

export interface UntoldCarsOptions {
  readonly site: SiteModel;
  readonly clock: Clock;
  readonly tell: (reading: EvseReading) => void;
}

type Untold = (input: ChargePointInput, endedEvseIds: readonly string[]) => () => void;

/**
 * Counts the car of a start or an end from when the disk should have taken it, until the returned function is called.
 * `endedEvseIds` is where the input ends something.
 */
export function untoldCars({ site, clock, tell }: UntoldCarsOptions): Untold {
  function assume(evseId: string): void {
    const evse = site.evseById.get(evseId);
    const onPhase = (phase: PhaseIndex) => (evse?.phases.includes(phase) ? evse.safeCurrentA : 0);
    tell({ evseId, atMonoMs: clock.monoMs(), currentA: [onPhase(0), onPhase(1), onPhase(2)] });
  }

  return (input, endedEvseIds) => {
    const isStart = input.type === "transaction-started" && !input.replayed;
    const begun = isStart ? evseAt(site, input.chargePointId, input.connector) : undefined;
    const evseIds = begun ? [begun.id] : endedEvseIds;
    if (evseIds.length === 0) return () => undefined;
    const again = () => {
      for (const evseId of evseIds) assume(evseId);
      stop = clock.after(AGAIN_AFTER_MS, "untold car", again);
    };
    let stop = clock.after(begun ? STARTS_AFTER_MS : NEXT_AFTER_MS, "untold car", again);
    return () => stop();
  };
}
