/** A session as periods of quarter-hours, for CDRs and tariffs. Their energy adds up to the session's. */

import type { CdrPeriodSchema } from "../facts/market-facts.ts";
import type { ReasonKind } from "../reason.ts";
import type { Static } from "../schema.ts";
import type { Session, SessionQuarterHour } from "../state/sessions.ts";
import { SLOT_MS } from "../time/slots.ts";

export type Period = Static<typeof CdrPeriodSchema>;

/** While one of these held, the car might have wanted more: that is no parking. */
const BY_THE_CAR = new Set<ReasonKind>(["vehicle", "maximum", "no-transaction"]);

/** Whether the site kept the car waiting in a quarter-hour without energy, for most of it. */
function keptWaiting(quarterHour: SessionQuarterHour): boolean {
  let byTheSiteS = 0;
  let allS = 0;
  for (const [kind, seconds] of Object.entries(quarterHour.limitedBySeconds)) {
    allS += seconds;
    if (!BY_THE_CAR.has(kind as ReasonKind)) byTheSiteS += seconds;
  }
  return byTheSiteS * 2 > allS;
}

function periodOf(quarterHour: SessionQuarterHour, startMs: number, endMs: number): Period {
  const { energyWh, maxPowerW } = quarterHour;
  const lengthMs = Math.max(0, endMs - startMs);
  const charges = energyWh > 0;
  return {
    startMs,
    endMs: startMs + lengthMs,
    energyWh,
    maxPowerW,
    chargingMs: charges ? lengthMs : 0,
    parkingMs: charges || quarterHour.dischargedWh || keptWaiting(quarterHour) ? 0 : lengthMs,
    ...(quarterHour.dischargedWh ? { dischargedWh: quarterHour.dischargedWh } : {}),
  };
}

function summed(a: number | undefined, b: number | undefined) {
  return a === undefined && b === undefined ? {} : { dischargedWh: (a ?? 0) + (b ?? 0) };
}

/** What was booked in the same quarter-hour twice (a restart in between) is one period. */
function merged(quarterHours: readonly SessionQuarterHour[]): SessionQuarterHour[] {
  const bySlot = new Map<number, SessionQuarterHour>();
  for (const entry of quarterHours) {
    const before = bySlot.get(entry.slotStartMs);
    bySlot.set(
      entry.slotStartMs,
      before
        ? {
            ...entry,
            energyWh: before.energyWh + entry.energyWh,
            ...summed(before.dischargedWh, entry.dischargedWh),
            maxPowerW: Math.max(before.maxPowerW, entry.maxPowerW),
          }
        : entry,
    );
  }
  return [...bySlot.values()].sort((a, b) => a.slotStartMs - b.slotStartMs);
}

const round = (wh: number) => Math.round(wh * 1000) / 1000;

/**
 * The periods of a session up to `untilMs`. A period ends where the next begins. Energy that no quarter-hour holds (older
 * than a week, or known by the registers only) is in the first one.
 */
export function periodsOf(session: Session, untilMs: number): Period[] {
  const endMs = Math.max(session.startedMs, session.endedMs ?? untilMs);
  const inside = (ms: number) => Math.min(endMs, Math.max(session.startedMs, ms));
  const slots = merged(session.quarterHours);
  const periods = slots.map((quarterHour, index) => {
    const next = slots[index + 1];
    const last = session.endedMs === undefined ? Math.min(endMs, quarterHour.slotStartMs + SLOT_MS) : endMs;
    return periodOf(quarterHour, inside(quarterHour.slotStartMs), next ? inside(next.slotStartMs) : inside(last));
  });
  const bookedWh = periods.reduce((sum, period) => sum + period.energyWh, 0);
  const missingWh = round(session.energyWh - bookedWh);
  const [first] = periods;
  if (first && first.startMs > session.startedMs && missingWh !== 0)
    periods.unshift(earlier(session.startedMs, first.startMs, missingWh));
  else if (first) periods[0] = { ...first, startMs: session.startedMs, energyWh: round(first.energyWh + missingWh) };
  else if (session.endedMs !== undefined) periods.push(earlier(session.startedMs, endMs, missingWh));
  return periods;
}

function earlier(startMs: number, endMs: number, energyWh: number): Period {
  const chargingMs = energyWh > 0 ? endMs - startMs : 0;
  return { startMs, endMs, energyWh, chargingMs, parkingMs: 0, maxPowerW: 0 };
}
