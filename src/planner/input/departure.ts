/** Until when a plan charges a car, and how likely it has left by then. */
import type { ChargingNeed } from "../../core/drivers/need.ts";
import { leftByChance } from "../../core/drivers/outlook.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import { beganMs, type Session } from "../../core/state/sessions.ts";
import type { SiteState } from "../../core/state/state.ts";
import { wordOn } from "../../core/state/word.ts";
import { SLOT_MS, slotStartMs } from "../../core/time/slots.ts";

const HOUR_MS = 3_600_000;
/** A car whose word is over is expected to leave when half of those alike have left, within a day. */
const OVERDUE_CHANCE = 0.5;
/** One whose driver said nothing may be charged until hardly one alike is still here: what waits bears the risk. */
const SILENT_CHANCE = 0.9;
/**
 * Currents rise slowly, are whole amperes, and give way when a kettle is put on: a car is planned to be ready so long
 * before its stated departure, and a part of the time that it charges, so that it has all when it leaves.
 */
const READY_MS = 120_000;
const READY_PART = 0.03;

/** At a rapid charger nobody parks: measured at 39 EVSEs of 50 kW, every second car is gone after 22 minutes, 19 of 20 after an hour. */
const RAPID_W = 40_000;
const RAPID_STAY_MS = HOUR_MS / 2;

function isRapid(site: SiteModel, evseId: string): boolean {
  const evse = site.evseById.get(evseId);
  return evse !== undefined && evse.maxCurrentA * evse.phases.length * site.voltageV >= RAPID_W;
}

/** What is assumed of the stay of a driver who says nothing, ms. */
function assumedStayMs(site: SiteModel, evseId: string): number {
  const stayMs = site.configuration.charging.defaultStayHours * HOUR_MS;
  return isRapid(site, evseId) ? Math.min(RAPID_STAY_MS, stayMs) : stayMs;
}

export interface DepartureContext {
  readonly site: SiteModel;
  readonly state: SiteState;
  readonly nowMs: number;
  /** Slots of the plan. */
  readonly slots: number;
  /** How long the car still has to charge at its full power. */
  readonly chargingMs: number;
}

export interface PlannedDeparture {
  /** The car should have its energy by then, epoch ms. */
  readonly departureMs: number;
  /** Probability that it has left by the middle of each slot until then; three digits, they are recorded with every plan. */
  readonly leftBy: number[];
  /** Nobody parks there, and the driver said nothing. */
  readonly staysBriefly?: true;
}

/** When a car should be ready, epoch ms; its departure itself where that is near. */
function readyMs(departureMs: number, { nowMs, chargingMs }: DepartureContext): number {
  const atMs = Math.round(departureMs - READY_MS - READY_PART * chargingMs);
  return atMs > nowMs + READY_MS ? atMs : departureMs;
}

/** The departure of a session as it is planned. A word that is over says nothing of when the car leaves now, others do. */
export function departureOf(session: Session, need: ChargingNeed, context: DepartureContext): PlannedDeparture {
  const { site, state, nowMs, slots } = context;
  const { departure: said } = wordOn(state.sessions, session);
  const chance = leftByChance({
    stays: state.stays.ended,
    visit: { ...session, startedMs: beganMs(session) },
    nowMs,
    assumedStayMs: assumedStayMs(site, session.evseId),
    timeZone: site.configuration.site.timeZone,
    vouched: site.configuration.charging.statements === "reliable",
    ...(said ? { said } : {}),
  });
  const isAhead = said !== undefined && said.departureMs > nowMs;
  let departureMs = isAhead ? readyMs(said.departureMs, context) : said ? need.departureMs : nowMs + HOUR_MS;
  const latestMs = isAhead ? departureMs : nowMs + 24 * HOUR_MS;
  const mostChance = said ? OVERDUE_CHANCE : SILENT_CHANCE;
  while (departureMs < latestMs && chance(departureMs) < mostChance) departureMs += SLOT_MS;
  const startMs = slotStartMs(nowMs);
  const count = Math.max(1, Math.min(slots, Math.ceil((departureMs - startMs) / SLOT_MS)));
  const middleMs = (slot: number) => {
    const beginMs = startMs + slot * SLOT_MS;
    return (beginMs + Math.min(beginMs + SLOT_MS, departureMs)) / 2;
  };
  const leftBy = Array.from({ length: count }, (_, slot) => Math.round(chance(middleMs(slot)) * 1000) / 1000);
  return { departureMs, leftBy, ...(!said && isRapid(site, session.evseId) ? { staysBriefly: true } : {}) };
}
