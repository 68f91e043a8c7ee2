/**
 * What a step of our clock makes of times that were stated or noted before. What was to last an hour still lasts that
 * long, and what has gone on for an hour has. Times that others named by the calendar stay where they are when our clock is
 * set that nobody had set before: it was ours that was wrong.
 */
import type { BudgetsState } from "../limits/budget.ts";
import type { OptimisationContexts } from "../market/context.ts";
import type { Profile } from "../market/profile.ts";
import type { ChargePointsState } from "./charge-points.ts";
import { withClockStep } from "./grid-limits.ts";
import type { Session, SessionsState } from "./sessions.ts";
import type { SiteSlice } from "./site-slice.ts";
import type { UpstreamState } from "./upstream.ts";
import type { VisitsState } from "./visits.ts";

export interface ClockStep {
  readonly byMs: number;
  /** Nobody had set the clock before. */
  readonly set?: boolean;
}

/** Of all state, what holds such times. */
interface Stepped {
  readonly site: SiteSlice;
  readonly sessions: SessionsState;
  readonly chargePoints: ChargePointsState;
  readonly budgets: BudgetsState;
  readonly upstream: UpstreamState;
  readonly visits: VisitsState;
}

type Times = { readonly startMs?: number; readonly endMs?: number; readonly untilMs?: number };

function values<T, R>(record: Readonly<Record<string, T>>, change: (value: T) => R): Readonly<Record<string, R>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function moved<T extends Times>(entry: T, byMs: number): T {
  const next: Record<string, number> = {};
  for (const name of ["startMs", "endMs", "untilMs"] as const) {
    const atMs = entry[name];
    if (atMs !== undefined) next[name] = atMs + byMs;
  }
  return { ...entry, ...next };
}

function budgets(before: BudgetsState, byMs: number): BudgetsState {
  return values(before, (slots) => slots.map((slot) => moved(slot, byMs)));
}

/** Prices are those of the calendar's quarter-hours. */
function contexts(before: OptimisationContexts, byMs: number): OptimisationContexts {
  return values(before, ({ limitW, evses, ...context }) => ({
    ...context,
    limitW: limitW.map((slot) => moved(slot, byMs)),
    ...(evses ? { evses: evses.map((entry) => moved(entry, byMs)) } : {}),
  }));
}

function upstream(before: UpstreamState, byMs: number): UpstreamState {
  const cap = (profile: Profile) => ({ ...profile, ceiling: moved(profile.ceiling, byMs) });
  const expiry = <T extends { readonly expiresAtMs: number }>(entry: T) => ({
    ...entry,
    expiresAtMs: entry.expiresAtMs + byMs,
  });
  return {
    ...before,
    profiles: values(before.profiles, (profiles) => profiles.map(cap)),
    contexts: contexts(before.contexts, byMs),
    reservations: values(before.reservations, expiry),
    reserved: values(before.reserved, (entry) => (entry.endedMs === undefined ? expiry(entry) : entry)),
  };
}

function sessions(before: SessionsState, byMs: number): SessionsState {
  const stepped = <T extends { readonly steppedMs?: number }>(entry: T) => ({
    ...entry,
    steppedMs: (entry.steppedMs ?? 0) + byMs,
  });
  return {
    ...before,
    open: values<Session, Session>(before.open, ({ visit, ...session }) => ({
      ...stepped(session),
      ...(visit ? { visit: stepped(visit) } : {}),
    })),
    wishes: values(before.wishes, stepped),
    standing: values(before.standing, stepped),
  };
}

function chargePoints(before: ChargePointsState, byMs: number): ChargePointsState {
  return { ...before, evses: values(before.evses, (entry) => ({ ...entry, sinceMs: entry.sinceMs + byMs })) };
}

/** When cars come and leave is said by the calendar. */
function visits(before: VisitsState, byMs: number): VisitsState {
  const stepped = values(before.announced, (visit) => ({ ...visit, announcedMs: visit.announcedMs + byMs }));
  return { ...before, announced: stepped };
}

/** The state after our clock jumped. */
export function afterClockStep<T extends Stepped>(state: T, { byMs, set }: ClockStep): T {
  if (byMs === 0) return state;
  return {
    ...state,
    site: { ...state.site, gridLimits: withClockStep(state.site.gridLimits, byMs) },
    sessions: sessions(state.sessions, byMs),
    chargePoints: chargePoints(state.chargePoints, byMs),
    visits: visits(state.visits, byMs),
    ...(set ? {} : { budgets: budgets(state.budgets, byMs), upstream: upstream(state.upstream, byMs) }),
  };
}
