/** An optimisation context of a partner on our own site: prices to plan with, and what site and EVSEs may draw. Pure. */

import type { ContextSlotSchema } from "../facts/contract-facts.ts";
import type { Static } from "../schema.ts";
import { SLOT_MS } from "../time/slots.ts";
import type { Profile } from "./profile.ts";

export type ContextSlot = Static<typeof ContextSlotSchema>;

/** By partner. */
export interface OptimisationContext {
  readonly partnerId: string;
  readonly eurPerKwh: readonly ContextSlot[];
  /** What the whole site may import, W: only ever below its own limits. */
  readonly limitW: readonly ContextSlot[];
  /** What may be drawn at EVSEs, W over all phases. */
  readonly evses?: readonly { readonly evseId: string; readonly limitW: number; readonly untilMs: number }[];
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

export interface ContextLimitInForce {
  readonly limitW: number;
  readonly untilMs: number;
  /** `partner:` and its id. */
  readonly by: string;
}

/** The lowest import of the site that a partner allows now; missing where none says anything. */
export function contextLimitInForce(contexts: OptimisationContexts, nowMs: number): ContextLimitInForce | undefined {
  let lowest: ContextLimitInForce | undefined;
  for (const id in contexts)
    for (const { startMs, endMs, value } of contexts[id]!.limitW)
      if (startMs <= nowMs && nowMs < endMs && value < (lowest?.limitW ?? Number.POSITIVE_INFINITY))
        lowest = { limitW: Math.max(0, value), untilMs: endMs, by: `partner:${id}` };
  return lowest;
}

const NONE: readonly Profile[] = [];

/** What partners allow at an EVSE, as profiles on whoever charges there. */
export function contextCeilings(contexts: OptimisationContexts, evseId: string): readonly Profile[] {
  let found = NONE;
  for (const partnerId in contexts)
    for (const entry of contexts[partnerId]!.evses ?? []) {
      if (entry.evseId !== evseId) continue;
      const periods = [{ offsetS: 0, limit: entry.limitW }];
      const ceiling = { unit: "W", startMs: 0, endMs: entry.untilMs, periods } as const;
      found = [...found, { partnerId, receivedMs: 0, ceiling }];
    }
  return found;
}
