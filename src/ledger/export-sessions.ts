/** Every session in the ledger, folded from all facts with the same rules as the state, in bounded memory. */
import type { Envelope } from "../core/facts/fact.ts";
import type { SiteFact } from "../core/facts/index.ts";
import { ENDED_SESSIONS_KEPT, evolveSessions, initialSessions, type Session } from "../core/state/sessions.ts";

/** Sessions in the order of their end, the open ones last. */
export function* sessionsOf(facts: Iterable<Envelope>): Generator<Session> {
  let state = initialSessions();
  for (const fact of facts) {
    // The state forgets its oldest ended session when the list is full: hand them out before.
    if (state.ended.length >= ENDED_SESSIONS_KEPT) {
      const done = state.ended.slice(0, ENDED_SESSIONS_KEPT / 2);
      yield* done;
      state = { ...state, ended: state.ended.slice(done.length) };
    }
    state = evolveSessions(state, fact as SiteFact);
  }
  yield* state.ended;
  yield* Object.values(state.open);
}

const HOUR_MS = 3_600_000;

/** One session as a row of the export; energy in kWh, duration in hours, an unknown value missing. */
export function sessionRow(session: Session, time: (atMs: number) => string): Record<string, unknown> {
  const kwh = session.energyWh / 1000;
  const isPriced = (session.unpricedWh ?? 0) === 0;
  const durationMs = session.endedMs === undefined ? undefined : session.endedMs - session.startedMs;
  return {
    created: time(session.startedMs),
    finished: session.endedMs === undefined ? undefined : time(session.endedMs),
    charging_point: session.chargePointId,
    evse: session.evseId,
    connector: session.connectorId,
    transaction_id: session.transactionId,
    token: session.token,
    meter_start_kwh: session.meterStartWh === undefined ? undefined : session.meterStartWh / 1000,
    meter_stop_kwh: session.meterStopWh === undefined ? undefined : session.meterStopWh / 1000,
    energy_kwh: Number(kwh.toFixed(3)),
    // A cost without all of the energy in it would be taken for the whole.
    cost_eur: isPriced ? Number(session.costEur.toFixed(4)) : undefined,
    price_eur_per_kwh: isPriced && kwh > 0 ? Number((session.costEur / kwh).toFixed(4)) : undefined,
    duration_h: durationMs === undefined ? undefined : Number((durationMs / HOUR_MS).toFixed(4)),
    stop_reason: session.stopReason,
  };
}

export const SESSION_COLUMNS = [
  "created",
  "finished",
  "charging_point",
  "evse",
  "connector",
  "transaction_id",
  "token",
  "meter_start_kwh",
  "meter_stop_kwh",
  "energy_kwh",
  "cost_eur",
  "price_eur_per_kwh",
  "duration_h",
  "stop_reason",
] as const;
