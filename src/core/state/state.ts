/**
 * The state of the site: a pure fold over facts. JSON all through, so that a snapshot is `JSON.stringify`.
 * Each slice lives beside the rules that change it; this file only puts them together.
 */

import type { SiteFact } from "../facts/index.ts";
import { type BudgetsState, evolveBudgets } from "../limits/budget.ts";
import { type BookedState, evolveBooked, initialBooked } from "./booked.ts";
import { type ChargePointsState, evolveChargePoints, initialChargePoints } from "./charge-points.ts";
import { afterClockStep } from "./clock-step.ts";
import { type DeparturesState, evolveDepartures } from "./departures.ts";
import { evolveForecasts, type ForecastsState } from "./forecasts.ts";
import { evolveImports, type ImportsState, initialImports } from "./imports.ts";
import { evolveIntensity, type IntensityState } from "./intensity.ts";
import { evolveLimits, initialLimits, type LimitsState } from "./limits.ts";
import { evolvePlan, initialPlan, type PlanState } from "./plan.ts";
import { evolveSessions, initialSessions, type SessionsState } from "./sessions.ts";
import { evolveSite, initialSite, type SiteSlice } from "./site-slice.ts";
import { evolveStays, initialStays, type StaysState } from "./stays.ts";
import { evolveUpstream, initialUpstream, type UpstreamState } from "./upstream.ts";
import { evolveVisitWords } from "./visit-word.ts";
import { evolveVisits, initialVisits, type VisitsState } from "./visits.ts";

export interface SiteState {
  /** Sequence of the last fact folded in. */
  readonly seq: number;
  readonly site: SiteSlice;
  readonly chargePoints: ChargePointsState;
  readonly sessions: SessionsState;
  readonly booked: BookedState;
  readonly stays: StaysState;
  readonly imports: ImportsState;
  readonly limits: LimitsState;
  readonly plan: PlanState;
  readonly upstream: UpstreamState;
  readonly forecasts: ForecastsState;
  readonly intensity: IntensityState;
  readonly budgets: BudgetsState;
  readonly departures: DeparturesState;
  readonly visits: VisitsState;
}

/** Raise when a fold changes its meaning: snapshots of another version are ignored. */
export const STATE_VERSION = 31;

/** The state before the first fact. */
export function initialState(): SiteState {
  return {
    seq: 0,
    site: initialSite(),
    chargePoints: initialChargePoints(),
    sessions: initialSessions(),
    booked: initialBooked(),
    stays: initialStays(),
    imports: initialImports(),
    limits: initialLimits(),
    plan: initialPlan(),
    upstream: initialUpstream(),
    forecasts: {},
    intensity: {},
    budgets: {},
    departures: {},
    visits: initialVisits(),
  };
}

/** Folds one fact into the state. Facts of unknown types change nothing but `seq`. */
export function evolve(state: SiteState, fact: SiteFact): SiteState {
  if (fact.type === "clock-stepped") return { ...afterClockStep(state, fact.data), seq: fact.seq };
  const sessions = evolveVisitWords(evolveSessions(state.sessions, fact), fact);
  return {
    seq: fact.seq,
    site: evolveSite(state.site, fact),
    chargePoints: evolveChargePoints(state.chargePoints, fact),
    sessions,
    booked: evolveBooked(state.booked, fact, sessions),
    stays: evolveStays(state.stays, fact, state.sessions),
    imports: evolveImports(state.imports, fact),
    limits: evolveLimits(state.limits, fact),
    plan: evolvePlan(state.plan, fact),
    upstream: evolveUpstream(state.upstream, fact),
    forecasts: evolveForecasts(state.forecasts, fact),
    intensity: evolveIntensity(state.intensity, fact),
    budgets: evolveBudgets(state.budgets, fact),
    departures: evolveDepartures(state.departures, fact),
    visits: evolveVisits(state.visits, fact),
  };
}
