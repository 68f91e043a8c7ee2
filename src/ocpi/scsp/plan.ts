/** The input of a plan for somebody else's site, from the context and the sessions that its CPO pushed. Pure. */
import type { PlanEvse, PlanInput, PlanResult } from "../../core/facts/plan-facts.ts";
import { SLOT_MS, slotStartMs } from "../../core/time/slots.ts";
import type { WireObject } from "../objects/wire-object.ts";
import { timeMs } from "../schemas/wire.ts";
import type { SmacContext } from "../smac/context.ts";
import { quarterHours } from "../smac/slots.ts";
import { ocpiTime } from "../status.ts";
import type { ForeignSession } from "./clients.ts";

const SLOTS = 96;
const VOLTAGE = 230;
const LEAST_A = 6;
const HOUR_MS = 3_600_000;
const OTHERWISE_EUR_PER_KWH = 0.3;
/** Nobody's fuse: the context knows the limit of the whole only. */
const NO_FUSE_A = 1_000_000;
/** A driver who said nothing is never cut off. */
const ROLLING_NEED_WH = 5_000;

export interface Assumed {
  readonly energyWh: number;
  readonly stayHours: number;
}

/** Sessions that a plan is about: running, at an EVSE of the context. */
export function sessionsIn(context: SmacContext, sessions: Iterable<ForeignSession>): ForeignSession[] {
  return [...sessions].filter(
    ({ evse_uid, status }) =>
      (status === "ACTIVE" || status === "PENDING") && context.evses.has(evse_uid.toLowerCase()),
  );
}

function planEvse(
  session: ForeignSession,
  index: number,
  at: { context: SmacContext; nowMs: number; assumed: Assumed },
): PlanEvse {
  const { context, nowMs, assumed } = at;
  const { mostW } = context.evses.get(session.evse_uid.toLowerCase())!;
  const threePhases = mostW >= 3 * LEAST_A * VOLTAGE;
  const minPowerW = (threePhases ? 3 : 1) * LEAST_A * VOLTAGE;
  const startedMs = timeMs(session.start_date_time);
  const departureMs = session.departure_time ? timeMs(session.departure_time) : startedMs + assumed.stayHours * HOUR_MS;
  const wantedWh = session.energy_need === undefined ? assumed.energyWh : session.energy_need * 1000;
  return {
    evseId: session.id,
    transactionId: index + 1,
    circuitId: "grid",
    phases: threePhases ? [0, 1, 2] : [0],
    minPowerW,
    maxPowerW: Math.max(minPowerW, Math.floor(mostW)),
    energyNeededWh: Math.max(
      session.energy_need === undefined ? ROLLING_NEED_WH : 0,
      Math.round(wantedWh - session.kwh * 1000),
    ),
    deliveredWh: Math.max(0, Math.round(session.kwh * 1000)),
    departureMs: Math.max(departureMs, nowMs + HOUR_MS),
    priority: 5,
    preference: "regular",
    mayPause: true,
    chargingNow: session.status === "ACTIVE",
    connectedSinceMs: startedMs,
  };
}

/** The input. A flexibility order below zero counts as demand on top; one above it lifts nothing above `max_power`. */
export function foreignPlanInput(
  context: SmacContext,
  sessions: readonly ForeignSession[],
  { nowMs, assumed }: { readonly nowMs: number; readonly assumed: Assumed },
): PlanInput {
  const startMs = slotStartMs(nowMs);
  const bySlot = (slots: SmacContext["demandW"]) => quarterHours(slots, startMs, SLOTS);
  const [demand, flex, generation, price] = [
    context.demandW,
    context.flexW,
    context.generationW,
    context.eurPerKwh,
  ].map(bySlot);
  const prices = (price ?? []).map((value) => value ?? OTHERWISE_EUR_PER_KWH);
  const buildingW = Array.from({ length: SLOTS }, (_, slot) =>
    Math.max(0, Math.round((demand?.[slot] ?? 0) - Math.min(0, flex?.[slot] ?? 0))),
  );
  return {
    startMs,
    nowMs,
    slots: SLOTS,
    nominalVoltageV: VOLTAGE,
    sitePhases: 3,
    ...(context.maxPowerW === undefined ? {} : { importLimitW: context.maxPowerW }),
    exportLimitW: context.exportLimitW,
    importEurPerKwh: prices,
    exportEurPerKwh: prices.map(() => 0),
    buildingW,
    pvW: Array.from({ length: SLOTS }, (_, slot) => Math.round(generation?.[slot] ?? 0)),
    circuits: [{ circuitId: "grid", limitA: NO_FUSE_A }],
    evses: sessions.map((session, index) => planEvse(session, index, { context, nowMs, assumed })),
    batteries: [],
    opportunityEurPerHour: context.opportunityEurPerHour,
    binarySlots: sessions.length === 0 ? 0 : Math.max(1, Math.min(8, Math.floor(160 / sessions.length))),
  };
}

export interface PlannedSession {
  readonly sessionId: string;
  readonly startMs: number;
  readonly powerW: readonly number[];
}

/** What each session gets by a plan. */
export function plannedSessions(input: PlanInput, result: PlanResult): PlannedSession[] {
  return result.evses.map(({ evseId, powerW }) => ({ sessionId: evseId, startMs: input.startMs, powerW }));
}

/** As a profile on the wire: one period for each change of power. */
export function profileObject({ startMs, powerW }: PlannedSession): WireObject {
  const periods: { start_period: number; limit: number }[] = [];
  powerW.forEach((limit, slot) => {
    if (periods.at(-1)?.limit !== limit) periods.push({ start_period: (slot * SLOT_MS) / 1000, limit });
  });
  return {
    start_date_time: ocpiTime(startMs),
    duration: (powerW.length * SLOT_MS) / 1000,
    charging_rate_unit: "W",
    charging_profile_period: periods,
  };
}

const MATTERS_W = 100;
const NEAR_SLOTS = 8;

/** Whether a plan is worth a message: the next two hours differ. */
export function isNews(now: PlannedSession, before: PlannedSession | undefined): boolean {
  if (!before) return true;
  const shift = (now.startMs - before.startMs) / SLOT_MS;
  return now.powerW
    .slice(0, NEAR_SLOTS)
    .some((powerW, slot) => Math.abs(powerW - (before.powerW[slot + shift] ?? -1)) > MATTERS_W);
}
