/** Values by time slots of any length, brought to quarter-hours: power is held, so energy is shared pro rata. */
import { SLOT_MS } from "../../core/time/slots.ts";

export interface SlotValue {
  readonly startMs: number;
  readonly value: number;
}

export interface Slot extends SlotValue {
  readonly endMs: number;
}

/** A time slot ends where the next begins; the last is as long as the one before it, a single one a quarter-hour. */
export function slotsOf(values: readonly SlotValue[]): Slot[] | string {
  const ordered = [...values].sort((a, b) => a.startMs - b.startMs);
  const twice = ordered.find((slot, index) => ordered[index + 1]?.startMs === slot.startMs);
  if (twice) return `two values for ${new Date(twice.startMs).toISOString()}`;
  return ordered.map((slot, index) => {
    const next = ordered[index + 1]?.startMs;
    const before = ordered[index - 1];
    const lastMs = before ? slot.startMs - before.startMs : SLOT_MS;
    return { ...slot, endMs: next ?? slot.startMs + lastMs };
  });
}

/** Mean by quarter-hour from `startMs` on, weighted by time; a quarter-hour that nothing covers is missing. */
export function quarterHours(slots: readonly Slot[], startMs: number, count: number): (number | undefined)[] {
  return Array.from({ length: count }, (_, index) => {
    const fromMs = startMs + index * SLOT_MS;
    let coveredMs = 0;
    let sum = 0;
    for (const slot of slots) {
      const shareMs = Math.min(slot.endMs, fromMs + SLOT_MS) - Math.max(slot.startMs, fromMs);
      if (shareMs <= 0) continue;
      coveredMs += shareMs;
      sum += shareMs * slot.value;
    }
    return coveredMs === 0 ? undefined : sum / coveredMs;
  });
}
