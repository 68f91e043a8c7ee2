/** A limit schedule as the charging profile of either version: units, rounding, stack, kind, number of periods. */
import type { LimitSchedule, SchedulePeriod } from "../core/charge-point-input.ts";
import { isoTime } from "./inbound.ts";
import type { Quirk } from "./quirks.ts";

/** What decides how a limit is written for one charge point. */
export interface ProfileStyle {
  readonly rateUnit: "A" | "W";
  readonly quirks: ReadonlySet<Quirk>;
  readonly maxPeriods?: number;
  readonly maxStackLevel?: number;
  /** Our time minus that of its clock, ms. */
  readonly clockLagMs?: number;
}

export interface ProfilePeriod {
  readonly startPeriod: number;
  readonly limit: number;
  readonly numberPhases?: number;
}

export interface ProfileSchedule {
  readonly startSchedule?: string;
  readonly duration?: number;
  readonly chargingRateUnit: "A" | "W";
  readonly chargingSchedulePeriod: readonly ProfilePeriod[];
}

export interface Profile {
  readonly id: number;
  readonly stackLevel: number;
  readonly purpose: "TxProfile" | "TxDefaultProfile";
  readonly kind: "Absolute" | "Relative";
  readonly validTo?: string;
  readonly schedule: ProfileSchedule;
}

type Base = Pick<Profile, "id" | "stackLevel" | "purpose">;

/** The schedule begins this much earlier on the wire: a charger whose clock is late must not see it in the future. */
const CLOCK_SKEW_S = 60;
const SAFE_STACK = 0;

/** One decimal (OCPP), W whole; never rounded up. */
function limitOf(currentA: number, phases: number, voltageV: number, style: ProfileStyle): number {
  // Only EVSEs that are configured for it are told to give back: by a negative limit, never more than was decided.
  if (currentA < 0) return -limitOf(-currentA, phases, voltageV, style);
  const wishedA = style.quirks.has("no-zero-current") && currentA < 1 ? 1 : Math.max(0, currentA);
  if (style.rateUnit === "W") return Math.floor(wishedA * phases * voltageV + 1e-6);
  return Math.floor(wishedA * 10 + 1e-6) / 10;
}

function period(
  startPeriod: number,
  { currentA, phases }: Pick<SchedulePeriod, "currentA" | "phases">,
  of: LimitSchedule,
  style: ProfileStyle,
): ProfilePeriod {
  const numberPhases = phases ?? of.phases;
  const limit = limitOf(currentA, numberPhases, of.voltageV, style);
  return style.quirks.has("no-number-phases") ? { startPeriod, limit } : { startPeriod, limit, numberPhases };
}

/** A time of ours as the charger's own clock will show it. */
export function itsTime(ms: number, { clockLagMs = 0 }: ProfileStyle): string {
  return isoTime(Math.max(0, ms - clockLagMs));
}

/**
 * At most `limit` periods: what does not fit becomes the safe last one, earlier. Of a limit that does not end (`lasts`)
 * one period alone goes on for ever: it allows no more than the safe current.
 */
function bounded(periods: LimitSchedule["periods"], limit: number, lasts: boolean): LimitSchedule["periods"] {
  if (periods.length <= limit) return periods;
  const kept = periods.slice(0, limit);
  const safe = periods.at(-1)!;
  if (limit > 1) return [...kept.slice(0, -1), { ...safe, offsetS: kept.at(-1)!.offsetS }];
  return lasts ? kept.map((only) => ({ ...only, currentA: Math.min(only.currentA, safe.currentA) })) : kept;
}

/** All periods with the way to the safe current; without it where the charger takes fewer, or does not say how many. */
function periodsFor({ periods, halfway }: LimitSchedule, maxPeriods: number | undefined): LimitSchedule["periods"] {
  if (!halfway) return periods;
  const { offsetS } = halfway;
  const before = periods.filter((entry) => entry.offsetS < offsetS);
  const after = periods.filter((entry) => entry.offsetS > offsetS);
  const inForce = periods.findLast((entry) => entry.offsetS <= offsetS) ?? halfway;
  const lowered = [{ ...inForce, offsetS }, ...after].map((entry) => ({
    ...entry,
    currentA: Math.min(entry.currentA, halfway.currentA),
  }));
  const isNew = (entry: SchedulePeriod, before: SchedulePeriod | undefined) =>
    entry.currentA !== before?.currentA || entry.phases !== before.phases;
  const all = [...before, ...lowered].filter((entry, at, list) => isNew(entry, list[at - 1]));
  return all.length <= (maxPeriods ?? 0) ? all : periods;
}

function limitStack(style: ProfileStyle): number {
  return style.quirks.has("stack-level-zero") || (style.maxStackLevel ?? 1) < 1 ? SAFE_STACK : SAFE_STACK + 1;
}

/**
 * A Relative profile counts from a moment that we do not know (start of the transaction, or its arrival), so no period
 * and no duration can end it. What ends it is `validTo`, which belongs to a TxDefaultProfile; with nothing below, it
 * must not end, and allows no more than the safe current.
 */
function relativeProfile(base: Base, limit: LimitSchedule, style: ProfileStyle): Profile {
  const [first, second] = limit.periods;
  const isLowest = base.stackLevel === SAFE_STACK;
  const safeA = limit.periods.at(-1)?.currentA ?? 0;
  const currentA = isLowest ? Math.min(first?.currentA ?? 0, safeA) : (first?.currentA ?? 0);
  const endsMs = limit.startMs + (second?.offsetS ?? limit.durationS) * 1000;
  const only = period(0, { ...first, currentA }, limit, style);
  const schedule = { chargingRateUnit: style.rateUnit, chargingSchedulePeriod: [only] };
  return { ...base, kind: "Relative", ...(isLowest ? {} : { validTo: itsTime(endsMs, style) }), schedule };
}

/**
 * The profile of a limit. On the safe default's own stack it has no duration, because nothing would lie below it:
 * then its last, safe period goes on.
 */
export function limitProfile(connector: number, limit: LimitSchedule, style: ProfileStyle): Profile {
  const inTransaction = limit.transactionId !== undefined || limit.remoteId !== undefined;
  const relative = style.quirks.has("relative-profiles");
  const isTx = inTransaction && !relative && !style.quirks.has("tx-default-only");
  const purpose = isTx ? "TxProfile" : "TxDefaultProfile";
  const stackLevel = limitStack(style);
  const replacesSafe = purpose === "TxDefaultProfile" && stackLevel === SAFE_STACK;
  const id = replacesSafe ? safeProfileId(connector) : safeProfileId(connector) + (isTx ? 2 : 1);
  const base: Base = { id, stackLevel, purpose };
  if (relative) return relativeProfile(base, limit, style);
  const most = Math.max(1, style.maxPeriods ?? Number.POSITIVE_INFINITY);
  const wished = periodsFor(limit, style.maxPeriods);
  const periods = bounded(wished, most, replacesSafe).map((entry, index) =>
    period(index === 0 ? 0 : entry.offsetS + CLOCK_SKEW_S, entry, limit, style),
  );
  const endsS = periods.length === 1 && wished.length > 1 ? wished[1]!.offsetS : limit.durationS;
  const schedule = {
    startSchedule: itsTime(limit.startMs - CLOCK_SKEW_S * 1000, style),
    ...(replacesSafe ? {} : { duration: endsS + CLOCK_SKEW_S }),
    chargingRateUnit: style.rateUnit,
    chargingSchedulePeriod: periods,
  };
  return { ...base, kind: "Absolute", schedule };
}

/** The safe default: no end, lowest stack. Currents in A per phase. */
export function safeProfile(
  connector: number,
  safe: { readonly currentA: number; readonly phases: number; readonly voltageV: number; readonly nowMs: number },
  style: ProfileStyle,
): Profile {
  const relative = style.quirks.has("relative-profiles");
  const as: LimitSchedule = { ...safe, startMs: 0, periods: [], durationS: 0 };
  return {
    id: safeProfileId(connector),
    stackLevel: SAFE_STACK,
    purpose: "TxDefaultProfile",
    kind: relative ? "Relative" : "Absolute",
    schedule: {
      ...(relative ? {} : { startSchedule: itsTime(safe.nowMs - 86_400_000, style) }),
      chargingRateUnit: style.rateUnit,
      chargingSchedulePeriod: [period(0, { currentA: safe.currentA }, as, style)],
    },
  };
}

/** Profile ids stay the same for an EVSE, so that a renewal replaces and never piles up. */
function safeProfileId(connector: number): number {
  return connector * 10 + 1;
}
