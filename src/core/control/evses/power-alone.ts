/**
 * What a charge point that tells its power and no currents shows of its car: how many phases it may load, and not which. Its
 * limit bounds what each of them carries; and a car whose power follows its limit draws that limit on each.
 */
import type { EvseReading } from "../../image.ts";
import type { EvseModel } from "../../site/site-model.ts";
import type { EvseMemory, PowerPhases } from "../memory.ts";
import { OBEY_MS } from "../thresholds.ts";

/** Charge points give a little more than they are told. */
const MOST_TIMES_LIMIT = 1.1;
/** Less than this is no car that charges, all phases together. */
const LEAST_SUM_A = 5;
/** Limits that differ by so much, and power that differs by the same part, with this error: it follows its limit. */
const OTHER_LIMIT_A = 2;
const SAME_PART = 0.05;
/** IEC 61851-1: the least that a pilot can say, and so that cars charge with. */
const LEAST_EACH_A = 6;
/** What is left at most when a car goes over to fewer phases: of three to two it is two thirds. */
const LEFT_PART = 0.75;

/** It takes less than before at the same limit, and than all the phases that it showed would at a lower one. */
function hasFallen({ fewest, sumA: before }: PowerPhases, sumA: number, limitA: number): boolean {
  return sumA < LEFT_PART * Math.min(before, fewest * limitA);
}

function followsLimit(before: PowerPhases, sumA: number, limitA: number): boolean {
  const isOther = Math.abs(limitA - before.limitA) >= OTHER_LIMIT_A;
  return isOther && Math.abs((sumA * before.limitA) / (before.sumA * limitA) - 1) < SAME_PART;
}

/** Its power is that of whole phases at its limit, and one phase more would leave each less than any car charges with. */
function takesItsLimit(sumA: number, limitA: number): boolean {
  const phases = Math.round(sumA / limitA);
  return phases > 0 && Math.abs(sumA / (phases * limitA) - 1) < SAME_PART && sumA / (phases + 1) < LEAST_EACH_A;
}

/** Brings what is known of its phases to its last report, if what that shows is of the limit in force. */
export function withPowerPhases(
  memory: EvseMemory,
  { phases }: EvseModel,
  reading: EvseReading | undefined,
  voltageV: number,
): EvseMemory {
  if (!reading || reading.currentA || phases.length === 1) return memory;
  const { powerPhases: before, limitA, limitSinceMonoMs, loweredMonoMs } = memory;
  const sumA = (reading.powerW ?? 0) / voltageV;
  // What flows just after a raise is within the new limit as well.
  const isOfLimit = reading.atMonoMs >= limitSinceMonoMs && reading.atMonoMs - loweredMonoMs >= OBEY_MS;
  if (!isOfLimit || limitA <= 0 || sumA < LEAST_SUM_A) return memory;
  if (before?.limitA === limitA && before.sumA === sumA) return memory;
  const ofAll = (count: number) => Math.min(phases.length, Math.max(1, count));
  const needed = ofAll(Math.ceil(sumA / (limitA * MOST_TIMES_LIMIT)));
  const fewest = before && !hasFallen(before, sumA, limitA) ? Math.max(before.fewest, needed) : needed;
  const known = before && before.most >= fewest ? before.most : phases.length;
  const isClear = takesItsLimit(sumA, limitA) || (before !== undefined && followsLimit(before, sumA, limitA));
  const most = isClear ? Math.max(fewest, ofAll(Math.round(sumA / limitA))) : known;
  return { ...memory, powerPhases: { fewest, most, limitA, sumA } };
}

/** Its car loads fewer phases than it has, for all that its power says: nobody knows which. */
export function loadsUnknownPhases({ powerPhases }: EvseMemory, { phases }: EvseModel): boolean {
  return powerPhases !== undefined && powerPhases.fewest < phases.length;
}

/** Current of each phase that its power is spread over, A, when these are so many; as measured where currents are told. */
export function spreadA(
  measuredA: number | undefined,
  phases: number | undefined,
  { phases: all }: EvseModel,
): number | undefined {
  return measuredA === undefined || phases === undefined ? measuredA : (measuredA * all.length) / phases;
}
