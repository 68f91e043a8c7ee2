/** What was said of a car: by its driver, else by what stands for every such day. Each part by itself. */
import type { Session, SessionsState } from "./sessions.ts";

export interface Word {
  /** From `statedMs` on, Wh. */
  readonly energy?: { readonly energyWh: number; readonly statedMs: number; readonly standing: boolean };
  readonly departure?: { readonly departureMs: number; readonly statedMs: number; readonly standing: boolean };
}

/** The word that holds for an open session. A driver's own goes before what is usual, and holds until the car leaves. */
export function wordOn({ wishes, standing }: SessionsState, session: Session): Word {
  const wish = wishes[session.evseId];
  const known = standing[session.evseId];
  const usual = known?.transactionId === session.transactionId ? known : undefined;
  const word: { -readonly [Part in keyof Word]: Word[Part] } = {};
  if (wish?.departureMs !== undefined)
    word.departure = { departureMs: wish.departureMs, statedMs: wish.statedMs, standing: false };
  else if (usual) word.departure = { departureMs: usual.departureMs, statedMs: usual.statedMs, standing: true };
  if (wish?.energyWh !== undefined) word.energy = { energyWh: wish.energyWh, statedMs: wish.statedMs, standing: false };
  else if (usual?.energyWh !== undefined)
    word.energy = { energyWh: usual.energyWh, statedMs: session.startedMs, standing: true };
  return word;
}
