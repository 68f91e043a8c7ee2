/** English: why a plan lets a battery do in a quarter-hour what it does. */
import type { BatteryReason } from "../view/plan-reasons.ts";
import { keptPeak, limitLeft } from "./en-plan.ts";

/** A slot of a battery, for a sentence; `fullAt` and `otherAt` are local text, `isEnd` says that the other time is the plan's end. */
export interface BatteryWords {
  readonly powerW: number;
  readonly reason: BatteryReason;
  /** It is full when this slot ends. */
  readonly isFull?: boolean;
  readonly fullAt?: string | undefined;
  readonly otherAt?: string | undefined;
  readonly isEnd?: boolean;
}

/** Below this it holds, W. */
const FLOW_W = 60;

const kilowatts = (powerW: number) => `${(Math.abs(powerW) / 1000).toFixed(1)} kW`;
const cents = (eurPerKwh = 0) => `${(eurPerKwh * 100).toFixed(1)} ct`;

/** A limit that keeps it from taking more. */
function limited({ reason }: BatteryWords): string {
  const { kind } = reason;
  if (kind === "peak") return `more would raise the month's peak (${reason.peak ?? ""})`;
  if (kind === "circuit" || kind === "import" || kind === "ramp") return limitLeft({ ...reason, kind, roomW: 0 });
  return "more does not pay";
}

/** For what it keeps energy. */
function use({ reason, otherAt, isEnd }: BatteryWords): string {
  if (otherAt === undefined) return "later";
  if (isEnd) return `after ${otherAt}`;
  if (reason.otherPeak !== undefined) return `${otherAt}, to keep the month's peak from rising (${reason.otherPeak})`;
  return `${otherAt}, when a kWh is worth ${cents(reason.otherEurPerKwh)}`;
}

function again({ reason, otherAt }: BatteryWords): string {
  if (otherAt === undefined) return "bought again";
  return `bought again at ${otherAt} for ${cents(reason.otherEurPerKwh)}`;
}

function charging(slot: BatteryWords): string {
  const { powerW, reason, fullAt, isFull } = slot;
  const source = reason.fromGrid ? `, bought at ${cents(reason.eurPerKwh)}` : " of the sun";
  const why: Partial<Record<BatteryReason["kind"], string>> = {
    maximum: "all that it takes",
    full: isFull ? "then it is full" : `it will be full at ${fullAt}`,
    sun: "all that the sun leaves, buying does not pay",
  };
  return `charges with ${kilowatts(powerW)}${source}, for ${use(slot)}: ${why[reason.kind] ?? limited(slot)}`;
}

function giving(slot: BatteryWords): string {
  const { powerW, reason, otherAt, isEnd } = slot;
  const isOther = reason.kind === "kept" || reason.kind === "replace" || reason.kind === "given";
  const next = isOther || otherAt === undefined || isEnd ? "" : `; charges again at ${otherAt}`;
  const why: Partial<Record<BatteryReason["kind"], string>> = {
    maximum: "all that it can",
    covered: "all that is taken here",
    export: "no more may be exported",
    empty: "then it has nothing above its reserve",
    kept: `the rest is kept for ${use(slot)}`,
    given: `the rest is given at ${otherAt}, for as much or more`,
    replace: `more would have to be ${again(slot)}, which with losses and wear does not pay`,
  };
  return `gives ${kilowatts(powerW)}${keptPeak(reason)}: ${why[reason.kind] ?? "more does not pay"}${next}`;
}

function holding(slot: BatteryWords): string {
  const { reason, fullAt, isFull, otherAt } = slot;
  const why: Partial<Record<BatteryReason["kind"], string>> = {
    empty: "it has nothing above its reserve",
    covered: "there is nothing to cover, and no sun to spare",
    export: "no more may be exported",
    full: isFull ? "it is full" : `it will be full at ${fullAt} anyway`,
    sold: `the sun that is left brings ${cents(reason.eurPerKwh)} sold, and keeping it saves no more later`,
    kept: `its energy is kept for ${use(slot)}`,
    given: `its energy is given at ${otherAt}, for as much or more`,
    replace: `what it gave would have to be ${again(slot)}, which with losses and wear does not pay`,
    maximum: "it can do no more",
  };
  return `holds: ${why[reason.kind] ?? `it would charge, but ${limited(slot)}`}`;
}

/** One slot of a battery in words, without its name. */
export function planBatterySlot(slot: BatteryWords): string {
  const { powerW, reason } = slot;
  const change = reason.changesAtEurPerKwh;
  const at = change === undefined ? "" : cents(change);
  if (powerW > FLOW_W) return `${charging(slot)}${change === undefined ? "" : `; it would take less above ${at}`}`;
  if (powerW < -FLOW_W) return `${giving(slot)}${change === undefined ? "" : `; it would give less below ${at}`}`;
  return `${holding(slot)}${change === undefined ? "" : `; it would give above ${at}`}`;
}
