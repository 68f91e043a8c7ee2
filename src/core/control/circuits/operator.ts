/** What limits from outside on the whole site leave to cars and batteries: the grid operator's, and partners'. */
import { type GridLimitInForce, gridLimitInForce } from "../../limits/grid-limit.ts";
import { contextLimitInForce } from "../../market/context.ts";
import { GRID_CIRCUIT_ID } from "../../site/site.ts";
import type { ControlInput } from "../control.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import type { CircuitView } from "./circuits.ts";

/** A limit of the reading at the grid connection, W, and what the operator stated. */
export interface OperatorLimit {
  readonly limitW: number;
  readonly stated: GridLimitInForce;
}

/**
 * The grid operator's limit at a circuit. Where it counts only what is controllable, the rest of the building comes on
 * top; what the sun leaves over after the building is for the cars.
 */
export function operatorLimit(
  { site, state, image }: ControlInput,
  view: CircuitView,
  members: readonly EvseObservation[],
): OperatorLimit | undefined {
  if (view.circuitId !== GRID_CIRCUIT_ID) return undefined;
  const stated = gridLimitInForce(site, state, image.nowMs);
  if (!stated) return undefined;
  const carsW = members.reduce((sum, entry) => sum + site.voltageV * entry.phases.length * entry.surelyA, 0);
  const chargingW = [...image.batteries.values()].reduce((sum, { powerW }) => sum + Math.max(0, powerW), 0);
  const restW = stated.appliesTo === "site" ? 0 : Math.max(0, (view.powerW ?? 0) - carsW - chargingW);
  return { limitW: stated.limitW + restW, stated };
}

/** What a partner allows the whole site to import by its context: all that the grid meter reads counts. */
export function partnerLimit({ state, image }: ControlInput, { circuitId }: CircuitView): OperatorLimit | undefined {
  if (circuitId !== GRID_CIRCUIT_ID) return undefined;
  const stated = contextLimitInForce(state.upstream.contexts, image.nowMs);
  return stated && { limitW: stated.limitW, stated: { ...stated, appliesTo: "site" } };
}

/** Without the grid meter the cars together stay within the limits, in equal parts of whole amperes. */
export function blindShareA(
  { site, state, image }: ControlInput,
  active: readonly EvseObservation[],
): number | undefined {
  const operatorW = gridLimitInForce(site, state, image.nowMs)?.limitW ?? Number.POSITIVE_INFINITY;
  const partnerW = contextLimitInForce(state.upstream.contexts, image.nowMs)?.limitW ?? Number.POSITIVE_INFINITY;
  const limitW = Math.min(operatorW, partnerW);
  const phases = active.reduce((sum, entry) => sum + entry.phases.length, 0);
  return Number.isFinite(limitW) && phases > 0 ? Math.floor(limitW / (site.voltageV * phases)) : undefined;
}
