/** What ended sessions teach about the next ones: how long cars really stayed, beside what was said, and what they took. */
import type { SiteFact } from "../facts/index.ts";
import { beganMs, energyBeforeWh, givenBeforeWh, openSessionAt, type Session, type SessionsState } from "./sessions.ts";
import { type Word, wordOn } from "./word.ts";

export interface Stay {
  readonly evseId: string;
  readonly token?: string;
  readonly startedMs: number;
  readonly stayMs: number;
  /** From the driver's last word on it: the stay that was said, and the stay that it was, ms. */
  readonly saidMs?: number;
  readonly keptMs?: number;
  /** Taken, less what was given back. */
  readonly energyWh: number;
  /** What it gave back, Wh; missing where it gave nothing. */
  readonly givenWh?: number;
  /** What the driver asked for, all in all, Wh. */
  readonly askedWh?: number;
  /** The most that it drew, W; missing where it took too little to tell. */
  readonly powerW?: number;
  /** It had been announced, and came so much later than was said, ms; missing: nobody knew of it. */
  readonly lateMs?: number;
  /** Still charging when it left: it might have taken more. */
  readonly cutShort: boolean;
}

export interface StaysState {
  /** Oldest first. */
  readonly ended: readonly Stay[];
}

/** About half a year of a busy site; some 100 kB in a snapshot. */
export const STAYS_KEPT = 600;
/** Somebody who only tried the plug teaches nothing. */
const LEAST_STAY_MS = 120_000;
const CHARGING_WH = 100;
/** Who took less was nearly full, and slower than usual. */
const TELLING_WH = 1000;

export function initialStays(): StaysState {
  return { ended: [] };
}

/** What was said of the departure while the car was there, and what came of it. */
function kept(session: Session, { departure }: Word, endedMs: number): Pick<Stay, "saidMs" | "keptMs"> {
  if (!departure) return {};
  const sinceMs = Math.max(departure.statedMs, beganMs(session));
  const saidMs = departure.departureMs - sinceMs;
  return saidMs < LEAST_STAY_MS ? {} : { saidMs, keptMs: Math.max(0, endedMs - sinceMs) };
}

function drawn({ quarterHours }: Session, energyWh: number): Pick<Stay, "powerW"> {
  const powerW = Math.max(0, ...quarterHours.map(({ maxPowerW }) => maxPowerW));
  return energyWh < TELLING_WH || powerW <= 0 ? {} : { powerW };
}

function stayOf(session: Session, ended: { atMs: number; energyWh: number }, word: Word): Stay {
  const last = session.quarterHours.at(-1);
  const { dischargedWh: givenWh = 0 } = session;
  const hadWh = (statedMs: number) => energyBeforeWh(session, statedMs) - givenBeforeWh(session, statedMs);
  return {
    evseId: session.evseId,
    ...(session.token === undefined ? {} : { token: session.token }),
    startedMs: beganMs(session),
    stayMs: ended.atMs - beganMs(session),
    ...kept(session, word, ended.atMs),
    energyWh: Math.max(0, Math.round(ended.energyWh - givenWh)),
    ...(givenWh > 0 ? { givenWh: Math.round(givenWh) } : {}),
    ...(word.energy ? { askedWh: Math.round(hadWh(word.energy.statedMs) + word.energy.energyWh) } : {}),
    ...drawn(session, ended.energyWh),
    ...(session.visit ? { lateMs: beganMs(session) - session.visit.arrivalMs } : {}),
    cutShort: (last?.energyWh ?? 0) >= CHARGING_WH,
  };
}

/** Folds one fact into the stays; `sessions` are those before the fact. */
export function evolveStays(slice: StaysState, fact: SiteFact, sessions: SessionsState): StaysState {
  if (fact.type !== "transaction-ended") return slice;
  const { transactionId, evseId, atMs, meterStopWh } = fact.data;
  const session = sessions.open[transactionId];
  if (!session || !(atMs - beganMs(session) >= LEAST_STAY_MS)) return slice;
  // Our clock was set back behind its start: on record it ends when it begins.
  if (session.steppedMs !== undefined && atMs <= session.startedMs) return slice;
  const { meterStartWh } = session;
  const registerWh = meterStartWh === undefined || meterStopWh === undefined ? -1 : meterStopWh - meterStartWh;
  const energyWh = registerWh >= 0 ? registerWh : session.energyWh;
  // Where a younger transaction runs at the EVSE, the wish is that of the car that is there now.
  const word = openSessionAt(sessions, evseId) === session ? wordOn(sessions, session) : {};
  return { ended: [...slice.ended, stayOf(session, { atMs, energyWh }, word)].slice(-STAYS_KEPT) };
}
