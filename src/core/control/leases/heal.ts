/**
 * What is done about a charge point that draws more than it may: its profiles are cleared (a leftover one may lie above
 * ours) and set again; when that has not helped and a fuse is at stake, its transaction is stopped.
 */
import type { ChargePointCommand } from "../../charge-point-input.ts";
import type { ControlInput } from "../control.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import type { EvseMemory } from "../memory.ts";
import { HEAL_EVERY_MS, HEAL_OPENS_MS, HEALS_BEFORE_STOP } from "../thresholds.ts";
import { safeDefault } from "./schedule.ts";

/** Its circuit is above the limit; `opens`: the protective device may open before the next attempt. */
export type Strain = "over" | "opens";

export interface Healed {
  readonly memory: EvseMemory;
  readonly commands: readonly ChargePointCommand[];
}

/**
 * Commands that heal, at most every {@link HEAL_EVERY_MS}, or once at once and then the stop where the device may open
 * before. The limit itself is sent after them.
 */
export function heal(
  input: ControlInput,
  entry: EvseObservation,
  memory: EvseMemory,
  strain: Strain | undefined,
): Healed {
  const { monoMs } = input.image;
  const { session, evse } = entry;
  const everyMs = strain === "opens" ? HEAL_OPENS_MS : HEAL_EVERY_MS;
  const recently = memory.healedMonoMs !== undefined && monoMs - memory.healedMonoMs < everyMs;
  if (memory.obeyed || recently || !session) return { memory, commands: [] };
  const { sentMonoMs: _, sentA: __, ...rest } = memory;
  const healed = { ...rest, healedMonoMs: monoMs, heals: memory.heals + 1 };
  const { chargePointId, connector } = evse;
  if (memory.heals >= (strain === "opens" ? 1 : HEALS_BEFORE_STOP) && strain) {
    const { transactionId, remoteId } = session;
    const stop = { type: "stop-transaction", chargePointId, transactionId } as const;
    return { memory: healed, commands: [remoteId === undefined ? stop : { ...stop, remoteId }] };
  }
  return { memory: healed, commands: [{ type: "clear-limits", chargePointId, connector }, safeDefault(input, entry)] };
}
