/** What a car still needs and until when: the driver's word or what stands for it, else what the site has learned. Planner and page share it. */

import type { SiteModel } from "../site/site-model.ts";
import { beganMs, energyBeforeWh, type Preference, type Session } from "../state/sessions.ts";
import type { SiteState } from "../state/state.ts";
import { wordOn } from "../state/word.ts";
import { expectedHabit } from "./outlook.ts";
import { staysWithoutLosses } from "./taken.ts";

export interface ChargingNeed {
  /** Still to be delivered, Wh. */
  readonly energyNeededWh: number;
  /** What was asked for since the plug-in, Wh. */
  readonly askedWh: number;
  readonly departureMs: number;
  readonly preference: Preference;
  /** True where nobody said anything and what was learned here stands in. */
  readonly assumed: boolean;
}

const HOUR_MS = 3_600_000;
/** A car that stayed longer than was thought may leave at any time: the need is planned into the next hour. */
const LEAST_STAY_MS = HOUR_MS;

/** A driver who said nothing is never cut off: beyond what was assumed, a little more is always planned. */
export const ROLLING_NEED_WH = 5_000;

/**
 * The need of an open session at `nowMs`. `deliveredWh` is the energy so far by the EVSE's register where it is known;
 * else the metered quarter-hours count.
 */
export function chargingNeed(
  site: SiteModel,
  state: SiteState,
  session: Session,
  now: { readonly nowMs: number; readonly deliveredWh?: number },
): ChargingNeed {
  const { charging } = site.configuration;
  const { energy, departure } = wordOn(state.sessions, session);
  const deliveredWh = now.deliveredWh ?? session.energyWh;
  const assumed = { stayMs: charging.defaultStayHours * HOUR_MS, energyWh: charging.defaultEnergyWh };
  const habit = expectedHabit(
    staysWithoutLosses(site, state.stays.ended),
    { ...session, startedMs: beganMs(session) },
    assumed,
  );
  const askedWh = energy ? energyBeforeWh(session, energy.statedMs) + energy.energyWh : habit.energyWh;
  const leastWh = energy ? 0 : ROLLING_NEED_WH;
  const departureMs = departure?.departureMs ?? beganMs(session) + habit.stayMs;
  return {
    askedWh: Math.round(askedWh),
    energyNeededWh: Math.max(leastWh, Math.round(askedWh - deliveredWh)),
    departureMs:
      departure !== undefined && departureMs > now.nowMs
        ? departureMs
        : Math.max(departureMs, now.nowMs + LEAST_STAY_MS),
    preference: state.sessions.wishes[session.evseId]?.preference ?? session.visit?.preference ?? "regular",
    assumed: energy === undefined && departure === undefined,
  };
}

/** Energy of an open session so far by the EVSE's register, Wh; missing where either reading is unknown. */
export function deliveredByRegisterWh(session: Session, registerWh: number | undefined): number | undefined {
  if (registerWh === undefined || session.meterStartWh === undefined) return undefined;
  const deliveredWh = registerWh - session.meterStartWh;
  return deliveredWh >= 0 ? deliveredWh : undefined;
}
