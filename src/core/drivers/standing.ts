/**
 * Standing departures: a car whose driver says nothing of its departure is taken to leave when it usually does. What is
 * usual is stated for the driver's token, by the owner for the EVSE, or in site.yaml for the EVSE, in this order.
 */
import type { SiteDraft } from "../facts/index.ts";
import type { ProcessImage } from "../image.ts";
import { type StandingDeparture, WEEKDAYS } from "../site/site-departures.ts";
import type { SiteModel } from "../site/site-model.ts";
import { openSessionAt, type Session } from "../state/sessions.ts";
import type { SiteState } from "../state/state.ts";
import { localMoment, minuteOf, whenWallShowsMs } from "../time/calendar.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What is usual says nothing of a time further ahead: who comes on Friday may leave before Monday. */
export const STANDING_REACH_MS = 30 * HOUR_MS;
/** A car that is still there so long after the time at which it usually leaves stays until the next one. */
const OVERDUE_MS = HOUR_MS;

/** The next of the times after `nowMs`, within reach; on days when clocks change as `whenWallShowsMs` says. */
export function nextStanding(
  departures: readonly StandingDeparture[],
  nowMs: number,
  timeZone: string,
): { readonly departureMs: number; readonly departure: StandingDeparture } | undefined {
  const { day, weekday } = localMoment(nowMs, timeZone);
  let next: { departureMs: number; departure: StandingDeparture } | undefined;
  for (let ahead = 0; ahead * DAY_MS <= STANDING_REACH_MS + DAY_MS; ahead++) {
    const name = WEEKDAYS[(weekday - 1 + ahead) % WEEKDAYS.length]!;
    for (const departure of departures) {
      if (!departure.days.includes(name)) continue;
      const departureMs = whenWallShowsMs((day + ahead) * DAY_MS + minuteOf(departure.at) * MINUTE_MS, timeZone);
      const isAhead = departureMs > nowMs && departureMs <= nowMs + STANDING_REACH_MS;
      if (isAhead && (next === undefined || departureMs < next.departureMs)) next = { departureMs, departure };
    }
  }
  return next;
}

/** When cars usually leave from an EVSE, whoever drives them. */
export function departuresAt(site: SiteModel, state: SiteState, evseId: string): readonly StandingDeparture[] {
  return state.departures[evseId] ?? site.evseById.get(evseId)?.departures ?? [];
}

function departuresOf(site: SiteModel, state: SiteState, { token, evseId }: Session): readonly StandingDeparture[] {
  const own = token === undefined ? undefined : site.departuresByToken.get(token.toLowerCase());
  return own ?? departuresAt(site, state, evseId);
}

function draftFor(site: SiteModel, state: SiteState, session: Session, nowMs: number): SiteDraft[] {
  const { evseId, transactionId } = session;
  if (state.sessions.wishes[evseId]?.departureMs !== undefined || session.visit) return [];
  const known = state.sessions.standing[evseId];
  if (known?.transactionId === transactionId && known.departureMs + OVERDUE_MS > nowMs) return [];
  const departures = departuresOf(site, state, session);
  if (departures.length === 0 || openSessionAt(state.sessions, evseId) !== session) return [];
  const next = nextStanding(departures, nowMs, site.configuration.site.timeZone);
  if (!next) return [];
  const { departureMs, departure } = next;
  const energy = departure.energyWh === undefined ? {} : { energyWh: departure.energyWh };
  const data = { evseId, transactionId, departureMs, ...energy };
  return [{ type: "standing-departure-applied", source: "drivers", data }];
}

/** Cars that from now on are taken to leave when they usually do. None while the time of the day is not known. */
export function standingDrafts(
  site: SiteModel,
  state: SiteState,
  { nowMs, wallTrusted }: Pick<ProcessImage, "nowMs" | "wallTrusted">,
): SiteDraft[] {
  if (!wallTrusted) return [];
  return Object.values(state.sessions.open).flatMap((session) => draftFor(site, state, session, nowMs));
}
