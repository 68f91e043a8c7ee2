/**
 * Announced visits: whom the site expects, where, and which car is the one that was announced. A plan keeps room for those
 * that are expected; nobody is kept from plugging in.
 */
import type { SiteDraft } from "../facts/index.ts";
import type { ProcessImage } from "../image.ts";
import type { SiteModel } from "../site/site-model.ts";
import { beganMs, openSessionAt, type Session } from "../state/sessions.ts";
import type { SiteState } from "../state/state.ts";
import { type AnnouncedVisit, visitsAhead } from "../state/visits.ts";
import { chargingNeed } from "./need.ts";

const HOUR_MS = 3_600_000;
/** A car that comes so much earlier than was said is still the one. */
const EARLY_MS = 2 * HOUR_MS;
/** Who has not come so long after the time that was said is not waited for; whoever comes later is known all the same. */
const LATE_MS = HOUR_MS;
/** Less is not worth a plan. */
const LEAST_STAY_MS = HOUR_MS / 12;

/** A visit that is still to come, and the EVSE at which it is reckoned with. */
export interface ExpectedVisit extends AnnouncedVisit {
  readonly evseId: string;
  /** When it can begin: as it was said, or when the car that is there now is to leave. */
  readonly fromMs: number;
}

function isSame(token: string | undefined, other: string | undefined): boolean {
  return token !== undefined && token.toLowerCase() === other?.toLowerCase();
}

/** When the visits that have begun did so, by id. An id may be used again another day. */
function begunMs({ sessions }: SiteState): ReadonlyMap<string, number> {
  const all = [...sessions.ended, ...Object.values(sessions.open)];
  return new Map(all.flatMap((session) => (session.visit ? [[session.visit.visitId, beganMs(session)]] : [])));
}

function notBegun(state: SiteState, nowMs: number): readonly AnnouncedVisit[] {
  const ahead = visitsAhead(state.visits, nowMs);
  if (ahead.length === 0) return [];
  const begun = begunMs(state);
  return ahead.filter(
    ({ visitId, arrivalMs }) => (begun.get(visitId) ?? Number.NEGATIVE_INFINITY) < arrivalMs - EARLY_MS,
  );
}

/** Whether the car of a session may be the one that was announced: by its token, or by its place where one of both is not known. */
function fits(visit: AnnouncedVisit, session: Session): boolean {
  const cameMs = beganMs(session);
  if (cameMs < visit.arrivalMs - EARLY_MS || cameMs >= visit.departureMs) return false;
  if (visit.token !== undefined && session.token !== undefined) return isSame(visit.token, session.token);
  return visit.evseId === session.evseId;
}

/** Cars that from now on are known to be those that were announced. None while the time of the day is not known. */
export function visitDrafts(
  state: SiteState,
  { nowMs, wallTrusted }: Pick<ProcessImage, "nowMs" | "wallTrusted">,
): SiteDraft[] {
  if (!wallTrusted || Object.keys(state.visits.announced).length === 0) return [];
  const left = new Set(notBegun(state, nowMs));
  return Object.values(state.sessions.open).flatMap((session): SiteDraft[] => {
    if (session.visit || openSessionAt(state.sessions, session.evseId) !== session) return [];
    const apartMs = ({ arrivalMs }: AnnouncedVisit) => Math.abs(arrivalMs - beganMs(session));
    const [visit] = [...left].filter((one) => fits(one, session)).sort((a, b) => apartMs(a) - apartMs(b));
    if (!visit) return [];
    left.delete(visit);
    const { visitId, departureMs, energyWh, preference } = visit;
    const wanted = { ...(energyWh === undefined ? {} : { energyWh }), ...(preference ? { preference } : {}) };
    const { evseId, transactionId } = session;
    const data = { visitId, evseId, transactionId, departureMs, ...wanted };
    return [{ type: "visit-began", source: "drivers", data }];
  });
}

/** Until when an EVSE is taken, epoch ms: by who is there. */
function presentUntilMs(site: SiteModel, state: SiteState, evseId: string, nowMs: number): number {
  const session = openSessionAt(state.sessions, evseId);
  return session ? chargingNeed(site, state, session, { nowMs }).departureMs : nowMs;
}

/** Where a visit is reckoned with: at its EVSE, else where that driver was last, else at any that will be free. */
function placesFor(visit: AnnouncedVisit, site: SiteModel, state: SiteState): readonly string[] {
  if (visit.evseId !== undefined) return site.evseById.has(visit.evseId) ? [visit.evseId] : [];
  const last = state.stays.ended.findLast(({ token }) => isSame(token, visit.token))?.evseId;
  const all = site.evses.map(({ id }) => id);
  return last !== undefined && site.evseById.has(last) ? [last, ...all.filter((id) => id !== last)] : all;
}

/**
 * The visits that are to come at `nowMs`, the first first, each at an EVSE that is free by then. One that finds none for most
 * of its time is left out: nobody knows where it will be.
 */
export function expectedVisits(site: SiteModel, state: SiteState, nowMs: number): readonly ExpectedVisit[] {
  const isAhead = ({ arrivalMs }: AnnouncedVisit) => arrivalMs + LATE_MS > nowMs;
  const ahead = notBegun(state, nowMs).filter(isAhead);
  if (ahead.length === 0) return [];
  const takenUntilMs = new Map(site.evses.map(({ id }) => [id, presentUntilMs(site, state, id, nowMs)]));
  const expected: ExpectedVisit[] = [];
  for (const visit of [...ahead].sort((a, b) => a.arrivalMs - b.arrivalMs)) {
    const free = placesFor(visit, site, state).map((evseId) => {
      return { evseId, fromMs: Math.max(visit.arrivalMs, nowMs, takenUntilMs.get(evseId)!) };
    });
    const soonest = Math.min(...free.map(({ fromMs }) => fromMs));
    const place = free.find(({ fromMs }) => fromMs === soonest);
    if (!place || visit.departureMs - place.fromMs < LEAST_STAY_MS) continue;
    takenUntilMs.set(place.evseId, visit.departureMs);
    expected.push({ ...visit, ...place });
  }
  return expected;
}
