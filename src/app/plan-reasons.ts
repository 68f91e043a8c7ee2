/** The plan in force explained, in words; reckoned once a plan, when somebody asks. */

import type { SiteModel } from "../core/site/site-model.ts";
import type { PlanState } from "../core/state/plan.ts";
import { localTime } from "../core/time/local-time.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import type { PlanReasons, SlotReason } from "../core/view/plan-reasons.ts";
import { plannedCar } from "../core/view/planned.ts";
import { rampOver } from "../core/view/ramp-over.ts";
import { planRamp, planShort, planSlot } from "../core/words/en-plan.ts";
import { planBatterySlot } from "../core/words/en-plan-battery.ts";
import { explainBatteries } from "../planner/explain/explain-battery.ts";
import { type Explained, explainChoices } from "../planner/explain/explain-choice.ts";
import { type Question, questionOf } from "../planner/explain/explain-question.ts";

type MadePlan = NonNullable<PlanState["current"]>;

/** What says only that a car has all that it can have then, or is not there. */
const FULL = new Set<SlotReason["kind"]>(["gone", "absent", "maximum", "believed", "met", "gives"]);

/** What keeps a car in most of the quarter-hours in which it gets less than it takes. */
function keeping(row: readonly Explained[]): SlotReason | undefined {
  const kept = row.map(({ reason }) => reason).filter(({ kind }) => !FULL.has(kind));
  const alike = (one: SlotReason) =>
    kept.filter(({ kind, circuitId }) => kind === one.kind && circuitId === one.circuitId).length;
  return kept.reduce<SlotReason | undefined>(
    (most, one) => (most && alike(most) >= alike(one) ? most : one),
    undefined,
  );
}

function batteryRows(question: Question, at: (ms: number) => string): PlanReasons["batteries"] {
  const { input, result } = question;
  const endMs = input.startMs + input.slots * SLOT_MS;
  return explainBatteries(question).map((row, index) => {
    const slots = row.map((reason, slot) => {
      const startMs = input.startMs + slot * SLOT_MS;
      const powerW = result.batteries[index]!.powerW[slot] ?? 0;
      const { fullMs, otherMs } = reason;
      const text = planBatterySlot({
        ...{ powerW, reason, isFull: fullMs === startMs + SLOT_MS, isEnd: otherMs === endMs },
        fullAt: fullMs === undefined ? undefined : at(fullMs),
        otherAt: otherMs === undefined ? undefined : at(otherMs),
      });
      return { startMs, powerW, reason, text };
    });
    return { deviceId: input.batteries[index]!.deviceId, slots };
  });
}

/** Every EVSE, battery and slot of a plan, with its binding limit and what the next cheaper choice would need. */
export function planReasons(current: MadePlan, site: SiteModel): PlanReasons {
  const { seq, madeMs, input, result } = current;
  const plan = { plan: { current } };
  const { timeZone } = site.configuration.site;
  const at = (ms: number) => localTime(ms, madeMs, timeZone);
  const question = questionOf(input, result);
  const explained = question ? explainChoices(question) : [];
  const shortOf = (transactionId: number, row: readonly Explained[]): { readonly short?: string } => {
    const { shortfallWh, shortfallUnsure: isUnsure = false } = plannedCar(plan, transactionId);
    return shortfallWh === undefined ? {} : { short: planShort({ shortfallWh, isUnsure, reason: keeping(row) }) };
  };
  const evses = explained.map((row, index) => {
    const { evseId, transactionId, visitId, minPowerW } = input.evses[index]!;
    const slots = row.map(({ reason, next }, slot) => {
      const powerW = result.evses[index]!.powerW[slot] ?? 0;
      const words = next ? { ...next, at: at(next.startMs) } : undefined;
      const text = planSlot({ powerW, minPowerW, reason, next: words });
      return { startMs: input.startMs + slot * SLOT_MS, powerW, reason, ...(next ? { next } : {}), text };
    });
    const who = visitId === undefined ? { transactionId } : { visitId };
    const name = site.evseById.get(evseId)?.name ?? evseId;
    return { evseId, name, ...who, ...shortOf(transactionId, row), slots };
  });
  const over = rampOver(input, result);
  const ramp = over && planRamp({ ...over, at: at(over.worstMs) });
  const batteries = question ? batteryRows(question, at) : [];
  return { seq, madeMs, ...(ramp === undefined ? {} : { ramp }), evses, batteries };
}

/** Explains the plan in force, and remembers the answer until there is another plan. */
export function createPlanReasons(site: SiteModel, plan: () => PlanState["current"]): () => PlanReasons | undefined {
  let known: PlanReasons | undefined;
  return () => {
    const current = plan();
    if (!current) return undefined;
    if (known?.seq !== current.seq) known = planReasons(current, site);
    return known;
  };
}
