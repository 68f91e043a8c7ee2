/** What ended sessions of the last month come to, in few numbers each: a month is reckoned from them. */
import type { SiteFact } from "../facts/index.ts";
import { SLOT_MS } from "../time/slots.ts";
import type { Session, SessionsState } from "./sessions.ts";

export interface BookedSession {
  readonly transactionId: number;
  readonly evseId: string;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly energyWh: number;
  readonly costEur: number;
  readonly unpricedWh?: number;
  /** Most that was seen, W. */
  readonly maxPowerW: number;
  /** The quarter-hours: of each its distance from the one in which the session began, and its energy, Wh. */
  readonly slots: readonly number[];
  readonly slotsWh: readonly number[];
  /** Given back in each of them, Wh; missing where nothing was. */
  readonly slotsGivenWh?: readonly number[];
  /** As in `Session`. */
  readonly olderWh?: number;
}

export interface BookedState {
  /** In the order in which they were booked. */
  readonly ended: readonly BookedSession[];
  /** Of the sessions that ended before, some are no longer here; epoch ms. */
  readonly wholeFromMs: number;
}

/** A month of 60 busy EVSEs; some 100 kB in a snapshot. */
export const BOOKED_KEPT = 2_000;
/** The longest month, and a day for the edges of time zones. */
const KEPT_MS = 32 * 86_400_000;

export function initialBooked(): BookedState {
  return { ended: [], wholeFromMs: 0 };
}

/** A session without what a month does not ask for. */
function bookedSession(session: Session, endedMs: number): BookedSession {
  const { transactionId, evseId, startedMs, energyWh, costEur, unpricedWh, olderWh, quarterHours } = session;
  const given = quarterHours.map(({ dischargedWh = 0 }) => dischargedWh);
  return {
    transactionId,
    evseId,
    startedMs,
    endedMs,
    energyWh,
    costEur,
    ...(unpricedWh === undefined ? {} : { unpricedWh }),
    maxPowerW: Math.max(0, ...quarterHours.map(({ maxPowerW }) => maxPowerW)),
    slots: quarterHours.map(({ slotStartMs }) => Math.floor(slotStartMs / SLOT_MS) - Math.floor(startedMs / SLOT_MS)),
    slotsWh: quarterHours.map((quarterHour) => quarterHour.energyWh),
    ...(given.some((wh) => wh !== 0) ? { slotsGivenWh: given } : {}),
    ...(olderWh === undefined ? {} : { olderWh }),
  };
}

function without(slice: BookedState, count: number): BookedState {
  if (count === 0) return slice;
  const dropped = slice.ended.slice(0, count);
  return {
    ended: slice.ended.slice(count),
    wholeFromMs: dropped.reduce((latestMs, { endedMs }) => Math.max(latestMs, endedMs), slice.wholeFromMs),
  };
}

function withNew(slice: BookedState, entry: BookedSession, { atMs, wallTrusted }: SiteFact): BookedState {
  const all = { ...slice, ended: [...slice.ended, entry] };
  // A clock that is not trusted may stand in the future.
  const young = wallTrusted ? all.ended.findIndex(({ endedMs }) => endedMs >= atMs - KEPT_MS) : 0;
  return without(all, Math.max(all.ended.length - BOOKED_KEPT, young < 0 ? all.ended.length : young));
}

/** Folds one fact into the books; `sessions` are those after the fact. */
export function evolveBooked(slice: BookedState, fact: SiteFact, sessions: SessionsState): BookedState {
  if (fact.type !== "transaction-ended" && fact.type !== "transaction-metered") return slice;
  const { transactionId } = fact.data;
  if (sessions.open[transactionId]) return slice;
  const session = sessions.ended.findLast((ended) => ended.transactionId === transactionId);
  if (session?.endedMs === undefined) return slice;
  const entry = bookedSession(session, session.endedMs);
  const at = slice.ended.findLastIndex((booked) => booked.transactionId === transactionId);
  // The last, partial quarter-hour is metered just after the end.
  return at >= 0 && slice.ended[at]!.startedMs === entry.startedMs
    ? { ...slice, ended: slice.ended.with(at, entry) }
    : withNew(slice, entry, fact);
}
