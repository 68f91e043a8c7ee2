/** One car of a plan: its phases and powers as it has shown them, what it still needs, and until when. */
import { type ChargingNeed, chargingNeed, deliveredByRegisterWh, ROLLING_NEED_WH } from "../../core/drivers/need.ts";
import { likelyEnergyWh, silentEnergyWh } from "../../core/drivers/outlook.ts";
import { staysWithoutLosses } from "../../core/drivers/taken.ts";
import type { PlanEvse } from "../../core/facts/plan-facts.ts";
import type { ProcessImage } from "../../core/image.ts";
import { ceilingSeriesW, profilesOf, worthwhileA } from "../../core/market/ceiling.ts";
import type { PhaseIndex } from "../../core/quantity.ts";
import type { EvseModel, SiteModel } from "../../core/site/site-model.ts";
import { beganMs, type Session } from "../../core/state/sessions.ts";
import type { SiteState } from "../../core/state/state.ts";
import type { Stay } from "../../core/state/stays.ts";
import { wordOn } from "../../core/state/word.ts";
import { SLOT_HOURS, slotStartMs } from "../../core/time/slots.ts";
import { type CarLimit, carLimit } from "../model/car.ts";
import { believedPowerW } from "./car-power.ts";
import { departureOf } from "./departure.ts";
import { netDeliveredWh, planDischarge } from "./discharge-input.ts";
import { evseReading, LOADED_A, readingW } from "./input-loads.ts";

const CHARGING_W = 500;
const HOUR_MS = 3_600_000;
/** A car that took nothing is offered its least current again after this. */
const ASK_AGAIN_MS = HOUR_MS;

export interface CarQuestion {
  readonly site: SiteModel;
  readonly state: SiteState;
  readonly image: ProcessImage;
  readonly nowMs: number;
  /** Slots of the plan. */
  readonly slots: number;
}

/** Grid phases that the car was seen to load; what the last plan knew of this transaction; else all of the EVSE's. */
function loadedPhases(evse: EvseModel, session: Session, question: CarQuestion): PhaseIndex[] {
  // What it shows while it is told a single phase is not its own number.
  const isTold = evse.phaseSwitching && question.state.limits.byEvse[evse.id]?.onePhase === true;
  const currentA = isTold ? undefined : evseReading(question.image, evse.id)?.currentA;
  const loaded = evse.phases.filter((_, own) => (currentA?.[own] ?? 0) >= LOADED_A);
  if (loaded.length > 0) return loaded;
  const before = question.state.plan.current?.input.evses.find(
    (planned) => planned.evseId === evse.id && planned.transactionId === session.transactionId,
  );
  const known = evse.phases.filter((phase) => before?.phases.includes(phase));
  return known.length > 0 ? known : [...evse.phases];
}

/** What partners' profiles leave; nothing where there are none. */
function ceilings(session: Session, question: CarQuestion, car: { readonly phases: number; readonly mostW: number }) {
  const profiles = profilesOf(question.state, session);
  if (profiles.length === 0) return {};
  const { nowMs } = question;
  const slots = { startMs: slotStartMs(nowMs), nowMs, slots: question.slots };
  return { ceilingW: ceilingSeriesW(profiles, slots, { ...car, voltageV: question.site.voltageV }) };
}

/** A need that is met to within this is met, Wh. */
const MET_WH = 50;
/** Of those who asked for nothing every second takes so much. */
const HALF = 0.5;
/** A car that takes so much beyond what was asked for is not full, Wh: a minute or two at the least current. */
const SHOWN_WH = 60;
/**
 * Of what was asked for, what will probably be taken: drivers ask for more than fits in. Some ask for less: a car that has
 * what was asked for and is not full goes on, after all others.
 */
function plannedNeed(
  session: Session,
  need: ChargingNeed,
  context: {
    readonly state: SiteState;
    readonly stays: readonly Stay[];
    readonly deliveredWh: number;
    readonly assumedWh: number;
    /** The owner vouches for what drivers say. */
    readonly vouched: boolean;
    /** A month's peak costs: what was not asked for is no reason to raise it. */
    readonly peakCosts: boolean;
    /** The least that a car takes in a quarter-hour, Wh. */
    readonly leastWh: number;
  },
): { readonly neededWh: number } & Pick<PlanEvse, "beyondWish" | "needAssumed" | "notAskedWh"> {
  const { state, stays, deliveredWh, assumedWh, vouched, peakCosts, leastWh } = context;
  const { energy, departure } = wordOn(state.sessions, session);
  if (!energy) {
    const departureKnown = need.departureMs === departure?.departureMs;
    const visit = { stays, visit: session, departureKnown };
    const question = { ...visit, assumedWh, deliveredWh };
    const neededWh = Math.max(ROLLING_NEED_WH, (silentEnergyWh(question) ?? 0) - deliveredWh);
    // Where none took as much as this one nothing is known of what it goes on to take.
    const surelyWh = Math.max(leastWh, (silentEnergyWh(question, HALF) ?? 0) - deliveredWh);
    const notAskedWh = peakCosts && departureKnown ? Math.round(neededWh - surelyWh) : 0;
    return { neededWh, needAssumed: true, ...(notAskedWh > 0 ? { notAskedWh } : {}) };
  }
  // Whether it takes more it shows at its least current; what is kept for it until then is kept from others.
  if (need.energyNeededWh <= MET_WH)
    return { neededWh: deliveredWh > need.askedWh + SHOWN_WH ? ROLLING_NEED_WH : leastWh, beyondWish: true };
  const question = { stays, visit: session, askedWh: need.askedWh, deliveredWh, vouched };
  const mostWh = peakCosts ? need.energyNeededWh : Number.POSITIVE_INFINITY;
  const likelyWh = Math.min(mostWh, likelyEnergyWh(question) - deliveredWh);
  // Less than a car takes in a quarter-hour would fit best into the few minutes before it leaves, where nothing may go wrong.
  const notAskedWh = Math.round(likelyWh - need.energyNeededWh);
  return { neededWh: Math.max(leastWh, likelyWh), ...(notAskedWh > 0 ? { notAskedWh } : {}) };
}

/** By its meter; by the word of the charge point where nothing is measured. */
function isCharging(state: SiteState, evseId: string, powerW: number | undefined): boolean {
  return powerW === undefined ? state.chargePoints.evses[evseId]?.status === "charging" : powerW >= CHARGING_W;
}

/** A car that takes nothing is asked again now and then; in between it keeps no room from the others, Wh. */
function askedAgainWh({ refusedMs }: CarLimit, nowMs: number, minPowerW: number): number {
  return refusedMs !== undefined && nowMs - refusedMs < ASK_AGAIN_MS ? 0 : minPowerW * SLOT_HOURS;
}

/** One car of four takes at most this, on a single phase; on three phases many take no more on each, A. */
const SLOW_CAR_A = 16;

/** What the car is believed to take after the running slot, W; `mostW` at an EVSE of one phase, or one that takes energy back. */
function laterPowerW(
  evse: EvseModel,
  session: Session,
  { site, state, image, ...car }: CarQuestion & { readonly phases: number; readonly mostW: number },
): number {
  const { phases, mostW } = car;
  if (evse.phases.length === 1 || evse.discharge) return mostW;
  const reading = evseReading(image, evse.id);
  const shownW = Math.max(
    readingW(reading, site.voltageV) ?? 0,
    ...session.quarterHours.map(({ maxPowerW }) => maxPowerW),
  );
  // Power alone does not tell how many phases it was.
  const isSeen = shownW >= CHARGING_W && reading?.currentA !== undefined;
  const slowA = Math.min(SLOW_CAR_A, evse.maxCurrentA);
  const slowestA = isSeen && phases > 1 ? phases * slowA : Math.min(slowA, site.unbalanceLimitA ?? slowA);
  const slowW = site.voltageV * slowestA;
  const visit = { ...session, startedMs: beganMs(session) };
  const onePhaseW = site.voltageV * evse.maxCurrentA;
  return believedPowerW({ stays: state.stays.ended, visit, mostW, slowW, onePhaseW, shownW });
}

/** What an EVSE that may be told so gives its car on the first of its phases. */
function onePhaseOf(
  evse: EvseModel,
  phases: readonly PhaseIndex[],
  all: Pick<PlanEvse, "minPowerW" | "maxPowerW">,
): Pick<PlanEvse, "onePhase"> {
  if (!evse.phaseSwitching || phases.length < 2) return {};
  const part = (powerW: number) => powerW / phases.length;
  const minPowerW = Math.ceil(part(all.minPowerW));
  return {
    onePhase: { phase: phases[0]!, minPowerW, maxPowerW: Math.max(minPowerW, Math.floor(part(all.maxPowerW))) },
  };
}

/** The plan's part of one car: what it may take, still needs, and until when. */
export function planCar(evse: EvseModel, session: Session, question: CarQuestion): PlanEvse {
  const { site, state, image, nowMs } = question;
  const registers = image.evses.get(evse.id);
  const takenWh = deliveredByRegisterWh(session, registers?.energyWh);
  const taken = { reading: registers, deliveredWh: takenWh };
  // Who says what the car is to get from now on knows what it gave back before.
  const sinceMs = wordOn(state.sessions, session).energy?.statedMs;
  const deliveredWh = netDeliveredWh(evse, session, { ...taken, sinceMs });
  const need = chargingNeed(site, state, session, { nowMs, ...(deliveredWh === undefined ? {} : { deliveredWh }) });
  const phases = loadedPhases(evse, session, question);
  const wattsPerAmpere = site.voltageV * phases.length;
  const reading = evseReading(image, evse.id);
  const powerW = readingW(reading, site.voltageV);
  const circuit = { voltageV: site.voltageV, phases: phases.length };
  const leastA = Math.max(evse.minCurrentA, worthwhileA(profilesOf(state, session), circuit));
  const minPowerW = Math.ceil(Math.min(evse.maxCurrentA, leastA) * wattsPerAmpere);
  const car = carLimit(session, powerW, { state, nowMs, wattsPerAmpere });
  const shownW = car.mostW ?? Number.POSITIVE_INFINITY;
  // Less than it can take on all phases it took on one.
  const carW = evse.phaseSwitching && shownW < minPowerW ? shownW * phases.length : shownW;
  const mostW = Math.min(Math.floor(evse.maxCurrentA * wattsPerAmpere), Math.ceil(carW));
  const { neededWh, ...beyond } = plannedNeed(session, need, {
    state,
    stays: staysWithoutLosses(site, state.stays.ended),
    deliveredWh: deliveredWh ?? session.energyWh,
    assumedWh: site.configuration.charging.defaultEnergyWh,
    vouched: site.configuration.charging.statements === "reliable",
    peakCosts: (site.configuration.tariff.capacity?.length ?? 0) > 0,
    leastWh: minPowerW * SLOT_HOURS,
  });
  const maxPowerW = Math.max(minPowerW, mostW);
  const shown = { ...question, phases: phases.length, mostW: maxPowerW };
  const laterW = car.mostW === undefined ? Math.max(minPowerW, laterPowerW(evse, session, shown)) : maxPowerW;
  return {
    evseId: evse.id,
    transactionId: session.transactionId,
    circuitId: evse.circuitPath[0] ?? "grid",
    phases,
    minPowerW,
    maxPowerW,
    ...(laterW < maxPowerW ? { laterPowerW: laterW } : {}),
    // Where its meter values do not say which phases it loads, the guard tells it none.
    ...(reading && !reading.currentA ? {} : onePhaseOf(evse, phases, { minPowerW, maxPowerW })),
    ...ceilings(session, question, { phases: phases.length, mostW: maxPowerW }),
    energyNeededWh: Math.round(car.refuses ? Math.min(neededWh, askedAgainWh(car, nowMs, minPowerW)) : neededWh),
    deliveredWh: Math.max(0, Math.round(deliveredWh ?? session.energyWh)),
    ...departureOf(session, need, { ...question, chargingMs: (neededWh / laterW) * HOUR_MS }),
    ...beyond,
    ...(car.refusedMs === undefined ? {} : { refusedMs: car.refusedMs }),
    priority: evse.priority,
    // A driver who pressed "charge now" is planned as one in a hurry.
    preference: state.sessions.overrides[evse.id] ? "fast" : need.preference,
    mayPause: evse.mayPause,
    ...planDischarge(evse, {
      socPercent: reading?.socPercent,
      netWh: netDeliveredWh(evse, session, taken) ?? 0,
      allowed: state.sessions.wishes[session.evseId]?.dischargeAllowed,
      voltageV: site.voltageV,
    }),
    chargingNow: isCharging(state, evse.id, powerW),
    connectedSinceMs: beganMs(session),
  };
}
