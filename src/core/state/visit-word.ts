/**
 * What was announced of a car that is there: it stands for its driver's word, may be announced anew, and may turn out to
 * have been said of another car.
 */
import type { SiteFact } from "../facts/index.ts";
import { isSameToken } from "../token.ts";
import { beganMs, type Session, type SessionsState } from "./sessions.ts";

/** A car that comes so much earlier than was said is still the one. */
export const EARLY_MS = 2 * 3_600_000;

type Announced = Extract<SiteFact, { type: "visit-announced" }>["data"];

/** Whether a car is the one of which it was said, by its token, or by its place where one of both is not known. */
export function isNamed(visit: Pick<Announced, "token" | "evseId">, session: Session): boolean {
  if (visit.token !== undefined && session.token !== undefined) return isSameToken(visit.token, session.token);
  return visit.evseId === session.evseId;
}

function withoutVisit({ visit: _, ...session }: Session): Session {
  return session;
}

/** What is said anew of a car that is there; of a later coming under the same id it says nothing. */
function saidAnew(session: Session, { data, atMs }: Extract<SiteFact, { type: "visit-announced" }>): Session {
  const { visit } = session;
  if (visit?.visitId !== data.visitId || beganMs(session) < data.arrivalMs - EARLY_MS) return session;
  if (!isNamed(data, session)) return withoutVisit(session);
  const { departureMs, energyWh, preference } = data;
  const wanted = { ...(energyWh === undefined ? {} : { energyWh }), ...(preference ? { preference } : {}) };
  // When it would come was said before it came.
  const { visitId, arrivalMs } = visit;
  return { ...session, visit: { visitId, arrivalMs, departureMs, ...wanted, statedMs: atMs } };
}

function changed(session: Session, fact: SiteFact): Session {
  if (fact.type === "visit-announced") return session.visit ? saidAnew(session, fact) : session;
  if (fact.type === "visit-began") {
    const { evseId: _, transactionId, ...word } = fact.data;
    return transactionId === session.transactionId ? { ...session, visit: { ...word, statedMs: fact.atMs } } : session;
  }
  if (fact.type !== "visit-mistaken" || fact.data.transactionId !== session.transactionId) return session;
  return { ...withoutVisit(session), notVisits: [...(session.notVisits ?? []), fact.data.visitId] };
}

/** Folds one fact into what was announced of the cars that are there. */
export function evolveVisitWords(state: SessionsState, fact: SiteFact): SessionsState {
  if (!fact.type.startsWith("visit-")) return state;
  const open = Object.entries(state.open).map(([id, session]) => [id, changed(session, fact)] as const);
  return open.every(([id, session]) => session === state.open[id])
    ? state
    : { ...state, open: Object.fromEntries(open) };
}
