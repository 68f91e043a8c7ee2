/** Everything a plan depends on, gathered from configuration, state and process image. All numbers are finite. */

import { expectedVisits } from "../../core/drivers/visits.ts";
import type { ForecastKind } from "../../core/facts/forecast-facts.ts";
import type { PlanBattery, PlanEvse, PlanInput } from "../../core/facts/plan-facts.ts";
import { budgetSeriesW } from "../../core/limits/budget.ts";
import { exportLimitInForce, gridLimitInForce, type LimitInForce } from "../../core/limits/grid-limit.ts";
import { contextLimitW, contextPrice, type OptimisationContexts } from "../../core/market/context.ts";
import { placeOf } from "../../core/place.ts";
import { clamp, type PerPhase } from "../../core/quantity.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import { forecastInForce, powerAt } from "../../core/state/forecasts.ts";
import { gramsPerKwhAt } from "../../core/state/intensity.ts";
import { openSessionAt } from "../../core/state/sessions.ts";
import type { SiteState } from "../../core/state/state.ts";
import { SLOT_MS, slotStartMs } from "../../core/time/slots.ts";
import { forecastBuildingW, forecastPvW } from "../forecast/forecast.ts";
import { LEARNED_SLOTS } from "../forecast/history.ts";
import { planPeaks } from "../model/peaks.ts";
import { type StoredValueInput, storedValue } from "../model/stored-value.ts";
import { completeIntensity, completePrices, knownSlots } from "../prices/price-series.ts";
import { type CarQuestion, planCar } from "./car-input.ts";
import { buildingNowW, fresh, planCircuits, pvNowW } from "./input-loads.ts";
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
/** A state of charge moves by a percent or so in this time; older ones are not planned with. */
const SOC_MS = 300_000;
/** The last seconds of a slot are not worth a plan of their own. */
const MOST_ELAPSED = 0.9;
const NO_LIMIT_W = 1e9;

export interface PlanQuestion extends CarQuestion {
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

function planEvses(question: PlanQuestion): PlanEvse[] {
  return question.site.evses.flatMap((evse) => {
    const session = openSessionAt(question.state.sessions, evse.id);
    return session ? [planCar(evse, session, question)] : [];
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

function peaks({ site, state, nowMs, slots, importedWh }: PlanQuestion, startMs: number): Pick<PlanInput, "peaks"> {
  const { tariff, site: place } = site.configuration;
  if (tariff.capacity === undefined || tariff.capacity.length === 0) return {};
  const { imports } = state;
  const { timeZone } = place;
  return { peaks: planPeaks({ tariffs: tariff.capacity, imports, timeZone, startMs, nowMs, slots, importedWh }) };
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
  const evses = [...planEvses(question), ...planVisits(visits, question)];
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
