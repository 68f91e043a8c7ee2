/**
 * Announced visits: whom the site expects, where, and which car is the one that was announced. A plan keeps room for those
 * that are expected; nobody is kept from plugging in.
 */
import type { SiteDraft } from "../facts/index.ts";
import type { ProcessImage } from "../image.ts";
import type { SiteModel } from "../site/site-model.ts";
import { beganMs, openSessionAt, type Session } from "../state/sessions.ts";
import type { SiteState } from "../state/state.ts";
import { EARLY_MS, isNamed } from "../state/visit-word.ts";
import { type AnnouncedVisit, visitsAhead } from "../state/visits.ts";
import { isSameToken } from "../token.ts";
import { chargingNeed } from "./need.ts";

const HOUR_MS = 3_600_000;
/** Who has not come so long after the time that was said is not waited for; whoever comes later is known all the same. */
export const LATE_MS = HOUR_MS;
/** Less is not worth a plan. */
const LEAST_STAY_MS = HOUR_MS / 12;

/** A visit that is still to come, and the EVSE at which it is reckoned with. */
export interface ExpectedVisit extends AnnouncedVisit {
  readonly evseId: string;
  /** When it can begin: as it was said, or when the car that is there now is to leave. */
  readonly fromMs: number;
}

/** The last sessions of the visits that have begun, by id. An id may be used again another day. */
function begun({ sessions }: SiteState): ReadonlyMap<string, Session> {
  const all = [...sessions.ended, ...Object.values(sessions.open)];
  return new Map(all.flatMap((session) => (session.visit ? [[session.visit.visitId, session]] : [])));
}

/** Whether a session was this coming: what is said after the car has left, and what lies far ahead, is another one. */
function hasCome({ arrivalMs, announcedMs }: AnnouncedVisit, session: Session | undefined): boolean {
  if (!session || beganMs(session) < arrivalMs - EARLY_MS) return false;
  return session.endRecordedMs === undefined || announcedMs <= session.endRecordedMs;
}

/** Those that may come yet, and have not. */
export function visitsToCome(state: SiteState, nowMs: number): readonly AnnouncedVisit[] {
  const ahead = visitsAhead(state.visits, nowMs);
  if (ahead.length === 0) return [];
  const sessions = begun(state);
  return ahead.filter((visit) => !hasCome(visit, sessions.get(visit.visitId)));
}

/** Whether a plan keeps room for it: whoever is long overdue may come, and is not waited for. */
export function isWaitedFor({ arrivalMs }: AnnouncedVisit, nowMs: number): boolean {
  return arrivalMs + LATE_MS > nowMs;
}

/** Whether the car of a session may be the one that was announced: by its token, or by its place where one of both is not known. */
function fits(visit: AnnouncedVisit, session: Session): boolean {
  const cameMs = beganMs(session);
  if (cameMs < visit.arrivalMs - EARLY_MS || cameMs >= visit.departureMs) return false;
  if (!isNamed(visit, session) || session.notVisits?.includes(visit.visitId)) return false;
  // Who stands there while somebody is announced to come is another one.
  const wasThere = cameMs < visit.announcedMs && visit.announcedMs < visit.arrivalMs;
  return isSameToken(visit.token, session.token) || !wasThere;
}

/** Cars that from now on are known to be those that were announced. None while the time of the day is not known. */
export function visitDrafts(
  state: SiteState,
  { nowMs, wallTrusted }: Pick<ProcessImage, "nowMs" | "wallTrusted">,
): SiteDraft[] {
  if (!wallTrusted || Object.keys(state.visits.announced).length === 0) return [];
  // Each second: of a week's visits those that a car of now can be.
  const left = new Set(visitsToCome(state, nowMs).filter(({ arrivalMs }) => arrivalMs - EARLY_MS <= nowMs));
  if (left.size === 0) return [];
  return Object.values(state.sessions.open).flatMap((session): SiteDraft[] => {
    if (session.visit || openSessionAt(state.sessions, session.evseId) !== session) return [];
    const apartMs = ({ arrivalMs }: AnnouncedVisit) => Math.abs(arrivalMs - beganMs(session));
    const [visit] = [...left].filter((one) => fits(one, session)).sort((a, b) => apartMs(a) - apartMs(b));
    if (!visit) return [];
    left.delete(visit);
    const { visitId, arrivalMs, departureMs, energyWh, preference } = visit;
    const wanted = { ...(energyWh === undefined ? {} : { energyWh }), ...(preference ? { preference } : {}) };
    const { evseId, transactionId } = session;
    const data = { visitId, evseId, transactionId, arrivalMs, departureMs, ...wanted };
    return [{ type: "visit-began", source: "drivers", data }];
  });
}

/** Until when an EVSE is taken, epoch ms: by who is there. */
function presentUntilMs(site: SiteModel, state: SiteState, evseId: string, nowMs: number): number {
  const session = openSessionAt(state.sessions, evseId);
  return session ? chargingNeed(site, state, session, { nowMs }).departureMs : nowMs;
}

interface Places {
  /** All EVSEs. */
  readonly all: readonly string[];
  /** Where each driver was last, by token in lower case. */
  readonly last: ReadonlyMap<string, string>;
}

/** Where a visit is reckoned with: at its EVSE, else where that driver was last, else at any that will be free. */
function placesFor(visit: AnnouncedVisit, { all, last }: Places): readonly string[] {
  if (visit.evseId !== undefined) return all.includes(visit.evseId) ? [visit.evseId] : [];
  const before = last.get(visit.token?.toLowerCase() ?? "");
  return before !== undefined && all.includes(before) ? [before, ...all.filter((id) => id !== before)] : all;
}

/** The place that is free first, the first of such. */
function freePlace(
  visit: AnnouncedVisit,
  { places, takenUntilMs, nowMs }: { places: Places; takenUntilMs: ReadonlyMap<string, number>; nowMs: number },
): { readonly evseId: string; readonly fromMs: number } | undefined {
  const soonestMs = Math.max(visit.arrivalMs, nowMs);
  let best: { readonly evseId: string; readonly fromMs: number } | undefined;
  for (const evseId of placesFor(visit, places)) {
    const fromMs = Math.max(soonestMs, takenUntilMs.get(evseId)!);
    if (best === undefined || fromMs < best.fromMs) best = { evseId, fromMs };
    if (best.fromMs === soonestMs) break;
  }
  return best;
}

/**
 * The visits that are to come at `nowMs`, the first first, each at an EVSE that is free by then. One that finds none for most
 * of its time is left out: nobody knows where it will be.
 */
export function expectedVisits(site: SiteModel, state: SiteState, nowMs: number): readonly ExpectedVisit[] {
  const ahead = visitsToCome(state, nowMs).filter((visit) => isWaitedFor(visit, nowMs));
  if (ahead.length === 0) return [];
  const lasts = state.stays.ended.flatMap(({ token, evseId }) =>
    token === undefined ? [] : [[token.toLowerCase(), evseId] as const],
  );
  const places: Places = { all: site.evses.map(({ id }) => id), last: new Map(lasts) };
  const takenUntilMs = new Map(places.all.map((id) => [id, presentUntilMs(site, state, id, nowMs)]));
  const expected: ExpectedVisit[] = [];
  for (const visit of [...ahead].sort((a, b) => a.arrivalMs - b.arrivalMs)) {
    const place = freePlace(visit, { places, takenUntilMs, nowMs });
    if (!place || visit.departureMs - place.fromMs < LEAST_STAY_MS) continue;
    takenUntilMs.set(place.evseId, visit.departureMs);
    expected.push({ ...visit, ...place });
  }
  return expected;
}
