/**
 * Announced visits in a plan: each a car as it will be when it comes, that can take nothing before. What is said of it is
 * doubted like any driver's word.
 */
import { isOwn } from "../../core/drivers/likeness.ts";
import type { ExpectedVisit } from "../../core/drivers/visits.ts";
import type { PlanEvse } from "../../core/facts/plan-facts.ts";
import type { EvseModel } from "../../core/site/site-model.ts";
import type { Session } from "../../core/state/sessions.ts";
import { SLOT_MS, slotStartMs } from "../../core/time/slots.ts";
import { type CarQuestion, planCar } from "./car-input.ts";

/** Each makes the plan as much larger as a car that is there; those after them are planned when they are nearer. */
export const MOST_PLANNED = 60;

/** A car that has just been plugged in, at `fromMs`. */
function sessionOf(
  { evseId, token, fromMs, ...visit }: ExpectedVisit,
  evse: EvseModel,
  transactionId: number,
): Session {
  const { visitId, arrivalMs, departureMs, energyWh, preference } = visit;
  return {
    transactionId,
    chargePointId: evse.chargePointId,
    evseId,
    connectorId: evse.connector,
    ...(token === undefined ? {} : { token }),
    startedMs: fromMs,
    energyWh: 0,
    costEur: 0,
    quarterHours: [],
    visit: {
      visitId,
      arrivalMs,
      departureMs,
      statedMs: fromMs,
      ...(energyWh === undefined ? {} : { energyWh }),
      ...(preference ? { preference } : {}),
    },
  };
}

/** The site without the cars that are there now: what those show and want says nothing of who comes after them. */
function withoutPresent(question: CarQuestion): CarQuestion {
  const { state, image } = question;
  return {
    ...question,
    image: { ...image, evses: new Map() },
    state: {
      ...state,
      sessions: { ...state.sessions, open: {}, wishes: {}, standing: {}, overrides: {} },
      chargePoints: { ...state.chargePoints, evses: {} },
      limits: { ...state.limits, byEvse: {} },
      plan: {},
    },
  };
}

/** What a stranger's car takes it shows when it is here: until then it is planned with all that its place gives. */
function hasShownPower({ state }: CarQuestion, session: Session): boolean {
  return state.stays.ended.some((stay) => stay.powerW !== undefined && isOwn(stay, session));
}

/** The plan's part of each visit that comes within its slots. */
export function planVisits(visits: readonly ExpectedVisit[], question: CarQuestion): PlanEvse[] {
  const { site, nowMs, slots } = question;
  const startMs = slotStartMs(nowMs);
  const within = visits.filter(({ fromMs }) => fromMs < startMs + (slots - 1) * SLOT_MS);
  const then = withoutPresent(question);
  return within.slice(0, MOST_PLANNED).map((visit, at) => {
    const evse = site.evseById.get(visit.evseId)!;
    // Transactions count from 1: no car that is there is taken for a visit.
    const session = sessionOf(visit, evse, -1 - at);
    const comes = (visit.fromMs - startMs) / SLOT_MS;
    const [comesSlot, fromSlot] = [Math.floor(comes), Math.max(1, Math.ceil(comes))];
    const car = planCar(evse, session, { ...then, nowMs: visit.fromMs, slots: slots - comesSlot });
    const { discharge: _, laterPowerW, leftBy = [], ceilingW = [], ...rest } = car;
    return {
      ...rest,
      ...(laterPowerW !== undefined && hasShownPower(question, session) ? { laterPowerW } : {}),
      visitId: visit.visitId,
      leftBy: [...new Array<number>(comesSlot).fill(0), ...leftBy].slice(0, slots),
      // No longer than it says something: each plan is recorded, with up to sixty of them.
      ceilingW: [...new Array<number>(fromSlot).fill(0), ...ceilingW.slice(fromSlot - comesSlot)],
    };
  });
}
