/**
 * Whether an EVSE's energy register can be true. A register that goes down, jumps, or counts kWh under the name of Wh
 * is noted and not used: a bill is made of registers.
 */
import type { EvseModel } from "../site/site-model.ts";
import { beganMs, type Session } from "../state/sessions.ts";

const HOUR_MS = 3_600_000;
/** Clocks differ and registers round: this much is never called a jump while charging, Wh. */
const ALWAYS_POSSIBLE_WH = 5_000;
/** At the end: a charge point without a clock replays hours of charging as a moment. A whole battery is possible, Wh. */
export const POSSIBLE_AT_END_WH = 150_000;
/** An EVSE that disobeys its limit still counts right. */
const MARGIN = 2;

interface When {
  readonly atMs: number;
  readonly voltageV: number;
  /** Never called a jump, Wh. */
  readonly alwaysPossibleWh?: number;
}

/** Most that an EVSE can have delivered from the start of a session until `atMs`, Wh. */
function possibleWh(evse: EvseModel, session: Session, when: When): number {
  const hours = Math.max(0, when.atMs - beganMs(session)) / HOUR_MS;
  const byTimeWh = MARGIN * evse.maxCurrentA * when.voltageV * evse.phases.length * hours;
  return (when.alwaysPossibleWh ?? ALWAYS_POSSIBLE_WH) + byTimeWh;
}

/**
 * What is wrong with a register of an open session, Wh, read at `atMs`; `undefined` when nothing is. Without a meter
 * start there is nothing to compare with.
 */
export function registerProblem(
  registerWh: number,
  evse: EvseModel,
  session: Session | undefined,
  when: When,
): string | undefined {
  if (!Number.isFinite(registerWh) || registerWh < 0) return "a negative energy register, not used";
  const startWh = session?.meterStartWh;
  if (session === undefined || startWh === undefined) return undefined;
  const gainedWh = registerWh - startWh;
  const mostWh = possibleWh(evse, session, when);
  if (gainedWh >= 0 && gainedWh <= mostWh) return undefined;
  const asKiloWh = registerWh * 1000 - startWh;
  if (gainedWh < 0 && asKiloWh >= 0 && asKiloWh <= mostWh)
    return "an energy register in kWh where the start was in Wh, not used";
  if (gainedWh < 0) return "an energy register below that of the start, not used";
  return "an energy register that jumped by more than the EVSE can deliver, not used";
}
