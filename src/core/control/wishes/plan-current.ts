/** What the plan in force gives to an EVSE, in amperes. */
import type { Reason } from "../../reason.ts";
import type { PlanState } from "../../state/plan.ts";
import { SLOT_MS, slotStartMs } from "../../time/slots.ts";
import type { ControlInput } from "../control.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import { wishPhases } from "../evses/phase-switch.ts";
import { PLAN_COMES_MS, PLAN_VALID_MS } from "../thresholds.ts";

/** Plans are whole W. */
const TINY_A = 0.01;
/** A current that takes turns with another is worth a message for this long. */
const LEAST_TURN_MS = 60_000;

export type Plan = NonNullable<PlanState["current"]>;

/** The plan in force: it covers now and is not too old. */
export function planInForce(input: ControlInput): Plan | undefined {
  const plan = input.state.plan.current;
  const { nowMs } = input.image;
  if (!plan || nowMs - plan.madeMs > PLAN_VALID_MS || nowMs < plan.input.startMs - SLOT_MS) return undefined;
  return nowMs < plan.input.startMs + plan.input.slots * SLOT_MS ? plan : undefined;
}

/** The slot of a plan that runs at `nowMs`. A plan may be made just before its first slot. */
export function slotIndex(plan: Plan, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - plan.input.startMs) / SLOT_MS));
}

/**
 * The slot of a plan that is followed now. When a slot begins, its own plan has a moment to come: what an older one
 * foresaw for it would pause a car for seconds.
 */
export function followedSlot(plan: Plan, nowMs: number): number {
  const isOfThisSlot = plan.input.startMs >= slotStartMs(nowMs);
  return slotIndex(plan, isOfThisSlot ? nowMs : nowMs - PLAN_COMES_MS);
}

/** Until when that slot is followed, epoch ms, should no other plan come. */
export function followedUntilMs(plan: Plan, nowMs: number): number {
  return plan.input.startMs + (followedSlot(plan, nowMs) + 1) * SLOT_MS + PLAN_COMES_MS;
}

type PlannedCar = Pick<EvseObservation, "session">;

/** What a plan gives to the car at an EVSE; missing where it does not know the transaction. */
export function plannedRow(plan: Plan, { session }: PlannedCar): Plan["result"]["evses"][number] | undefined {
  return plan.result.evses.find(({ transactionId }) => transactionId === session?.transactionId);
}

/** What it knew of that car. */
function knownRow(plan: Plan, { session }: PlannedCar): Plan["input"]["evses"][number] | undefined {
  return plan.input.evses.find(({ transactionId }) => transactionId === session?.transactionId);
}

/** Planned power of an EVSE in the slot `ahead` slots from the one that is followed, W; missing as below. */
export function plannedW(
  input: ControlInput,
  plan: Plan | undefined,
  entry: EvseObservation,
  ahead: number,
): number | undefined {
  return plan && plannedRow(plan, entry)?.powerW[followedSlot(plan, input.image.nowMs) + ahead];
}

/** Whether the plan has it on a single phase then. */
export function isPlannedOnOnePhase(input: ControlInput, plan: Plan, entry: EvseObservation, ahead: number): boolean {
  const { onePhaseSlots = [] } = plannedRow(plan, entry) ?? {};
  return onePhaseSlots.includes(followedSlot(plan, input.image.nowMs) + ahead);
}

/**
 * Planned current of an EVSE in the slot `ahead` slots from the one that is followed, A; missing where the plan does not know the
 * transaction. Below the minimum it is 0; the minimum itself may have been rounded away in W.
 */
export function plannedCurrentA(
  input: ControlInput,
  plan: Plan | undefined,
  entry: EvseObservation,
  ahead: number,
): number | undefined {
  const powerW = plannedW(input, plan, entry, ahead);
  if (!plan || powerW === undefined) return undefined;
  const slot = followedSlot(plan, input.image.nowMs) + ahead;
  const { minCurrentA, maxCurrentA } = entry.evse;
  const onOne = entry.memory.onePhase === true;
  const phases = onOne
    ? wishPhases(entry)
    : (entry.memory.phases?.length ?? plannedPhases(plan, entry) ?? entry.phases.length);
  const currentA = powerW / (input.site.voltageV * phases);
  if (currentA < minCurrentA - 0.5) {
    // It goes on as it is until it may be switched.
    const waits = !onOne && entry.memory.limitA > 0 && isPlannedOnOnePhase(input, plan, entry, ahead);
    return waits && powerW > 0 ? minCurrentA : 0;
  }
  const wholeA = plan.input.peaks
    ? takingTurnsA(currentA, plan, { slot, nowMs: input.image.nowMs })
    : Math.round(currentA);
  return Math.min(maxCurrentA, Math.max(minCurrentA, wholeA));
}

/**
 * Where a month's peak costs, what is rounded up is paid for all month, and each night's plan would begin from there: of the
 * two whole amperes each has its part of the slot, or of what was left of it when the plan was made. Every second slot
 * begins with the higher one, so that there is one change a slot.
 */
function takingTurnsA(currentA: number, plan: Plan, at: { readonly slot: number; readonly nowMs: number }): number {
  const lowerA = Math.floor(currentA + TINY_A);
  const slotMs = plan.input.startMs + at.slot * SLOT_MS;
  const endMs = slotMs + SLOT_MS;
  const beginMs = Math.min(Math.max(slotMs, plan.input.nowMs), endMs);
  const higherMs = Math.min((currentA - lowerA) * (endMs - beginMs), endMs - beginMs - LEAST_TURN_MS);
  if (higherMs < LEAST_TURN_MS) return lowerA;
  const isHigherFirst = Math.round(slotMs / SLOT_MS) % 2 === 0;
  const isHigher = isHigherFirst ? at.nowMs < beginMs + higherMs : at.nowMs >= endMs - higherMs;
  return isHigher ? lowerA + 1 : lowerA;
}

/** Whether the plan would give the EVSE more now, if a circuit had room. */
export function takesMore(input: ControlInput, plan: Plan, entry: EvseObservation): boolean {
  return followedSlot(plan, input.image.nowMs) < (plannedRow(plan, entry)?.eagerSlots ?? 0);
}

/** Whether the plan sells now what the sun leaves over: the car has cheaper hours to come. */
export function sellsSun(input: ControlInput, plan: Plan | undefined, entry: PlannedCar): boolean {
  return plan !== undefined && followedSlot(plan, input.image.nowMs) < (plannedRow(plan, entry)?.soldSunSlots ?? 0);
}

/** Who needs so much of the time that is left has none to lose. */
const NO_TIME_PART = 0.9;
const HOUR_MS = 3_600_000;

/** Whether a car that asked for its energy needs nearly all of the time until its departure, by the plan in force. */
export function hasNoTimeToSpare(plan: Plan, entry: EvseObservation): boolean {
  const row = knownRow(plan, entry);
  if (!row || row.needAssumed || row.beyondWish || row.refusedMs !== undefined) return false;
  const possibleWh = (row.maxPowerW * (row.departureMs - plan.input.nowMs)) / HOUR_MS;
  return row.energyNeededWh > NO_TIME_PART * possibleWh;
}

/** Phases that the plan reckoned with, until the car has shown its own. */
function plannedPhases(plan: Plan, entry: PlannedCar): number | undefined {
  const row = knownRow(plan, entry);
  return row && row.phases.length > 0 ? row.phases.length : undefined;
}

/** Why the plan gives nothing now, and when it will. */
export function waiting(input: ControlInput, plan: Plan, entry: PlannedCar): Reason {
  const now = followedSlot(plan, input.image.nowMs);
  const powers = plannedRow(plan, entry)?.powerW ?? [];
  const next = powers.findIndex((powerW, slot) => slot > now && powerW > 0);
  const until = next < 0 ? {} : { untilMs: plan.input.startMs + next * SLOT_MS };
  const soldEurPerKwh = plan.input.exportEurPerKwh[now];
  if (soldEurPerKwh !== undefined && sellsSun(input, plan, entry))
    return { kind: "plan", limitA: 0, ...until, soldEurPerKwh };
  const priceEurPerKwh = plan.input.importEurPerKwh[now];
  const laterEurPerKwh = next < 0 ? undefined : plan.input.importEurPerKwh[next];
  return {
    kind: "plan",
    limitA: 0,
    ...until,
    ...(priceEurPerKwh === undefined ? {} : { priceEurPerKwh }),
    ...(laterEurPerKwh === undefined ? {} : { laterEurPerKwh }),
  };
}
