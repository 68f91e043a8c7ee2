/** An optimisation context of a partner on our own site: prices to plan with, and where the site should draw less. Pure. */

import type { ContextSlotSchema } from "../facts/contract-facts.ts";
import type { Static } from "../schema.ts";
import { SLOT_MS } from "../slots.ts";

export type ContextSlot = Static<typeof ContextSlotSchema>;

/** By partner. */
export interface OptimisationContext {
  readonly partnerId: string;
  readonly eurPerKwh: readonly ContextSlot[];
  /** What the whole site may import, W: only ever below its own limits. */
  readonly limitW: readonly ContextSlot[];
}
export type OptimisationContexts = Readonly<Record<string, OptimisationContext>>;

/** Mean of the slots over a quarter-hour, by time; missing where they do not cover it. */
function meanOver(slots: readonly ContextSlot[], fromMs: number): number | undefined {
  let coveredMs = 0;
  let sum = 0;
  for (const { startMs, endMs, value } of slots) {
    const shareMs = Math.min(endMs, fromMs + SLOT_MS) - Math.max(startMs, fromMs);
    if (shareMs <= 0) continue;
    coveredMs += shareMs;
    sum += shareMs * value;
  }
  return coveredMs < SLOT_MS ? undefined : sum / coveredMs;
}

/** The price that a partner told for a quarter-hour, EUR/kWh; of several the dearest. */
export function contextPrice(contexts: OptimisationContexts, slotStartMs: number): number | undefined {
  const prices = Object.values(contexts).flatMap(({ eurPerKwh }) => meanOver(eurPerKwh, slotStartMs) ?? []);
  return prices.length === 0 ? undefined : Math.max(...prices);
}

/** The lowest import that partners ask for in a quarter-hour, W; missing where none asks. */
export function contextLimitW(contexts: OptimisationContexts, slotStartMs: number): number | undefined {
  const touching = Object.values(contexts).flatMap(({ limitW }) =>
    limitW.filter(({ startMs, endMs }) => startMs < slotStartMs + SLOT_MS && endMs > slotStartMs),
  );
  return touching.length === 0 ? undefined : Math.max(0, Math.min(...touching.map(({ value }) => value)));
}
