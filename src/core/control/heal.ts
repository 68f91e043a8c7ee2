/**
 * What is done about a charge point that draws more than it may: its profiles are cleared (a leftover one may lie above
 * ours) and set again; when that has not helped and a fuse is at stake, its transaction is stopped.
 */
import type { ChargePointCommand } from "../charge-point-input.ts";
import type { ControlInput } from "./control.ts";
import type { EvseMemory } from "./memory.ts";
import type { EvseObservation } from "./observe-evse.ts";
import { safeDefault } from "./schedule.ts";
import { HEAL_EVERY_MS, HEALS_BEFORE_STOP } from "./thresholds.ts";

export interface Healed {
  readonly memory: EvseMemory;
  readonly commands: readonly ChargePointCommand[];
}

/** Commands that heal, at most every {@link HEAL_EVERY_MS}. The limit itself is sent after them. */
export function heal(
  input: ControlInput,
  entry: EvseObservation,
  memory: EvseMemory,
  circuitOverloaded: boolean,
): Healed {
  const { monoMs } = input.image;
  const { session, evse } = entry;
  const recently = memory.healedMonoMs !== undefined && monoMs - memory.healedMonoMs < HEAL_EVERY_MS;
  if (memory.obeyed || recently || !session) return { memory, commands: [] };
  const { sentMonoMs: _, sentA: __, ...rest } = memory;
  const healed = { ...rest, healedMonoMs: monoMs, heals: memory.heals + 1 };
  const { chargePointId, connector } = evse;
  if (memory.heals >= HEALS_BEFORE_STOP && circuitOverloaded) {
    const { transactionId, remoteId } = session;
    const stop = { type: "stop-transaction", chargePointId, transactionId } as const;
    return { memory: healed, commands: [remoteId === undefined ? stop : { ...stop, remoteId }] };
  }
  return { memory: healed, commands: [{ type: "clear-limits", chargePointId, connector }, safeDefault(input, entry)] };
}
