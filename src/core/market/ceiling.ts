/**
 * Ceilings of partners on a session. A profile caps, it is no set-point: of several the lowest holds, and none holds
 * while a driver has asked for full power. Rounded down, so that nobody exceeds what was agreed.
 */

import type { Session } from "../state/sessions.ts";
import type { SiteState } from "../state/state.ts";
import { SLOT_MS } from "../time/slots.ts";
import { contextCeilings } from "./context.ts";
import type { Ceiling, Profile } from "./profile.ts";

interface Circuit {
  readonly voltageV: number;
  readonly phases: number;
}

const NO_PROFILES: readonly Profile[] = [];

/** Profiles that bind a session now, and what partners allow at its EVSE: none while its driver has asked for full power. */
export function profilesOf(state: SiteState, session: Pick<Session, "transactionId" | "evseId">): readonly Profile[] {
  if (state.sessions.overrides[session.evseId]) return NO_PROFILES;
  const own = state.upstream.profiles[session.transactionId] ?? NO_PROFILES;
  const here = contextCeilings(state.upstream.contexts, session.evseId);
  return here.length === 0 ? own : [...own, ...here];
}

/** The limit of a ceiling at a time, in its unit; missing where it says nothing. Feeding back is not asked of a car. */
export function limitAt(ceiling: Ceiling, atMs: number): number | undefined {
  if (atMs < ceiling.startMs || atMs >= (ceiling.endMs ?? Number.POSITIVE_INFINITY)) return undefined;
  const offsetS = (atMs - ceiling.startMs) / 1000;
  const period = ceiling.periods.findLast((entry) => entry.offsetS <= offsetS);
  return period && Math.max(0, period.limit);
}

const downToTenth = (value: number) => Math.floor(value * 10 + 1e-6) / 10;

/** A per phase at a time. */
function currentAt(ceiling: Ceiling, atMs: number, { voltageV, phases }: Circuit): number | undefined {
  const limit = limitAt(ceiling, atMs);
  if (limit === undefined) return undefined;
  return downToTenth(ceiling.unit === "A" ? limit : limit / (voltageV * phases));
}

/**
 * The lowest current that is worth charging with by what partners know of the car, A per phase, rounded up; 0 where none
 * said so.
 */
export function worthwhileA(profiles: readonly Profile[], { voltageV, phases }: Circuit): number {
  const rates = profiles.flatMap(({ ceiling: { minRate, unit } }) =>
    minRate === undefined ? [] : [unit === "A" ? minRate : minRate / (voltageV * phases)],
  );
  return Math.max(0, Math.ceil(Math.max(0, ...rates) * 10 - 1e-6) / 10);
}

/** The lowest ceiling at a time, A per phase, and whose it is; missing where there is none. */
export function ceilingA(
  profiles: readonly Profile[],
  atMs: number,
  circuit: Circuit,
): { readonly currentA: number; readonly partnerId: string } | undefined {
  let lowest: { currentA: number; partnerId: string } | undefined;
  for (const { ceiling, partnerId } of profiles) {
    const currentA = currentAt(ceiling, atMs, circuit);
    if (currentA !== undefined && currentA < (lowest?.currentA ?? Number.POSITIVE_INFINITY))
      lowest = { currentA, partnerId };
  }
  return lowest;
}

/** When the ceilings change next after a time, epoch ms; missing where they never do. */
export function nextChangeMs(profiles: readonly Profile[], atMs: number): number | undefined {
  const times = profiles.flatMap(({ ceiling }) => [
    ceiling.startMs,
    ...(ceiling.endMs === undefined ? [] : [ceiling.endMs]),
    ...ceiling.periods.map((period) => ceiling.startMs + period.offsetS * 1000),
  ]);
  const ahead = times.filter((time) => time > atMs);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}

/**
 * Mean ceiling of what is left of each slot at `nowMs`, W over all phases, rounded down; a part without one counts as
 * `mostW`.
 */
export function ceilingSeriesW(
  profiles: readonly Profile[],
  slots: { readonly startMs: number; readonly nowMs: number; readonly slots: number },
  car: Circuit & { readonly mostW: number },
): number[] {
  const leastA = worthwhileA(profiles, car);
  const at = (ms: number) => {
    const lowest = ceilingA(profiles, ms, car);
    if (lowest && lowest.currentA < leastA) return 0;
    return lowest ? Math.min(car.mostW, lowest.currentA * car.voltageV * car.phases) : car.mostW;
  };
  return Array.from({ length: slots.slots }, (_, slot) => {
    const toMs = slots.startMs + (slot + 1) * SLOT_MS;
    const fromMs = Math.max(toMs - SLOT_MS, Math.min(slots.nowMs, toMs - 1));
    let wattMs = 0;
    for (let ms = fromMs; ms < toMs; ) {
      const nextMs = Math.min(toMs, nextChangeMs(profiles, ms) ?? toMs);
      wattMs += at(ms) * (nextMs - ms);
      ms = nextMs;
    }
    return Math.floor(wattMs / (toMs - fromMs));
  });
}
