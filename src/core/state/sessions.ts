/** Sessions: who charged where and when, how much, what it cost, what limited it; and what drivers asked for. */

import type { PreferenceSchema } from "../facts/driver-facts.ts";
import type { SiteFact } from "../facts/index.ts";
import type { ReasonKind } from "../reason.ts";
import type { Static } from "../schema.ts";
import { SLOT_MS } from "../time/slots.ts";

export type Preference = Static<typeof PreferenceSchema>;

export interface SessionQuarterHour {
  readonly slotStartMs: number;
  readonly energyWh: number;
  readonly costEur: number;
  /** Not in the cost: its price was not known, Wh. */
  readonly unpricedWh?: number;
  readonly maxPowerW: number;
  /** Given back, Wh; not in the energy. */
  readonly dischargedWh?: number;
  readonly limitedBySeconds: Partial<Record<ReasonKind, number>>;
}

export interface Session {
  readonly transactionId: number;
  readonly remoteId?: string;
  readonly chargePointId: string;
  readonly evseId: string;
  readonly connectorId: number;
  readonly token?: string;
  readonly startedMs: number;
  /** By how much our clock was stepped since, ms. */
  readonly steppedMs?: number;
  readonly meterStartWh?: number;
  readonly endedMs?: number;
  /** When the end was recorded, by the site's clock: charge points tell of some later. */
  readonly endRecordedMs?: number;
  readonly meterStopWh?: number;
  readonly stopReason?: string;
  /** Sum of the quarter-hours until the end; then the difference of the registers where both are known. */
  readonly energyWh: number;
  readonly costEur: number;
  /** Energy that is not in the cost, because its price was not known, Wh. */
  readonly unpricedWh?: number;
  /** Given back in all, Wh, and the last reading of that register; not in energy and cost. */
  readonly dischargedWh?: number;
  readonly exportRegisterWh?: number;
  /** The last week of them; the ledger has them all. */
  readonly quarterHours: readonly SessionQuarterHour[];
  /** Energy of the quarter-hours before, Wh: a car may stay for months. */
  readonly olderWh?: number;
  /** The car was announced: what was said then, energy since the plug-in, Wh. */
  readonly visit?: AnnouncedWord;
  /** For which it was taken, and is not. */
  readonly notVisits?: readonly string[];
}

export interface AnnouncedWord {
  readonly visitId: string;
  readonly arrivalMs: number;
  readonly departureMs: number;
  readonly energyWh?: number;
  readonly preference?: Preference;
  readonly statedMs: number;
  /** By how much our clock was stepped since, ms. */
  readonly steppedMs?: number;
}

export interface Wish {
  readonly energyWh?: number;
  readonly departureMs?: number;
  readonly preference?: Preference;
  /** False: no energy is taken back from the car. */
  readonly dischargeAllowed?: boolean;
  readonly by: string;
  readonly statedMs: number;
  /** By how much our clock was stepped since, ms. */
  readonly steppedMs?: number;
  /** By the clock of the quarter-hours in the books, where ours was set back before: energy counts from then on. */
  readonly energyFromMs?: number;
  /** Of the fact: the wall clock may jump between two. */
  readonly seq: number;
}

/** When a car usually leaves stands for its driver's word; energy since the plug-in, Wh. */
export interface StandingWord {
  readonly transactionId: number;
  readonly departureMs: number;
  readonly energyWh?: number;
  readonly statedMs: number;
  /** By how much our clock was stepped since, ms. */
  readonly steppedMs?: number;
}

export interface RemoteStart {
  readonly chargePointId: string;
  readonly token: string;
  readonly atMs: number;
}

export interface SessionsState {
  readonly nextTransactionId: number;
  /** Open transactions by our id. */
  readonly open: Readonly<Record<string, Session>>;
  /** The last ended sessions, in the order in which their ends were recorded; the ledger has them all. */
  readonly ended: readonly Session[];
  readonly wishes: Readonly<Record<string, Wish>>;
  /** By EVSE. */
  readonly standing: Readonly<Record<string, StandingWord>>;
  /** The last fact that changed it. */
  readonly standingSeq?: number;
  readonly overrides: Readonly<Record<string, { readonly sinceMs: number; readonly by: string }>>;
  /** The last ones, oldest first. */
  readonly remoteStarts?: readonly RemoteStart[];
}

export const ENDED_SESSIONS_KEPT = 200;
/** All cars may leave at once, and a charge point may bring the sessions of a week: until their records are made. */
const MOST_ENDED_AT_ONCE = 1_500;
export const JUST_ENDED_MS = 300_000;
const REMOTE_STARTS_KEPT = 200;
const QUARTER_HOURS_KEPT = 7 * 96;
const LARGEST_TRANSACTION_ID = 2_147_483_647;

export function initialSessions(): SessionsState {
  return { nextTransactionId: 1, open: {}, ended: [], wishes: {}, standing: {}, overrides: {} };
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  const { [key]: _, ...rest } = record;
  return rest;
}

type OpenSessions = SessionsState["open"];

/** Each second asks for the session of each EVSE many times, and they change but now and then. */
const sessionsByEvse = new WeakMap<OpenSessions, ReadonlyMap<string, Session>>();

function byEvse(open: OpenSessions): ReadonlyMap<string, Session> {
  const youngest = new Map<string, Session>();
  for (const session of Object.values(open)) {
    const other = youngest.get(session.evseId);
    if (!other || session.startedMs >= other.startedMs) youngest.set(session.evseId, session);
  }
  return youngest;
}

/** Open session at an EVSE, the youngest where a charge point reports several. */
export function openSessionAt({ open }: SessionsState, evseId: string): Session | undefined {
  let found = sessionsByEvse.get(open);
  if (!found) {
    found = byEvse(open);
    sessionsByEvse.set(open, found);
  }
  return found.get(evseId);
}

/** When a session began, by our clock of now: how long a car is here does not change when that is stepped. */
export function beganMs({ startedMs, steppedMs = 0 }: Pick<Session, "startedMs" | "steppedMs">): number {
  return startedMs + steppedMs;
}

const HOUR_MS = 3_600_000;

/**
 * Energy that a session had received when a wish was stated, Wh: a wish counts from then on. Of the quarter-hour in
 * which it was stated, the most that can have come before: in doubt the driver gets more, not less. Nothing came before the
 * car did, where the clocks agree that it came first.
 */
export function energyBeforeWh(session: Session, statedMs: number): number {
  const cameMs = session.startedMs <= statedMs ? session.startedMs : Number.NEGATIVE_INFINITY;
  return session.quarterHours.reduce((sum, { slotStartMs, energyWh, maxPowerW }) => {
    const beforeMs = Math.max(0, statedMs - Math.max(slotStartMs, cameMs));
    if (statedMs >= slotStartMs + SLOT_MS) return sum + energyWh;
    return sum + (maxPowerW > 0 ? Math.min(energyWh, (maxPowerW * beforeMs) / HOUR_MS) : beforeMs > 0 ? energyWh : 0);
  }, session.olderWh ?? 0);
}

/** Energy that a car had given back when a wish was stated, Wh; of that quarter-hour nothing: in doubt the driver gets more. */
export function givenBeforeWh({ dischargedWh = 0, quarterHours }: Session, statedMs: number): number {
  return quarterHours.reduce(
    (sum, { slotStartMs, dischargedWh: wh = 0 }) => (statedMs >= slotStartMs + SLOT_MS ? sum : sum - wh),
    dischargedWh,
  );
}

function start(state: SessionsState, fact: Extract<SiteFact, { type: "transaction-started" }>): SessionsState {
  const { replayed: _, adopted: __, atMs, ...data } = fact.data;
  const session: Session = { ...data, startedMs: atMs, energyWh: 0, costEur: 0, quarterHours: [] };
  const next = data.transactionId >= LARGEST_TRANSACTION_ID ? 1 : data.transactionId + 1;
  return {
    ...state,
    nextTransactionId: next,
    open: { ...state.open, [data.transactionId]: session },
  };
}

/** Energy by the registers, Wh; missing where one is unknown or they contradict each other. */
function registerEnergyWh({ meterStartWh, meterStopWh }: Session): number | undefined {
  if (meterStartWh === undefined || meterStopWh === undefined || meterStopWh < meterStartWh) return undefined;
  return meterStopWh - meterStartWh;
}

/** Without the oldest of too many; those that have just ended are not yet billed. */
function lastEnded(ended: readonly Session[], nowMs: number): readonly Session[] {
  let from = Math.max(0, ended.length - MOST_ENDED_AT_ONCE);
  const isOld = ({ endRecordedMs = 0 }: Session) => nowMs - endRecordedMs > JUST_ENDED_MS;
  while (ended.length - from > ENDED_SESSIONS_KEPT && isOld(ended[from]!)) from++;
  return ended.slice(from);
}

function end(state: SessionsState, fact: Extract<SiteFact, { type: "transaction-ended" }>): SessionsState {
  const { transactionId, evseId, meterStopWh, atMs, reason } = fact.data;
  const session = state.open[transactionId];
  if (!session) return state;
  const stopped: Session = {
    ...session,
    endedMs: atMs,
    endRecordedMs: fact.atMs,
    stopReason: reason,
    ...(meterStopWh === undefined ? {} : { meterStopWh }),
  };
  const open = without(state.open, String(transactionId));
  // Where an older transaction of the same EVSE ends late, wish and override belong to the car that is there now.
  const another = Object.values(open).some((other) => other.evseId === evseId);
  const finished = { ...stopped, energyWh: registerEnergyWh(stopped) ?? session.energyWh };
  return {
    ...state,
    open,
    ended: lastEnded([...state.ended, finished], fact.atMs),
    wishes: another ? state.wishes : without(state.wishes, evseId),
    standing: another ? state.standing : without(state.standing, evseId),
    overrides: another ? state.overrides : without(state.overrides, evseId),
  };
}

/** Adds a quarter-hour; those of more than a week ago are only kept as their sum. */
function withQuarterHour(session: Session, quarterHour: SessionQuarterHour): Partial<Session> {
  const all = [...session.quarterHours, quarterHour];
  const quarterHours = all.slice(-QUARTER_HOURS_KEPT);
  if (quarterHours.length === all.length) return { quarterHours };
  return { quarterHours, olderWh: (session.olderWh ?? 0) + all[0]!.energyWh };
}

function meter(state: SessionsState, fact: Extract<SiteFact, { type: "transaction-metered" }>): SessionsState {
  const { transactionId, evseId: _, registerWh: __, exportRegisterWh, ...quarterHour } = fact.data;
  const { dischargedWh } = quarterHour;
  const add = (session: Session): Session => ({
    ...session,
    energyWh: registerEnergyWh(session) ?? session.energyWh + quarterHour.energyWh,
    costEur: session.costEur + quarterHour.costEur,
    ...(quarterHour.unpricedWh === undefined ? {} : { unpricedWh: (session.unpricedWh ?? 0) + quarterHour.unpricedWh }),
    ...(dischargedWh === undefined ? {} : { dischargedWh: (session.dischargedWh ?? 0) + dischargedWh }),
    ...(exportRegisterWh === undefined ? {} : { exportRegisterWh }),
    ...withQuarterHour(session, quarterHour),
  });
  const open = state.open[transactionId];
  if (open) return { ...state, open: { ...state.open, [transactionId]: add(open) } };
  // The last, partial quarter-hour is metered just after the end.
  const ended = state.ended.map((session) => (session.transactionId === transactionId ? add(session) : session));
  return { ...state, ended };
}

/** What is in the books was delivered before a word that is on record after it, also where our clock was set back. */
function afterBooked(session: Session | undefined, atMs: number): number {
  const last = session?.quarterHours.at(-1);
  return last && last.slotStartMs > atMs ? last.slotStartMs + SLOT_MS : atMs;
}

/** Folds one fact into the sessions. */
export function evolveSessions(state: SessionsState, fact: SiteFact): SessionsState {
  switch (fact.type) {
    case "transaction-started":
      return start(state, fact);
    case "transaction-ended":
      return end(state, fact);
    case "transaction-metered":
      return meter(state, fact);
    case "remote-start-requested": {
      const { chargePointId, token } = fact.data;
      const asked = [...(state.remoteStarts ?? []), { chargePointId, token, atMs: fact.atMs }];
      return { ...state, remoteStarts: asked.slice(-REMOTE_STARTS_KEPT) };
    }
    case "wish-stated": {
      const { evseId, ...said } = fact.data;
      // Who asks for something else has not taken back whether the car may give energy.
      const dischargeAllowed = said.dischargeAllowed ?? state.wishes[evseId]?.dischargeAllowed;
      const allowed = dischargeAllowed === undefined ? {} : { dischargeAllowed };
      const energyFromMs = afterBooked(openSessionAt(state, evseId), fact.atMs);
      const from = energyFromMs === fact.atMs ? {} : { energyFromMs };
      const wish: Wish = { ...said, ...allowed, ...from, statedMs: fact.atMs, seq: fact.seq };
      return { ...state, wishes: { ...state.wishes, [evseId]: wish } };
    }
    case "standing-departure-applied": {
      const { evseId, ...word } = fact.data;
      const standing = { ...state.standing, [evseId]: { ...word, statedMs: fact.atMs } };
      return { ...state, standing, standingSeq: fact.seq };
    }
    case "standing-departures-set":
      return { ...state, standing: without(state.standing, fact.data.evseId), standingSeq: fact.seq };
    case "override-changed": {
      const { evseId, active, by } = fact.data;
      if (!active) return { ...state, overrides: without(state.overrides, evseId) };
      return { ...state, overrides: { ...state.overrides, [evseId]: { sinceMs: fact.atMs, by } } };
    }
    default:
      return state;
  }
}
