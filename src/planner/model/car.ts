/** What a car shows of itself while it may charge: how much it takes at most, and whether it takes anything at all. */

import type { Session } from "../../core/state/sessions.ts";
import type { SiteState } from "../../core/state/state.ts";

/** The car, not the controller, kept the current low for so long of a quarter-hour. */
const LEAST_SECONDS = 120;
/** Less than this in such a quarter-hour, or at once, is a full car, or one that waits for its own timer. */
const NOTHING_WH = 60;
const NOTHING_W = 250;
/** A limit follows a car after a minute of taking less. */
const SEEN_MS = 55_000;

export interface CarLimit {
  /** It was offered current and took none; true until it takes some. */
  readonly refuses: boolean;
  /** The most that it takes, W; missing where it takes all that it is given. */
  readonly mostW?: number;
}

const TAKES_ALL: CarLimit = { refuses: false };

/** By the limit in force, where that follows the car. */
function nowShown(session: Session, powerW: number | undefined, context: { state: SiteState; wattsPerAmpere: number }) {
  const limit = context.state.limits.byEvse[session.evseId];
  // What the car before this one took says nothing.
  if (limit?.reason.kind !== "vehicle" || limit.setAtMs < session.startedMs + SEEN_MS) return undefined;
  const { reason } = limit;
  if (powerW !== undefined && powerW < NOTHING_W) return { refuses: true };
  const capA = reason.limitA;
  return capA === undefined
    ? TAKES_ALL
    : { refuses: false, mostW: Math.max(powerW ?? 0, (capA - 1) * context.wattsPerAmpere) };
}

/**
 * What the car of a session takes at `powerW` now, where that is measured: as its limit says, which follows a car that takes less than it may; else
 * as the last quarter-hour in which the car decided.
 */
export function carLimit(
  session: Session,
  powerW: number | undefined,
  context: { readonly state: SiteState; readonly wattsPerAmpere: number },
): CarLimit {
  const now = nowShown(session, powerW, context);
  if (now) return now;
  const shown = session.quarterHours.findLast(
    (quarterHour) => (quarterHour.limitedBySeconds.vehicle ?? 0) >= LEAST_SECONDS,
  );
  if (!shown) return TAKES_ALL;
  if (shown.energyWh < NOTHING_WH) return (powerW ?? 0) >= NOTHING_W ? TAKES_ALL : { refuses: true };
  return { refuses: false, mostW: Math.max(powerW ?? 0, shown.maxPowerW) };
}
