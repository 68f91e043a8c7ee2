import type { PhaseIndex } from "../core/quantity.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { type Scenario, type ScenarioEvse, type ScenarioSession, sessionPowerW } from "../sim/scenario.ts";

const KILO = 1000;

/** A car as the model sees it. */
export interface ModelCar {
  readonly session: ScenarioSession;
  readonly evse: ScenarioEvse;
  readonly phases: readonly PhaseIndex[];
  readonly maxKw: number;
  /** First slot of its stay, and the one after its last. */
  readonly from: number;
  readonly until: number;
}

/** The cars of a scenario, with the slots of their stays. */
export function modelCars(scenario: Scenario): ModelCar[] {
  const evses = new Map(scenario.evses.map((evse) => [evse.id, evse]));
  return scenario.sessions.map((session) => {
    const evse = evses.get(session.evseId)!;
    return {
      session,
      evse,
      phases: evse.phases.slice(0, Math.min(session.phases, evse.phases.length)),
      maxKw: sessionPowerW(scenario, session, evse) / KILO,
      from: Math.floor((session.arrivalMs - scenario.startMs) / SLOT_MS),
      until: Math.ceil((session.departureMs - scenario.startMs) / SLOT_MS),
    };
  });
}
