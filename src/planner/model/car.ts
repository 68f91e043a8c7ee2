/** What a car shows of itself while it may charge: how much it takes at most, and whether it takes anything at all. */

import type { Session } from "../../core/state/sessions.ts";
import type { SiteState } from "../../core/state/state.ts";
import { SLOT_MS } from "../../core/time/slots.ts";

/** The car, not the controller, kept the current low for so long of a quarter-hour: one that takes nothing may be waking. */
const LEAST_SECONDS = 120;
/** One that charges has taken less for a minute before its limit followed it. */
const TAKING_SECONDS = 60;
/** Less than this in such a quarter-hour, or at once, is a full car, or one that waits for its own timer. */
const NOTHING_WH = 60;
const NOTHING_W = 250;
/** A limit follows a car after a minute of taking less. */
const SEEN_MS = 55_000;
/** Some cars wake slowly: who took nothing for so long after that was asked in vain. */
export const ASKED_MS = 120_000;
/** A quarter-hour that begins so long before a plan is of the time after it. */
const JUST_BEGUN_MS = 60_000;

export interface CarLimit {
  /** It was offered current and took none; true until it takes some. */
  readonly refuses: boolean;
  /** Until when it had been asked in vain, epoch ms; missing while it is being asked. */
  readonly refusedMs?: number;
  /** The most that it takes, W; missing where it takes all that it is given. */
  readonly mostW?: number;
}

const TAKES_ALL: CarLimit = { refuses: false };

interface CarContext {
  readonly state: SiteState;
  readonly nowMs: number;
  readonly wattsPerAmpere: number;
}

/** By the limit in force, where that follows the car. */
function nowShown(session: Session, powerW: number | undefined, context: CarContext): CarLimit | undefined {
  const limit = context.state.limits.byEvse[session.evseId];
  // What the car before this one took says nothing.
  if (limit?.reason.kind !== "vehicle" || limit.setAtMs < session.startedMs + SEEN_MS) return undefined;
  const { reason, setAtMs } = limit;
  if (powerW !== undefined && powerW < NOTHING_W)
    return { refuses: true, ...(context.nowMs - setAtMs < ASKED_MS ? {} : { refusedMs: context.nowMs }) };
  const capA = reason.limitA;
  return capA === undefined
    ? TAKES_ALL
    : { refuses: false, mostW: Math.max(powerW ?? 0, (capA - 1) * context.wattsPerAmpere) };
}

/**
 * By the plan before, which paused a car that took nothing: of such a quarter-hour nothing else shows that it is not the
 * plan that keeps it from charging.
 */
function shownBefore(session: Session, { state }: CarContext): CarLimit | undefined {
  const plan = state.plan.current;
  const before = plan?.input.evses.find(({ transactionId }) => transactionId === session.transactionId);
  if (!plan || before?.refusedMs === undefined) return undefined;
  const { nowMs } = plan.input;
  const took = session.quarterHours.some(
    ({ slotStartMs, energyWh }) => slotStartMs > nowMs - JUST_BEGUN_MS && energyWh >= NOTHING_WH,
  );
  return took ? undefined : { refuses: true, refusedMs: before.refusedMs };
}

/** What it gave back it takes again, full as it was when it was asked. */
function gaveBack(session: Session, powerW: number | undefined, refusedMs: number): boolean {
  if (powerW !== undefined && powerW <= -NOTHING_W) return true;
  return session.quarterHours.some(
    ({ slotStartMs, dischargedWh = 0 }) => slotStartMs + SLOT_MS > refusedMs && dischargedWh >= NOTHING_WH,
  );
}

/**
 * What the car of a session takes at `powerW` now, where that is measured: as its limit says, which follows a car that
 * takes less than it may; else as the last quarter-hour in which the car decided, or the plan before.
 */
export function carLimit(session: Session, powerW: number | undefined, context: CarContext): CarLimit {
  const limit = shownLimit(session, powerW, context);
  return limit.refusedMs !== undefined && gaveBack(session, powerW, limit.refusedMs) ? TAKES_ALL : limit;
}

function shownLimit(session: Session, powerW: number | undefined, context: CarContext): CarLimit {
  const now = nowShown(session, powerW, context);
  if (now) return now;
  const { quarterHours } = session;
  const at = quarterHours.findLastIndex(({ limitedBySeconds }) => (limitedBySeconds.vehicle ?? 0) >= LEAST_SECONDS);
  const shown = quarterHours[at];
  const tookNothing = quarterHours.slice(Math.max(0, at)).every(({ energyWh }) => energyWh < NOTHING_WH);
  const refusedMs = shown && tookNothing ? shown.slotStartMs + SLOT_MS : undefined;
  const takesNone = (powerW ?? 0) < NOTHING_W;
  const before = takesNone ? shownBefore(session, context) : undefined;
  if (before) return { ...before, refusedMs: Math.max(before.refusedMs ?? 0, refusedMs ?? 0) };
  if (refusedMs !== undefined && takesNone) return { refuses: true, refusedMs };
  const charged = quarterHours
    .slice(Math.max(0, at))
    .findLast((of) => (of.limitedBySeconds.vehicle ?? 0) >= TAKING_SECONDS && of.energyWh >= NOTHING_WH);
  return charged ? { refuses: false, mostW: Math.max(powerW ?? 0, charged.maxPowerW) } : TAKES_ALL;
}
