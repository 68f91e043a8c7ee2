/** The local month so far: what was charged, what that cost, how much of it was the site's own sun, and what control saved. */
import { type Static, Type } from "../schema.ts";
import type { SiteModel } from "../site/site-model.ts";
import type { BookedSession } from "../state/booked.ts";
import type { QuarterHour } from "../state/site-slice.ts";
import type { SiteState } from "../state/state.ts";
import { dateOf, localMoment, midnightMs } from "../time/calendar.ts";
import { SLOT_MS, slotStartMs } from "../time/slots.ts";
import { type SavingsSession, savings } from "./savings.ts";
import { SavingsSchema } from "./savings-schema.ts";

export const MonthSchema = Type.Object({
  fromMs: Type.Number({ description: "Begin of the local month" }),
  sinceMs: Type.Number({ description: "What is told begins then: later where more sessions ended than are kept" }),
  sessions: Type.Integer({ description: "That began" }),
  energyWh: Type.Number(),
  costEur: Type.Number({ description: "Energy at the import price of each quarter-hour" }),
  unpricedWh: Type.Optional(Type.Number({ description: "Energy that is not in the cost: its price was not known" })),
  ownSunPart: Type.Optional(Type.Number({ description: "Of what the site used, from 0 to 1; missing without sun" })),
  savings: SavingsSchema,
});
export type Month = Static<typeof MonthSchema>;

/** Begin of the local month, epoch ms. */
export function monthStartMs(atMs: number, timeZone: string): number {
  return midnightMs(`${dateOf(localMoment(atMs, timeZone).day).slice(0, 8)}01`, timeZone);
}

/** Share of the site's own use that came from its own sun, quarter-hour by quarter-hour. */
function ownSunPart(quarterHours: readonly QuarterHour[]): number | undefined {
  let [usedWh, ownWh] = [0, 0];
  for (const { pvWh, importWh, exportWh = 0 } of quarterHours) {
    if (pvWh === undefined || importWh === undefined) continue;
    const keptWh = Math.max(0, pvWh - exportWh);
    ownWh += keptWh;
    usedWh += keptWh + importWh;
  }
  return usedWh > 0 ? ownWh / usedWh : undefined;
}

/** A booked session as savings are reckoned from it. */
export function savingsSession({ slots, slotsWh, slotsGivenWh, maxPowerW, ...booked }: BookedSession): SavingsSession {
  const { evseId, startedMs, endedMs, energyWh, olderWh } = booked;
  const quarterHours = slots.map((slot, index) => ({
    slotStartMs: slotStartMs(startedMs) + slot * SLOT_MS,
    energyWh: slotsWh[index]!,
    maxPowerW,
    dischargedWh: slotsGivenWh?.[index] ?? 0,
  }));
  return { evseId, startedMs, endedMs, energyWh, quarterHours, ...(olderWh === undefined ? {} : { olderWh }) };
}

/** The month of `atMs`, from the books of the state. */
export function monthSoFar(state: SiteState, site: SiteModel, atMs: number): Month {
  const fromMs = monthStartMs(atMs, site.configuration.site.timeZone);
  const sinceMs = Math.max(fromMs, state.booked.wholeFromMs);
  const open = Object.values(state.sessions.open);
  const begun = [...state.booked.ended, ...open].filter(({ startedMs }) => startedMs >= sinceMs);
  const sum = (value: (session: (typeof begun)[number]) => number) =>
    begun.reduce((total, session) => total + value(session), 0);
  const { quarterHours: all } = state.site;
  const quarterHours = all.filter(({ slotStartMs: slotMs }) => slotMs >= sinceMs && slotMs < atMs);
  const unpricedWh = sum((session) => session.unpricedWh ?? 0);
  const sunPart = ownSunPart(quarterHours);
  const sessions = [...state.booked.ended.map(savingsSession), ...open];
  return {
    fromMs,
    sinceMs,
    sessions: begun.length,
    energyWh: sum(({ energyWh }) => energyWh),
    costEur: sum(({ costEur }) => costEur),
    ...(unpricedWh > 0 ? { unpricedWh } : {}),
    ...(sunPart === undefined ? {} : { ownSunPart: sunPart }),
    savings: savings({ quarterHours, sessions, fromMs: sinceMs, toMs: atMs, site }),
  };
}
