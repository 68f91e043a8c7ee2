/** The plan in force explained, in words; reckoned once a plan, when somebody asks. */

import type { SiteModel } from "../core/site/site-model.ts";
import type { PlanState } from "../core/state/plan.ts";
import { localTime } from "../core/time/local-time.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import type { PlanReasons } from "../core/view/plan-reasons.ts";
import { rampOver } from "../core/view/ramp-over.ts";
import { planRamp, planSlot } from "../core/words/en-plan.ts";
import { explainChoices } from "../planner/explain/explain-choice.ts";

type MadePlan = NonNullable<PlanState["current"]>;

/** Every EVSE and slot of a plan, with its binding limit and what the next cheaper choice would need. */
export function planReasons({ seq, madeMs, input, result }: MadePlan, site: SiteModel): PlanReasons {
  const { timeZone } = site.configuration.site;
  const at = (ms: number) => localTime(ms, madeMs, timeZone);
  const explained = explainChoices(input, result);
  const evses = explained.flatMap((row, index) => {
    const { evseId, transactionId, visitId, minPowerW } = input.evses[index]!;
    // A visit that was announced has no car yet that could ask why it waits.
    if (visitId !== undefined) return [];
    const slots = row.map(({ reason, next }, slot) => {
      const powerW = result.evses[index]!.powerW[slot] ?? 0;
      const words = next ? { ...next, at: at(next.startMs) } : undefined;
      const text = planSlot({ powerW, minPowerW, reason, next: words });
      return { startMs: input.startMs + slot * SLOT_MS, powerW, reason, ...(next ? { next } : {}), text };
    });
    return [{ evseId, name: site.evseById.get(evseId)?.name ?? evseId, transactionId, slots }];
  });
  const over = rampOver(input, result);
  const ramp = over && planRamp({ ...over, at: at(over.worstMs) });
  return { seq, madeMs, ...(ramp === undefined ? {} : { ramp }), evses };
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
