/** What the plan in force has for one car, as people are told it. */
import type { SiteState } from "../state/state.ts";
import { SLOT_MS, slotStartMs } from "../time/slots.ts";

/** Less is not shown: it is written as 0.0 kWh. */
const SHORT_WH = 50;

export interface PlannedCar {
  /** When the plan has delivered all that it means to, epoch ms. */
  readonly readyMs?: number;
  /** What it will fall short of then, Wh. */
  readonly shortfallWh?: number;
  /** That may still come: the car has not shown how much it takes, and is planned as a slow one. */
  readonly shortfallUnsure?: true;
}

/** When a transaction is served by the plan, and what it will fall short of; nothing where the plan does not know it. */
export function plannedCar({ plan: { current: plan } }: Pick<SiteState, "plan">, transactionId: number): PlannedCar {
  const row = plan?.result.evses.find((evse) => evse.transactionId === transactionId);
  if (!plan || !row) return {};
  const planned = plan.input.evses.find((evse) => evse.transactionId === transactionId);
  const last = row.powerW.findLastIndex((powerW) => powerW > 0);
  // What nobody asked for is nothing that a driver is short of.
  const shortfallWh = row.shortfallWh - (planned?.notAskedWh ?? 0);
  const isShort = shortfallWh >= SHORT_WH && !planned?.beyondWish;
  // Who stays beyond the plan may get the rest after it: nobody knows yet.
  const endMs = plan.input.startMs + plan.input.slots * SLOT_MS;
  if (isShort && planned !== undefined && planned.departureMs > endMs) return {};
  return {
    ...(last < 0 ? {} : { readyMs: plan.input.startMs + (last + 1) * SLOT_MS }),
    ...(isShort ? { shortfallWh: Math.round(shortfallWh) } : {}),
    ...(isShort && planned?.laterPowerW !== undefined ? { shortfallUnsure: true } : {}),
  };
}

/** Where the plan gives a transaction nothing in the quarter-hour of `nowMs`: when it does again, epoch ms. */
export function pauseEndMs({ plan: { current: plan } }: SiteState, transactionId: number, nowMs: number) {
  const row = plan?.result.evses.find((evse) => evse.transactionId === transactionId);
  if (!plan || !row) return undefined;
  const now = (slotStartMs(nowMs) - plan.input.startMs) / SLOT_MS;
  // One that would take more where there is room has no pause.
  if (row.powerW[now] !== 0 || now < (row.eagerSlots ?? 0)) return undefined;
  const next = row.powerW.findIndex((powerW, slot) => slot > now && powerW > 0);
  return next < 0 ? undefined : plan.input.startMs + next * SLOT_MS;
}
