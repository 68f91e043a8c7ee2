/** A limit as a schedule that ends in the safe current by itself. */
import type { ChargePointCommand, LimitSchedule, SchedulePeriod } from "../../charge-point-input.ts";
import { ceilingA, nextChangeMs, profilesOf, worthwhileA } from "../../market/ceiling.ts";
import type { ControlInput } from "../control.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import { wishPhases } from "../evses/phase-switch.ts";
import {
  AT_SAFE_LEASE_MS,
  BELOW_SAFE_LEASE_MS,
  HALFWAY_AFTER_RENEWAL_MS,
  HALFWAY_LEAST_MS,
  HALFWAY_REFUSED_MS,
  SCHEDULE_LEAD_MS,
  TRAILING_SAFE_MS,
} from "../thresholds.ts";
import { followedUntilMs, type Plan, planInForce, plannedCurrentA } from "../wishes/plan-current.ts";
import { hasJustResumed } from "../wishes/resumed.ts";

type Periods = SchedulePeriod[];

const offsetS = (ms: number) => Math.round((SCHEDULE_LEAD_MS + ms) / 1000);

/** What the plan gives in its next slot, which begins in so long, A. It does not stop then what it has just let charge again. */
function nextPlannedA(input: ControlInput, entry: EvseObservation, plan: Plan | undefined, afterMs: number) {
  const nextA = plannedCurrentA(input, plan, entry, 1);
  return nextA === 0 && hasJustResumed(entry.memory, input.image.monoMs + afterMs) ? entry.evse.minCurrentA : nextA;
}

/** What is decided, and what lowers it within so long. Ahead of time a limit only goes down: up needs a fresh reading. */
function decidedPeriods(input: ControlInput, entry: EvseObservation, currentA: number, withinMs: number): Periods {
  const { nowMs } = input.image;
  const list = [{ offsetS: 0, currentA }];
  const plan = entry.memory.wishKind === "plan" ? planInForce(input) : undefined;
  const untilNextMs = plan ? followedUntilMs(plan, nowMs) - nowMs : Number.POSITIVE_INFINITY;
  const next = untilNextMs < withinMs ? nextPlannedA(input, entry, plan, untilNextMs) : undefined;
  if (next !== undefined && next < currentA) list.push({ offsetS: offsetS(untilNextMs), currentA: next });
  const lower = ceilingAhead(input, entry);
  if (lower && lower.afterMs < withinMs && lower.currentA < currentA)
    insert(list, { offsetS: offsetS(lower.afterMs), currentA: lower.currentA });
  return list;
}

/**
 * All periods. What is decided is on as many phases as the car is told; the safe current is on all, as by the default
 * below and by the sums that were checked. Who is above the safe current, or gives back, does so no longer than
 * configured.
 */
function periods(input: ControlInput, entry: EvseObservation, currentA: number): Periods {
  const { leaseMs, safeCurrentA } = entry.evse;
  const isHarmless = currentA >= 0 && currentA <= safeCurrentA;
  const mostMs = isHarmless ? Math.max(leaseMs, AT_SAFE_LEASE_MS) : leaseMs;
  const decided = decidedPeriods(input, entry, currentA, mostMs).map((period) =>
    entry.memory.onePhase ? { ...period, phases: 1 } : period,
  );
  const waits = isHarmless ? decided.find((period) => period.currentA < safeCurrentA) : undefined;
  const waitsMs = waits && (waits.offsetS === 0 ? 0 : waits.offsetS * 1000 - SCHEDULE_LEAD_MS);
  const endMs = waitsMs === undefined ? mostMs : Math.min(mostMs, waitsMs + Math.max(leaseMs, BELOW_SAFE_LEASE_MS));
  return [...decided, { offsetS: offsetS(endMs), currentA: safeCurrentA }];
}

/**
 * Half of the way to the safe current, before all of it: while nobody renews, what is above it heats a fuse for half as
 * long. Nobody pauses for that.
 */
function halfway(
  { image }: ControlInput,
  { evse, memory }: EvseObservation,
  currentA: number,
): { halfway?: SchedulePeriod } {
  const { leaseMs, safeCurrentA, minCurrentA } = evse;
  const refusedMs = image.monoMs - (memory.halfwayRefusedMonoMs ?? Number.NEGATIVE_INFINITY);
  const afterMs = leaseMs / 3 + HALFWAY_AFTER_RENEWAL_MS;
  const halfA = Math.max(minCurrentA, safeCurrentA, Math.floor((currentA + safeCurrentA) / 2));
  if (halfA >= currentA || leaseMs - afterMs < HALFWAY_LEAST_MS || refusedMs < HALFWAY_REFUSED_MS) return {};
  return { halfway: { offsetS: offsetS(afterMs), currentA: halfA } };
}

/** When a schedule that begins now ends in the safe current, ms from now. */
export function lifeMs({ periods }: LimitSchedule): number {
  return (periods.at(-1)?.offsetS ?? 0) * 1000 - SCHEDULE_LEAD_MS;
}

/** A partner's ceiling after its next change, and in how long that is. */
function ceilingAhead(input: ControlInput, entry: EvseObservation) {
  const { session, evse } = entry;
  const profiles = session ? profilesOf(input.state, session) : [];
  const { nowMs } = input.image;
  const atMs = nextChangeMs(profiles, nowMs);
  const circuit = { voltageV: input.site.voltageV, phases: wishPhases(entry) };
  const lowest = atMs === undefined ? undefined : ceilingA(profiles, atMs, circuit);
  if (!lowest || atMs === undefined) return undefined;
  const leastA = Math.max(evse.minCurrentA, worthwhileA(profiles, circuit));
  return { afterMs: atMs - nowMs, currentA: lowest.currentA < leastA ? 0 : lowest.currentA };
}

/** Adds a period; what follows it is not above it. */
function insert(list: Periods, period: Periods[number]): void {
  const earlier = list.filter((entry) => entry.offsetS < period.offsetS);
  const later = list.filter((entry) => entry.offsetS > period.offsetS && entry.currentA < period.currentA);
  const currentA = Math.min(period.currentA, earlier.at(-1)?.currentA ?? period.currentA);
  list.splice(0, list.length, ...earlier, { ...period, currentA }, ...later);
}

/**
 * The schedule of a lease that begins now: what is decided, what the next slot lowers it to, the way to the safe current
 * when nobody renews, and a trailing safe period for charge points that ignore `duration` (ocpp.md section 3). Offsets count from a start in the past.
 */
export function leaseSchedule(input: ControlInput, entry: EvseObservation, currentA: number): LimitSchedule {
  const { evse, session } = entry;
  const list = periods(input, entry, currentA);
  return {
    startMs: input.image.nowMs - SCHEDULE_LEAD_MS,
    periods: list,
    ...halfway(input, entry, currentA),
    durationS: list.at(-1)!.offsetS + TRAILING_SAFE_MS / 1000,
    phases: evse.phases.length,
    voltageV: input.site.voltageV,
    ...(session ? { transactionId: session.transactionId } : {}),
    ...(session?.remoteId === undefined ? {} : { remoteId: session.remoteId }),
  };
}

/** The limit that holds at the charge point when nothing else does, A: the safe current, less for who has to stop. */
export function defaultA({ session, memory, evse }: EvseObservation): number {
  return session ? evse.safeCurrentA : Math.min(evse.safeCurrentA, memory.limitA);
}

/** The command that installs it. */
export function safeDefault(input: ControlInput, entry: EvseObservation): ChargePointCommand {
  const { id: evseId, chargePointId, connector, phases } = entry.evse;
  return {
    type: "install-safe-default",
    chargePointId,
    evseId,
    connector,
    currentA: defaultA(entry),
    phases: phases.length,
    voltageV: input.site.voltageV,
  };
}
