/** Keeps a plan in force: asks for one when it is due, records it with its input, never stands in the guard's way. */

import type { ForecastKind } from "../../core/facts/forecast-facts.ts";
import type { ProcessImage } from "../../core/image.ts";
import type { Clock, Log, Prices, Solver } from "../../core/ports.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import { forecastInForce, powerAt } from "../../core/state/forecasts.ts";
import { SLOT_MS, slotStartMs } from "../../core/time/slots.ts";
import type { PlanTrouble } from "../../core/view/describe.ts";
import { BUILDING_MEAN_MS, isFarOff } from "../../planner/forecast/forecast.ts";
import { horizonSlots } from "../../planner/input/horizon.ts";
import { buildPlanInput, operatorLimits } from "../../planner/input/input.ts";
import { buildingPhasesA } from "../../planner/input/input-loads.ts";
import { firstUnsoundInput } from "../../planner/input/limits.ts";
import { meanPhasesA, type PhaseSpread, withFlow } from "../../planner/input/phase-spread.ts";
import { planTrigger } from "../../planner/input/trigger.ts";
import type { Recorder } from "../recording/recorder.ts";

const PLAN_SLOTS = 96;
const PLAN_DEADLINE_MS = 5_000;

export interface PlanLoopOptions {
  readonly site: SiteModel;
  readonly recorder: Recorder;
  readonly solver: Solver;
  readonly prices: Prices;
  readonly clock: Clock;
  readonly log: Log;
}

/** What was measured of the site, where it was. */
export interface MeasuredNow {
  readonly buildingW: number | undefined;
  /** Since the running slot began, Wh. */
  readonly importedWh: number | undefined;
  readonly exportedWh?: number | undefined;
}

type SoFar = Pick<MeasuredNow, "importedWh" | "exportedWh">;

export interface PlanLoop {
  /** Called at the end of each tick with what the building draws, W; returns at once. The promise is there for virtual time and tests. */
  consider(image: ProcessImage, measured: MeasuredNow): Promise<void> | undefined;
  /** Why no new plan is followed; undefined while all is well. */
  trouble(): PlanTrouble | undefined;
}

function lastPricedSlotMs(prices: Prices, nowMs: number): number {
  const first = slotStartMs(nowMs);
  let last = 0;
  for (let slot = 0; slot < 2 * PLAN_SLOTS; slot++) {
    const atMs = first + slot * SLOT_MS;
    if (prices.importEurPerKwh(atMs) === undefined) break;
    last = atMs;
  }
  // With a fixed price the horizon only moves: more of it is no news.
  return last >= first + (2 * PLAN_SLOTS - 1) * SLOT_MS ? Number.POSITIVE_INFINITY : last;
}

interface Mean {
  readonly powerW: number;
  readonly monoMs: number;
}

/** The mean of the last minutes, older values counting less and less; forgotten while nobody measures. */
function meanWith(before: Mean | undefined, powerW: number | undefined, monoMs: number): Mean | undefined {
  if (powerW === undefined || !Number.isFinite(powerW)) return undefined;
  const part = before ? 1 - Math.exp((before.monoMs - monoMs) / BUILDING_MEAN_MS) : 1;
  const from = before?.powerW ?? powerW;
  return { powerW: from + (powerW - from) * part, monoMs };
}

export function createPlanLoop(options: PlanLoopOptions): PlanLoop {
  const { site, recorder, solver, prices, log } = options;
  let solving = false;
  let lastAttemptMs: number | undefined;
  let plannedSeq: number | undefined;
  let deviatesSinceMs: number | undefined;
  let pricesUntilAtPlanMs: number | undefined;
  let usual: Mean | undefined;
  /** What that mean would be by now, had the building drawn what was planned since the plan was made. */
  let planned: Mean | undefined;
  let spread: PhaseSpread | undefined;
  let trouble: PlanTrouble | undefined;

  /** The ledger takes no number that is none, and nobody should follow one. Said once until a plan is sound again. */
  function isUnsound(part: Partial<Record<"input" | "result", object>>, nowMs: number): boolean {
    const where = firstUnsoundInput(part);
    if (where === undefined) return false;
    if (trouble?.where !== where)
      log.error("A plan is not followed, as a number in it is none; the last plan or fair shares go on", { where });
    trouble = { sinceMs: trouble?.sinceMs ?? nowMs, where };
    return true;
  }

  function failed(error: unknown, nowMs: number): void {
    trouble = { sinceMs: trouble?.sinceMs ?? nowMs };
    log.error("Planning failed; the last plan or fair shares go on", { error: String(error) });
  }

  /** Where load and sun are foretold by others, and prices known, a plan looks into the second day. */
  function slotsFrom(nowMs: number): number {
    const { forecasts } = recorder.state();
    const foretold = (kind: ForecastKind) => {
      const series = forecastInForce(forecasts, kind, nowMs);
      return (atMs: number) => powerAt(series, atMs);
    };
    const sun = site.pvIds.length > 0 ? [foretold("pv")] : [];
    const price = (atMs: number) => prices.importEurPerKwh(atMs);
    return horizonSlots(slotStartMs(nowMs), [price, foretold("building"), ...sun]);
  }

  async function plan(image: ProcessImage, trigger: string, soFar: SoFar): Promise<void> {
    const { seq } = recorder.state();
    planned = usual;
    const input = buildPlanInput({
      site,
      state: recorder.state(),
      image,
      nowMs: image.nowMs,
      slots: slotsFrom(image.nowMs),
      buildingW: usual?.powerW,
      phasesA: spread && meanPhasesA(spread),
      importEurPerKwh: (slotMs) => prices.importEurPerKwh(slotMs),
      exportEurPerKwh: (slotMs) => prices.exportEurPerKwh(slotMs),
      ...(soFar.importedWh === undefined ? {} : { importedWh: soFar.importedWh }),
      ...(soFar.exportedWh === undefined ? {} : { exportedWh: soFar.exportedWh }),
    });
    if (isUnsound({ input }, image.nowMs)) return;
    const result = await solver.solve(input, PLAN_DEADLINE_MS);
    if (isUnsound({ result }, image.nowMs)) return;
    trouble = undefined;
    if (result.status === "rule-based") log.warn("The plan is rule-based", { detail: result.detail });
    await recorder.note([{ type: "plan-made", source: "planner", data: { trigger, input, result } }]);
    plannedSeq = seq;
  }

  return {
    trouble: () => trouble,
    consider(image, { buildingW, ...soFar }) {
      usual = meanWith(usual, buildingW, image.monoMs);
      if (buildingW !== undefined) spread = withFlow(spread, buildingPhasesA(site, image), image.monoMs);
      planned = meanWith(planned, recorder.state().plan.current?.input.buildingW[0], image.monoMs);
      const deviates = usual !== undefined && planned !== undefined && isFarOff(usual.powerW, planned.powerW);
      deviatesSinceMs = deviates ? (deviatesSinceMs ?? image.nowMs) : undefined;
      if (solving) return undefined;
      const pricesUntilMs = lastPricedSlotMs(prices, image.nowMs);
      const trigger = planTrigger({
        state: recorder.state(),
        nowMs: image.nowMs,
        image,
        pricesUntilMs,
        operator: operatorLimits(site, recorder.state(), image.nowMs),
        ...(deviatesSinceMs === undefined ? {} : { deviatesSinceMs }),
        ...(pricesUntilAtPlanMs === undefined ? {} : { pricesUntilAtPlanMs }),
        ...(lastAttemptMs === undefined ? {} : { lastAttemptMs }),
        ...(plannedSeq === undefined ? {} : { plannedSeq }),
      });
      if (trigger === undefined) return undefined;
      solving = true;
      lastAttemptMs = image.nowMs;
      deviatesSinceMs = undefined;
      pricesUntilAtPlanMs = pricesUntilMs;
      return plan(image, trigger, soFar)
        .catch((error) => failed(error, image.nowMs))
        .finally(() => {
          solving = false;
        });
    },
  };
}
