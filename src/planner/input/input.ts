/** Everything a plan depends on, gathered from configuration, state and process image. All numbers are finite. */

import { type ChargingNeed, chargingNeed, deliveredByRegisterWh, ROLLING_NEED_WH } from "../../core/drivers/need.ts";
import { likelyEnergyWh, silentEnergyWh } from "../../core/drivers/outlook.ts";
import { expectedVisits } from "../../core/drivers/visits.ts";
import type { ForecastKind } from "../../core/facts/forecast-facts.ts";
import type { PlanBattery, PlanEvse, PlanInput } from "../../core/facts/plan-facts.ts";
import type { ProcessImage } from "../../core/image.ts";
import { budgetSeriesW } from "../../core/limits/budget.ts";
import { exportLimitInForce, gridLimitInForce, type LimitInForce } from "../../core/limits/grid-limit.ts";
import { ceilingSeriesW, profilesOf, worthwhileA } from "../../core/market/ceiling.ts";
import { contextLimitW, contextPrice, type OptimisationContexts } from "../../core/market/context.ts";
import { placeOf } from "../../core/place.ts";
import { clamp, type PerPhase, type PhaseIndex } from "../../core/quantity.ts";
import type { EvseModel, SiteModel } from "../../core/site/site-model.ts";
import { forecastInForce, powerAt } from "../../core/state/forecasts.ts";
import { gramsPerKwhAt } from "../../core/state/intensity.ts";
import { beganMs, openSessionAt, type Session } from "../../core/state/sessions.ts";
import type { SiteState } from "../../core/state/state.ts";
import { wordOn } from "../../core/state/word.ts";
import { SLOT_HOURS, SLOT_MS, slotStartMs } from "../../core/time/slots.ts";
import { forecastBuildingW, forecastPvW } from "../forecast/forecast.ts";
import { LEARNED_SLOTS } from "../forecast/history.ts";
import { type CarLimit, carLimit } from "../model/car.ts";
import { planPeaks } from "../model/peaks.ts";
import { type StoredValueInput, storedValue } from "../model/stored-value.ts";
import { completeIntensity, completePrices, knownSlots } from "../prices/price-series.ts";
import { believedPowerW } from "./car-power.ts";
import { departureOf } from "./departure.ts";
import { netDeliveredWh, planDischarge } from "./discharge-input.ts";
import { buildingNowW, evseReading, fresh, LOADED_A, planCircuits, pvNowW, readingW } from "./input-loads.ts";
import { withLatecomers } from "./latecomers.ts";
import { planRamp } from "./ramp-input.ts";
import { peakW, sunFixedPart } from "./roof.ts";
import { planVisits } from "./visit-input.ts";

/** So many yes-or-no decisions are solved within the budget of a Pi in two hours of slots, and in four where there are few. */
const MOST_BINARIES = 160;
const FEW_BINARIES = 80;
/** Beyond them the plan is made anew many times before it matters. */
const BINARY_SLOTS = 8;
const MOST_BINARY_SLOTS = 16;
const CHARGING_W = 500;
const HOUR_MS = 3_600_000;
/** A state of charge moves by a percent or so in this time; older ones are not planned with. */
const SOC_MS = 300_000;
/** The last seconds of a slot are not worth a plan of their own. */
const MOST_ELAPSED = 0.9;
const NO_LIMIT_W = 1e9;
/** A car that took nothing is offered its least current again after this. */
const ASK_AGAIN_MS = HOUR_MS;

export interface PlanQuestion {
  readonly site: SiteModel;
  readonly state: SiteState;
  readonly image: ProcessImage;
  readonly nowMs: number;
  readonly slots: number;
  /** What the building drew in the last minutes, W; left out: what it draws now. */
  readonly buildingW?: number | undefined;
  /** What it drew on each phase over the last day, A; left out: what it draws now. */
  readonly phasesA?: PerPhase | undefined;
  /** EUR/kWh by slot start, missing where not known yet. */
  readonly importEurPerKwh: (slotStartMs: number) => number | undefined;
  readonly exportEurPerKwh: (slotStartMs: number) => number | undefined;
  /** Imported since the running slot began, Wh; missing where it was not measured. */
  readonly importedWh?: number;
  /** The same of the export. */
  readonly exportedWh?: number;
}

/** Grid phases that the car was seen to load; what the last plan knew of this transaction; else all of the EVSE's. */
function loadedPhases(evse: EvseModel, session: Session, question: PlanQuestion): PhaseIndex[] {
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
function ceilings(session: Session, question: PlanQuestion, car: { readonly phases: number; readonly mostW: number }) {
  const profiles = profilesOf(question.state, session);
  if (profiles.length === 0) return {};
  const { nowMs } = question;
  const slots = { startMs: slotStartMs(nowMs), nowMs, slots: question.slots };
  return { ceilingW: ceilingSeriesW(profiles, slots, { ...car, voltageV: question.site.voltageV }) };
}

/** A need that is met to within this is met, Wh. */
const MET_WH = 50;
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
  const { state, deliveredWh, assumedWh, vouched, peakCosts, leastWh } = context;
  const { energy, departure } = wordOn(state.sessions, session);
  if (!energy) {
    const departureKnown = need.departureMs === departure?.departureMs;
    const visit = { stays: state.stays.ended, visit: session, departureKnown };
    const likelyWh = silentEnergyWh({ ...visit, assumedWh, deliveredWh });
    return { neededWh: Math.max(ROLLING_NEED_WH, (likelyWh ?? 0) - deliveredWh), needAssumed: true };
  }
  // Whether it takes more it shows at its least current; what is kept for it until then is kept from others.
  if (need.energyNeededWh <= MET_WH)
    return { neededWh: deliveredWh > need.askedWh + SHOWN_WH ? ROLLING_NEED_WH : leastWh, beyondWish: true };
  const question = { stays: state.stays.ended, visit: session, askedWh: need.askedWh, deliveredWh, vouched };
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
  { site, state, image, ...car }: PlanQuestion & { readonly phases: number; readonly mostW: number },
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

function planEvse(evse: EvseModel, session: Session, question: PlanQuestion): PlanEvse {
  const { site, state, image, nowMs } = question;
  const registers = image.evses.get(evse.id);
  const takenWh = deliveredByRegisterWh(session, registers?.energyWh);
  const deliveredWh = netDeliveredWh(evse, session, { reading: registers, deliveredWh: takenWh });
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
      netWh: deliveredWh ?? 0,
      allowed: state.sessions.wishes[session.evseId]?.dischargeAllowed,
      voltageV: site.voltageV,
    }),
    chargingNow: isCharging(state, evse.id, powerW),
    connectedSinceMs: beganMs(session),
  };
}

function planEvses(question: PlanQuestion): PlanEvse[] {
  return question.site.evses.flatMap((evse) => {
    const session = openSessionAt(question.state.sessions, evse.id);
    return session ? [planEvse(evse, session, question)] : [];
  });
}

/** Batteries that may be set and whose charge is known. What is left at the end is worth what it will save. */
function planBatteries(question: PlanQuestion, series: StoredValueInput): PlanBattery[] {
  return question.site.batteries.flatMap((device): PlanBattery[] => {
    const socPercent = fresh(question.image.batteries.get(device.id), question.image, SOC_MS)?.socPercent;
    const { battery } = device;
    if (!battery?.control || socPercent === undefined || !Number.isFinite(socPercent)) return [];
    const efficiency = Math.sqrt(battery.efficiencyPercent / 100);
    const store = {
      capacityWh: battery.capacityWh,
      minEnergyWh: Math.round((battery.capacityWh * battery.minSocPercent) / 100),
      efficiency,
      wearEurPerKwh: battery.wearEurPerKwh,
    };
    return [
      {
        ...store,
        deviceId: device.id,
        energyWh: Math.round((battery.capacityWh * clamp(socPercent, 0, 100)) / 100),
        maxChargeW: Math.floor(battery.maxChargeW),
        maxDischargeW: Math.floor(battery.maxDischargeW),
        endValues: storedValue(series, store),
      },
    ];
  });
}

/** The grid operator's limits as the plan keeps them: what holds now, and until when. */
export function operatorLimits(
  site: SiteModel,
  state: SiteState,
  nowMs: number,
): Pick<PlanInput, "gridLimit" | "gridExportLimit"> {
  const bare = ({ limitW, untilMs }: LimitInForce) => ({ limitW, ...(untilMs === undefined ? {} : { untilMs }) });
  const limit = gridLimitInForce(site, state, nowMs);
  const exportLimit = exportLimitInForce(state, nowMs);
  return {
    ...(limit ? { gridLimit: { ...bare(limit), appliesTo: limit.appliesTo } } : {}),
    ...(exportLimit ? { gridExportLimit: bare(exportLimit) } : {}),
  };
}

function present(nowW: number | undefined): { nowW?: number } {
  return nowW === undefined || !Number.isFinite(nowW) ? {} : { nowW };
}

/**
 * How many slots from now get a yes-or-no for each car, so that the whole stays solvable. A home looks further: there a car
 * that takes 1.4 kW at least decides what becomes of little sun.
 */
export function binarySlots(evses: number, slots: number): number {
  if (evses === 0) return 0;
  const few = Math.min(MOST_BINARY_SLOTS, Math.floor(FEW_BINARIES / evses));
  const many = Math.min(BINARY_SLOTS, Math.floor(MOST_BINARIES / evses));
  return Math.min(slots, Math.max(1, few, many));
}

/** Yes-or-no decisions of the next slot: two for a car that may be on one phase or on all, none for one that comes later. */
function decisions(evses: readonly PlanEvse[]): number {
  return evses.reduce((sum, { visitId, onePhase }) => (visitId !== undefined ? sum : sum + (onePhase ? 2 : 1)), 0);
}

function peaks({ site, state, slots, importedWh = 0 }: PlanQuestion, startMs: number): Pick<PlanInput, "peaks"> {
  const { tariff, site: place } = site.configuration;
  if (tariff.capacity === undefined || tariff.capacity.length === 0) return {};
  const { imports } = state;
  const { timeZone } = place;
  return { peaks: planPeaks({ tariffs: tariff.capacity, imports, timeZone, startMs, slots, importedWh }) };
}

/** What partners ask the site to import at most, by slot. What the batteries give helps to keep it. */
function partnerLimits(
  contexts: OptimisationContexts,
  { startMs, slots }: Pick<PlanInput, "startMs" | "slots">,
): Pick<PlanInput, "partnerLimitW"> {
  const asked = Array.from({ length: slots }, (_, slot) => contextLimitW(contexts, startMs + slot * SLOT_MS));
  if (asked.every((limitW) => limitW === undefined)) return {};
  return { partnerLimitW: asked.map((limitW) => Math.floor(Math.min(limitW ?? NO_LIMIT_W, NO_LIMIT_W))) };
}

/** The complete input of a plan from now on: of the running slot what is left of it. */
export function buildPlanInput(question: PlanQuestion): PlanInput {
  const { site, state, image, nowMs, slots } = question;
  const startMs = slotStartMs(nowMs);
  const horizon = { quarterHours: state.site.quarterHours.slice(-LEARNED_SLOTS), startMs, slots };
  const expected = (kind: ForecastKind) => ({
    expectedW: (atMs: number) => powerAt(forecastInForce(state.forecasts, kind, nowMs), atMs),
  });
  const buildingW = forecastBuildingW({
    ...horizon,
    ...expected("building"),
    ...present(question.buildingW ?? buildingNowW(question)),
    nowMs,
  });
  const peak = peakW(site);
  const pvW =
    site.pvIds.length === 0
      ? new Array<number>(slots).fill(0)
      : forecastPvW({
          ...horizon,
          ...expected("pv"),
          ...present(Object.keys(state.limits.pvs ?? {}).length > 0 ? undefined : pvNowW(site, image)),
          ...(peak === undefined ? {} : { peakW: peak }),
          place: placeOf(site.configuration),
        });
  const exportEurPerKwh = completePrices(question.exportEurPerKwh, { startMs, slots, otherwise: 0 });
  const { contexts } = state.upstream;
  const priceAt = (slotMs: number) => contextPrice(contexts, slotMs) ?? question.importEurPerKwh(slotMs);
  const importEurPerKwh = completePrices(priceAt, { startMs, slots, otherwise: 0.3 });
  const pricesKnownSlots = knownSlots(priceAt, { startMs, slots });
  const visits = expectedVisits(site, state, nowMs);
  const evses = [...planEvses(question), ...planVisits(visits, question, planEvse)];
  const budgetW = budgetSeriesW(state.budgets, startMs, slots);
  const { importLimitW, exportLimitW } = site.configuration.gridConnection;
  const input: PlanInput = {
    startMs,
    nowMs,
    slots,
    elapsed: Math.round(clamp((nowMs - startMs) / SLOT_MS, 0, MOST_ELAPSED) * 1000) / 1000,
    nominalVoltageV: site.voltageV,
    sitePhases: site.phases,
    ...(importLimitW === undefined ? {} : { importLimitW }),
    ...(exportLimitW === undefined ? {} : { exportLimitW }),
    ...planRamp(startMs, question),
    ...operatorLimits(site, question.state, question.nowMs),
    ...(budgetW ? { budgetW } : {}),
    ...partnerLimits(contexts, { startMs, slots }),
    importEurPerKwh,
    ...(pricesKnownSlots === slots ? {} : { pricesKnownSlots }),
    exportEurPerKwh,
    ...completeIntensity((slotMs) => gramsPerKwhAt(state.intensity, slotMs), { startMs, slots }),
    buildingW,
    pvW,
    ...sunFixedPart(site),
    circuits: planCircuits(site, image, { buildingW, pvW, phasesA: question.phasesA }),
    evses,
    batteries: planBatteries(question, { importEurPerKwh, buildingW, pvW }),
    ...(site.unbalanceLimitA === undefined || site.phases === 1 ? {} : { unbalanceLimitA: site.unbalanceLimitA }),
    opportunityEurPerHour: site.configuration.tariff.opportunityEurPerHour,
    ...peaks(question, startMs),
    missedEurPerKwh: site.configuration.charging.missedEurPerKwh,
    binarySlots: binarySlots(decisions(evses), slots),
  };
  const known = [...Object.values(state.sessions.open), ...visits];
  return { ...input, circuits: withLatecomers(input, { site, stays: state.stays.ended, known }) };
}
