/** Who charges when not all can have their minimum current. */
import { chargingNeed, deliveredByRegisterWh } from "../../drivers/need.ts";
import type { ControlInput } from "../control.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import { TURN_MS } from "../thresholds.ts";

/** Power that would just do, kW, at most 1000: what is still needed in the time that is left. */
function urgencyKw(input: ControlInput, entry: EvseObservation): number {
  const { session, evse } = entry;
  if (!session) return 0;
  const { nowMs, evses } = input.image;
  const deliveredWh = deliveredByRegisterWh(session, evses.get(evse.id)?.energyWh);
  const now = deliveredWh === undefined ? { nowMs } : { nowMs, deliveredWh };
  const need = chargingNeed(input.site, input.state, session, now);
  const hours = Math.max(0.1, (need.departureMs - nowMs) / 3_600_000);
  return Math.min(1000, need.energyNeededWh / 1000 / hours);
}

/** 0: in its turn; 1: waiting for one; 2: has had its turn. */
function turnClass(entry: EvseObservation, monoMs: number): number {
  const { memory } = entry;
  if (memory.limitA <= 0) return 1;
  return monoMs - memory.turnSinceMonoMs < TURN_MS ? 0 : 2;
}

/**
 * Rank of an EVSE, lower charges first: override, priority, whose turn it is, who needs most for the time that is
 * left. Turns last {@link TURN_MS}, so nobody waits for ever and nobody flaps.
 */
export function rankOf(input: ControlInput, entry: EvseObservation): number {
  const override = input.state.sessions.overrides[entry.evse.id] ? 10 : 0;
  const first = -(entry.evse.priority + override) * 10_000;
  const turn = turnClass(entry, input.image.monoMs) * 2_000;
  return first + turn - urgencyKw(input, entry) + entry.index * 1e-6;
}
