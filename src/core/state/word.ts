/** What was said of a car: by its driver, else as it was announced, else by what stands for every such day. Each part by itself. */
import type { Session, SessionsState } from "./sessions.ts";

export interface Word {
  /** From `statedMs` on, Wh; that is by the clock of the quarter-hours in the books. */
  readonly energy?: { readonly energyWh: number; readonly statedMs: number; readonly standing: boolean };
  readonly departure?: { readonly departureMs: number; readonly statedMs: number; readonly standing: boolean };
}

/**
 * A departure as our clock shows it, and since when it is known. It was said by a clock on a wall; whether ours was right
 * before it was set back or is now, nobody knows: the car is ready by the earlier of both.
 */
function inClockOfNow(
  departureMs: number,
  { statedMs, steppedMs = 0 }: { readonly statedMs: number; readonly steppedMs?: number },
) {
  return { departureMs: departureMs + Math.min(0, steppedMs), statedMs: statedMs + steppedMs };
}

/** The word that holds for an open session. A driver's own goes before all else, and holds until the car leaves. */
export function wordOn({ wishes, standing }: SessionsState, session: Session): Word {
  const wish = wishes[session.evseId];
  const known = standing[session.evseId];
  const usual = known?.transactionId === session.transactionId ? known : undefined;
  const { visit } = session;
  const word: { -readonly [Part in keyof Word]: Word[Part] } = {};
  if (wish?.departureMs !== undefined) word.departure = { ...inClockOfNow(wish.departureMs, wish), standing: false };
  else if (visit) word.departure = { ...inClockOfNow(visit.departureMs, visit), standing: false };
  else if (usual) word.departure = { ...inClockOfNow(usual.departureMs, usual), standing: true };
  if (wish?.energyWh !== undefined)
    word.energy = { energyWh: wish.energyWh, statedMs: wish.energyFromMs ?? wish.statedMs, standing: false };
  else if (visit?.energyWh !== undefined)
    word.energy = { energyWh: visit.energyWh, statedMs: session.startedMs, standing: false };
  else if (usual?.energyWh !== undefined)
    word.energy = { energyWh: usual.energyWh, statedMs: session.startedMs, standing: true };
  return word;
}
