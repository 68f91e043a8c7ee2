/** What a car may draw over the coming time, after fusing everything: limit in force, plan, and all ceilings. */
import { slotIndex } from "../../core/control/wishes/plan-current.ts";
import { ceilingA, nextChangeMs, profilesOf, worthwhileA } from "../../core/market/ceiling.ts";
import type { Profile } from "../../core/market/profile.ts";
import type { Session } from "../../core/state/sessions.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import { ocpiTime } from "../status.ts";
import type { Market } from "./location.ts";
import type { WireObject } from "./wire-object.ts";

export type Unit = "W" | "A";

export interface ActivePeriod {
  readonly offsetS: number;
  readonly powerW: number;
}

export interface ActiveProfile {
  readonly startMs: number;
  readonly durationS: number;
  /** Of the EVSE's phases in use. */
  readonly wattsPerAmpere: number;
  readonly periods: readonly ActivePeriod[];
}

const USUAL_DURATION_S = 3_600;
const LONGEST_DURATION_S = 86_400;

/** The profile of a session from now on. */
export function activeProfile(
  market: Market,
  session: Session,
  nowMs: number,
  wantedS = USUAL_DURATION_S,
): ActiveProfile {
  const { site, state } = market;
  const durationS = Math.max(1, Math.min(LONGEST_DURATION_S, Math.round(wantedS)));
  const evse = site.evseById.get(session.evseId);
  const limit = state.limits.byEvse[session.evseId];
  const plan = state.plan.current;
  const input = plan?.input.evses.find((entry) => entry.transactionId === session.transactionId);
  const phases = input?.phases.length || evse?.phases.length || 3;
  const wattsPerAmpere = site.voltageV * phases;
  const mostW = (evse?.maxCurrentA ?? 0) * wattsPerAmpere;
  const overridden = state.sessions.overrides[session.evseId] !== undefined;
  const row = overridden
    ? undefined
    : plan?.result.evses.find((entry) => entry.transactionId === session.transactionId);
  const profiles = profilesOf(state, session);

  const circuit = { voltageV: site.voltageV, phases };
  const least = Math.max(evse?.minCurrentA ?? 0, worthwhileA(profiles, circuit)) * wattsPerAmpere;

  function powerAt(ms: number): number {
    if (ms === nowMs && limit) return Math.min(mostW, limit.currentA * wattsPerAmpere);
    const plannedW = plan && row?.powerW[slotIndex(plan, ms)];
    const ceiling = ceilingA(profiles, ms, circuit);
    const ceilingW = ceiling ? ceiling.currentA * wattsPerAmpere : mostW;
    const powerW = Math.min(mostW, plannedW ?? mostW, ceilingW);
    return powerW < least - wattsPerAmpere / 2 ? 0 : powerW;
  }

  const periods: ActivePeriod[] = [];
  const endMs = nowMs + durationS * 1000;
  for (let ms = nowMs; ms < endMs; ) {
    const powerW = Math.round(powerAt(ms) * 10) / 10;
    const offsetS = Math.round((ms - nowMs) / 1000);
    // What lasts less than a second cannot be told: the next counts.
    if (periods.at(-1)?.offsetS === offsetS) periods.pop();
    if (periods.at(-1)?.powerW !== powerW) periods.push({ offsetS, powerW });
    const nextSlotMs = (Math.floor(ms / SLOT_MS) + 1) * SLOT_MS;
    ms = Math.min(endMs, nextSlotMs, nextChangeMs(profiles, ms) ?? endMs);
  }
  return { startMs: nowMs, durationS, wattsPerAmpere, periods };
}

/** The unit that a partner speaks on a session; W where it has said nothing. */
export function unitFor(profiles: readonly Profile[] | undefined, partnerId: string): Unit {
  return profiles?.find((profile) => profile.partnerId === partnerId)?.ceiling.unit ?? "W";
}

/** On the wire, in the unit that the partner uses. */
export function activeProfileObject(profile: ActiveProfile, unit: Unit): WireObject {
  const { startMs, durationS, wattsPerAmpere, periods } = profile;
  const limitOf = (powerW: number) => (unit === "W" ? powerW : Math.floor((powerW / wattsPerAmpere) * 10 + 1e-6) / 10);
  const start = ocpiTime(startMs);
  return {
    start_date_time: start,
    charging_profile: {
      start_date_time: start,
      duration: durationS,
      charging_rate_unit: unit,
      charging_profile_period: periods.map(({ offsetS, powerW }) => ({
        start_period: offsetS,
        limit: limitOf(powerW),
      })),
    },
  };
}

/** Times are told in whole seconds, so two profiles of the same change may have it a second apart. */
const ROUNDED_MS = 1_000;
const SMALL_W = 100;
const SMALL_PART = 0.02;

function powerAt(profile: ActiveProfile, ms: number): number {
  const offsetS = (ms - profile.startMs) / 1000;
  return profile.periods.findLast((period) => period.offsetS <= offsetS)?.powerW ?? 0;
}

/**
 * Whether a profile says something else than an earlier one did, where both speak: by more than 100 W and 2 %. Time that
 * passes changes nothing; a horizon that has half run out does.
 */
export function differs(now: ActiveProfile, before: ActiveProfile): boolean {
  const fromMs = now.startMs;
  const toMs = Math.min(fromMs + now.durationS * 1000, before.startMs + before.durationS * 1000);
  if (toMs - fromMs < (now.durationS * 1000) / 2) return true;
  const edges = [now, before].flatMap(({ startMs, periods }) => periods.map(({ offsetS }) => startMs + offsetS * 1000));
  const settled = edges.map((ms) => ms + ROUNDED_MS);
  return [fromMs, ...settled.filter((ms) => ms > fromMs && ms < toMs)].some((ms) => {
    const [a, b] = [powerAt(now, ms), powerAt(before, ms)];
    return Math.abs(a - b) > Math.max(SMALL_W, SMALL_PART * Math.max(a, b)) || (a === 0) !== (b === 0);
  });
}
