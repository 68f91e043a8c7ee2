/** Says when a new plan is due, and why: the words stand on the page. */

import type { PlanInput } from "../../core/facts/plan-facts.ts";
import type { ProcessImage } from "../../core/image.ts";
import { budgetSeriesW } from "../../core/limits/budget.ts";
import { nextChangeMs } from "../../core/market/ceiling.ts";
import { openSessionAt } from "../../core/state/sessions.ts";
import type { SiteState } from "../../core/state/state.ts";
import { wordOn } from "../../core/state/word.ts";
import { slotStartMs } from "../../core/time/slots.ts";
import { ASKED_MS } from "../model/car.ts";
import { reachedValueKw } from "../model/peaks.ts";
import { evseReading, LOADED_A } from "./input-loads.ts";

/** What a plan depended on besides time; compared with what holds now. Of several sessions at an EVSE one is planned. */
function sameSessions(input: PlanInput, state: SiteState): boolean {
  const here = input.evses.filter(({ visitId }) => visitId === undefined);
  const planned = new Set(here.map((evse) => evse.transactionId));
  const evseIds = new Set(Object.values(state.sessions.open).map((session) => session.evseId));
  const open = [...evseIds].flatMap((evseId) => openSessionAt(state.sessions, evseId) ?? []);
  return open.length === planned.size && open.every((session) => planned.has(session.transactionId));
}

type OperatorLimits = Pick<PlanInput, "gridLimit" | "gridExportLimit">;

/** Whether the grid operator's limits are others than those that were planned with. */
function operatorChanged(planned: OperatorLimits, now: OperatorLimits): boolean {
  return (["gridLimit", "gridExportLimit"] as const).some(
    (which) => planned[which]?.limitW !== now[which]?.limitW || planned[which]?.untilMs !== now[which]?.untilMs,
  );
}

/** Whether a partner's ceiling took another value since the plan was made. */
function ceilingTurned(state: SiteState, sinceMs: number, nowMs: number): boolean {
  return Object.values(state.upstream.profiles).some(
    (profiles) => (nextChangeMs(profiles, sinceMs) ?? nowMs + 1) <= nowMs,
  );
}

/** Whether a budget came, changed or ended: not that its time passes. */
function budgetChanged({ startMs, slots, ...planned }: PlanInput, { budgets }: SiteState): boolean {
  const now = budgetSeriesW(budgets, startMs, slots) ?? [];
  const before = planned.budgets ?? planned.budgetW ?? [];
  return now.length !== before.length || now.some((limitW, slot) => limitW !== before[slot]);
}

type Plan = NonNullable<SiteState["plan"]["current"]>;

/** Whether a car of the plan has shown since that it takes nothing of what is kept for it, by the limit that follows it down. */
function tookNothing({ input, result, madeMs }: Plan, { limits }: SiteState, nowMs: number): boolean {
  return input.evses.some(({ evseId, visitId, minPowerW, phases, connectedSinceMs }, index) => {
    const limit = limits.byEvse[evseId];
    if (visitId !== undefined || limit?.reason.kind !== "vehicle" || (result.evses[index]?.powerW[0] ?? 0) <= 0)
      return false;
    const leastA = minPowerW / (input.nominalVoltageV * Math.max(1, phases.length));
    const shownMs = limit.setAtMs + ASKED_MS;
    const isLeast = (limit.reason.limitA ?? Number.POSITIVE_INFINITY) < leastA + 1;
    return isLeast && limit.setAtMs > connectedSinceMs && madeMs < shownMs && shownMs <= nowMs;
  });
}

/**
 * A full car keeps its least current from others who would take more, until a plan knows; where a month's peak costs, from all
 * that could be taken below it. Where another gives energy back, what it no longer takes would be sold.
 */
function fullCarKeepsRoom(plan: Plan, state: SiteState, nowMs: number): boolean {
  const othersWait = plan.result.evses.some(({ eagerSlots = 0 }) => eagerSlots > 0);
  const othersGive = plan.result.evses.some(({ dischargeW }) => (dischargeW?.[0] ?? 0) > 0);
  return (othersWait || othersGive || (plan.input.peaks ?? []).length > 0) && tookNothing(plan, state, nowMs);
}

/** A car that took less has not shown itself yet, Wh. */
const UNSEEN_WH = 50;

/** Whether its driver said when it leaves, so that it may wait. */
function isSaid({ sessions }: SiteState, evseId: string): boolean {
  const session = openSessionAt(sessions, evseId);
  return session !== undefined && wordOn(sessions, session).departure !== undefined;
}

/** Whether the plan pays for more than the month has reached. */
function raisesPeak({ input, result }: Plan): boolean {
  return (input.peaks ?? []).some((peak, index) => (result.peaks?.[index]?.valueKw ?? 0) > reachedValueKw(peak) + 0.1);
}

/**
 * What a car that nobody knew shows of itself as it charges: fewer phases than were planned, or all of them for the first time:
 * then one that may wait needs less now than was given to a slow one. Who is told to charge on one phase shows nothing by it.
 */
function showsItself(plan: Plan, state: SiteState, image: ProcessImage): string | undefined {
  for (const { evseId, visitId, phases, laterPowerW, chargingNow, deliveredWh = 0 } of plan.input.evses) {
    const isTold = state.limits.byEvse[evseId]?.onePhase;
    // What is measured there says nothing of a car that is still to come.
    if (visitId !== undefined || laterPowerW === undefined || phases.length === 1 || isTold) continue;
    const currentA = evseReading(image, evseId)?.currentA ?? [];
    const loaded = currentA.filter((phaseA) => phaseA >= LOADED_A).length;
    if (loaded > 0 && loaded < phases.length) return "a car charges on fewer phases";
    const isFirst = loaded > 0 && !chargingNow && deliveredWh < UNSEEN_WH;
    if (isFirst && isSaid(state, evseId) && raisesPeak(plan)) return "a car charges on all phases";
  }
  return undefined;
}

function wishChangedAfter(state: SiteState, seq: number): boolean {
  return Object.values(state.sessions.wishes).some((wish) => wish.seq > seq);
}

export interface PlanTriggerContext {
  /** What flows now; left out: nobody looks. */
  readonly image?: ProcessImage;
  readonly state: SiteState;
  readonly nowMs: number;
  /** What the grid operator allows now. */
  readonly operator: OperatorLimits;
  /** Last slot for which a price is known; more prices make a better plan. */
  readonly pricesUntilMs?: number;
  readonly pricesUntilAtPlanMs?: number;
  /** Since when that has been far from the plan, epoch ms. */
  readonly deviatesSinceMs?: number;
  /** The last fact that the last plan knew of. */
  readonly plannedSeq?: number;
  /** When the last attempt began, so that a failure does not loop. */
  readonly lastAttemptMs?: number;
}

/** Least time between two plans unless a quarter-hour begins, ms. */
const PLAN_DEBOUNCE_MS = 5_000;

/** So long a difference of the building is a reason for a new plan; a kettle is none. */
const DEVIATION_MS = 60_000;

/** The reason for a new plan, in words, or `undefined` while the current one holds. */
export function planTrigger(context: PlanTriggerContext): string | undefined {
  const { state, nowMs, lastAttemptMs } = context;
  const plan = state.plan.current;
  const sinceAttemptMs = lastAttemptMs === undefined ? Number.POSITIVE_INFINITY : nowMs - lastAttemptMs;
  if (sinceAttemptMs >= 0 && sinceAttemptMs < PLAN_DEBOUNCE_MS) return undefined;
  if (!plan) return "first plan";
  if (state.site.bootSeq > plan.seq) return "start of the controller";
  if (slotStartMs(nowMs) !== plan.input.startMs) return "new quarter-hour";
  if (!sameSessions(plan.input, state)) {
    const open = Object.keys(state.sessions.open).length;
    const planned = plan.input.evses.filter(({ visitId }) => visitId === undefined).length;
    return open >= planned ? "a car was plugged in" : "a car left";
  }
  if (wishChangedAfter(state, context.plannedSeq ?? plan.seq)) return "a driver's wish changed";
  if ((state.sessions.standingSeq ?? 0) > (context.plannedSeq ?? plan.seq)) return "a usual departure";
  if ((state.visits.seq ?? 0) > (context.plannedSeq ?? plan.seq)) return "a visit was announced or withdrawn";
  if ((state.upstream.profilesSeq ?? 0) > (context.plannedSeq ?? plan.seq)) return "a partner's profile changed";
  if (budgetChanged(plan.input, state)) return "the budget changed";
  if (ceilingTurned(state, plan.madeMs, nowMs)) return "a partner's profile goes on";
  if (operatorChanged(plan.input, context.operator)) return "the grid operator's limit changed";
  if (fullCarKeepsRoom(plan, state, nowMs)) return "a car takes nothing";
  const shown = context.image && showsItself(plan, state, context.image);
  if (shown) return shown;
  const { deviatesSinceMs } = context;
  if (deviatesSinceMs !== undefined && nowMs - deviatesSinceMs >= DEVIATION_MS)
    return "the building draws other than planned";
  if ((context.pricesUntilMs ?? 0) > (context.pricesUntilAtPlanMs ?? 0)) return "new prices";
  return undefined;
}
