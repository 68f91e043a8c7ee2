/** What each EVSE should get if nothing were tight: the driver's override, the plan, the sun, or a fair share. */

import type { ControlInput } from "../control/control.ts";
import type { Reason } from "../reason.ts";
import { SLOT_MS } from "../slots.ts";
import type { PlanState } from "../state/plan.ts";
import type { EvseObservation } from "./observe-evse.ts";
import { PLAN_VALID_MS, WISH_CHANGE_MS } from "./thresholds.ts";

export interface Wish {
  readonly currentA: number;
  readonly reason: Reason;
}

type Plan = NonNullable<PlanState["current"]>;

/** The plan in force: it covers now and is not too old. */
export function planInForce(input: ControlInput): Plan | undefined {
  const plan = input.state.plan.current;
  const { nowMs } = input.image;
  if (!plan || nowMs - plan.madeMs > PLAN_VALID_MS || nowMs < plan.input.startMs - SLOT_MS) return undefined;
  return nowMs < plan.input.startMs + plan.input.slots * SLOT_MS ? plan : undefined;
}

function slotIndex(plan: Plan, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - plan.input.startMs) / SLOT_MS));
}

/** Planned current of an EVSE in the slot `ahead` slots from now, A; missing where the plan does not know the session. */
export function plannedCurrentA(input: ControlInput, entry: EvseObservation, ahead: number): number | undefined {
  const plan = planInForce(input);
  const row = plan?.result.evses.find((evse) => evse.transactionId === entry.session?.transactionId);
  if (!plan || !row) return undefined;
  const powerW = row.powerW[slotIndex(plan, input.image.nowMs) + ahead];
  if (powerW === undefined) return undefined;
  const phases = plan.input.evses.find((evse) => evse.evseId === row.evseId)?.phases.length ?? entry.phases.length;
  const currentA = powerW / (input.site.voltageV * phases);
  return currentA < entry.evse.minCurrentA - 0.5 ? 0 : Math.max(entry.evse.minCurrentA, Math.round(currentA));
}

/** Why the plan gives nothing now, and when it will. */
function waiting(input: ControlInput, plan: Plan, transactionId: number): Reason {
  const now = slotIndex(plan, input.image.nowMs);
  const powers = plan.result.evses.find((evse) => evse.transactionId === transactionId)?.powerW ?? [];
  const next = powers.findIndex((powerW, slot) => slot > now && powerW > 0);
  const priceEurPerKwh = plan.input.importEurPerKwh[now];
  const laterEurPerKwh = next < 0 ? undefined : plan.input.importEurPerKwh[next];
  return {
    kind: "plan",
    limitA: 0,
    ...(next < 0 ? {} : { untilMs: plan.input.startMs + next * SLOT_MS }),
    ...(priceEurPerKwh === undefined ? {} : { priceEurPerKwh }),
    ...(laterEurPerKwh === undefined ? {} : { laterEurPerKwh }),
  };
}

/**
 * Power that is exported now (+) or taken from elsewhere for the cars (-), W; missing where the sun does not matter.
 * What a battery gives does not count as sun.
 */
function surplusW(input: ControlInput): number | undefined {
  const meter = input.image.meters.get(input.site.gridMeterId);
  const { importEurPerKwh, exportEurPerKwh } = input.image;
  // Where exporting pays more than importing costs, the sun is better sold.
  const sellsBetter = (exportEurPerKwh ?? 0) >= (importEurPerKwh ?? Number.POSITIVE_INFINITY);
  if (!meter || sellsBetter || input.site.pvIds.length === 0) return undefined;
  let fromBatteryW = 0;
  for (const battery of input.image.batteries.values()) fromBatteryW += Math.max(0, -battery.powerW);
  return -meter.powerW - fromBatteryW;
}

/** Current with which a car would just use up the surplus, A: what it draws, more by its share or less by the lack. */
function sunnyCurrentA(input: ControlInput, entry: EvseObservation, takers: number): number {
  const surplus = surplusW(input);
  const follows = entry.memory.wishKind === "solar";
  if (surplus === undefined || takers === 0 || (!follows && surplus <= 0)) return 0;
  return Math.floor(entry.surelyA + surplus / takers / (input.site.voltageV * entry.phases.length));
}

function planned(input: ControlInput, entry: EvseObservation, takers: number): Wish | undefined {
  const plan = planInForce(input);
  const currentA = plannedCurrentA(input, entry, 0);
  if (!plan || currentA === undefined || !entry.session) return undefined;
  const sunny = sunnyCurrentA(input, entry, takers);
  if (sunny >= entry.evse.minCurrentA && sunny > currentA) return { currentA: sunny, reason: { kind: "solar" } };
  if (currentA === 0) return { currentA, reason: waiting(input, plan, entry.session.transactionId) };
  return { currentA, reason: { kind: "plan", limitA: currentA } };
}

function desired(input: ControlInput, entry: EvseObservation, takers: number): Wish {
  if (input.state.sessions.overrides[entry.evse.id])
    return { currentA: entry.evse.maxCurrentA, reason: { kind: "override" } };
  return planned(input, entry, takers) ?? { currentA: entry.evse.maxCurrentA, reason: { kind: "fair-share" } };
}

/** Small and frequent changes of a wish are held back: each is a profile write. */
function steady(wish: Wish, entry: EvseObservation, monoMs: number): Wish {
  const { memory } = entry;
  const gradual = wish.reason.kind === "plan" || wish.reason.kind === "solar";
  const wasGradual = memory.wishKind === "plan" || memory.wishKind === "solar";
  const recent = monoMs - memory.wishSinceMonoMs < WISH_CHANGE_MS;
  if (!gradual || !wasGradual || !recent || wish.currentA === memory.wishA) return wish;
  return { ...wish, currentA: memory.wishA };
}

/** The wishes of all EVSEs with a session, by index; the others wish for nothing. */
export function wishesOf(input: ControlInput, observed: readonly EvseObservation[]): readonly (Wish | undefined)[] {
  const takers = observed.filter((entry) => entry.session && !entry.memory.vehicleCapA).length;
  return observed.map((entry) => {
    if (!entry.session) return undefined;
    const wish = steady(desired(input, entry, takers), entry, input.image.monoMs);
    const { vehicleCapA } = entry.memory;
    const max = entry.evse.maxCurrentA;
    const bounded = { ...wish, currentA: Math.min(max, wish.currentA) };
    if (vehicleCapA !== undefined && vehicleCapA < bounded.currentA) {
      return { currentA: Math.max(entry.evse.minCurrentA, vehicleCapA), reason: { kind: "vehicle" } };
    }
    return bounded;
  });
}
