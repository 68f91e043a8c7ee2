/**
 * The sum that must hold without us: when controller, network or meter die, every EVSE falls back to its safe current
 * while the building draws its worst. Each circuit's fuse has to bear that on each phase.
 */

import { PHASE_INDEXES, PHASE_NAMES, type PhaseIndex } from "../quantity.ts";
import { GRID_CIRCUIT_ID, type SiteConfiguration } from "../site/site.ts";
import { type CircuitModel, type EvseModel, siteModel } from "../site/site-model.ts";
import type { Problem } from "./problem.ts";

/** Worst load of others on a circuit and on what hangs below it; the grid connection's includes everything. */
export function worstLoadA(circuit: CircuitModel, circuits: readonly CircuitModel[]): number {
  if (circuit.id === GRID_CIRCUIT_ID) return circuit.worstBuildingLoadA;
  const below = circuits.filter((other) => other.parentId === circuit.id);
  return below.reduce((sum, other) => sum + worstLoadA(other, circuits), circuit.worstBuildingLoadA);
}

function terms(evses: readonly EvseModel[]): string {
  const counts = new Map<number, number>();
  for (const evse of evses) counts.set(evse.safeCurrentA, (counts.get(evse.safeCurrentA) ?? 0) + 1);
  const parts = [...counts]
    .filter(([currentA]) => currentA > 0)
    .map(([currentA, count]) => `${count} EVSE${count === 1 ? "" : "s"} x ${currentA} A safe current`);
  return parts.length === 0 ? "no safe currents" : parts.join(" + ");
}

function advice(evses: readonly EvseModel[], excessA: number): string {
  const charging = evses
    .filter((evse) => evse.safeCurrentA > 0)
    .sort((a, b) => a.priority - b.priority || a.safeCurrentA - b.safeCurrentA);
  let left = excessA;
  const paused: string[] = [];
  for (const evse of charging) {
    if (left <= 0) break;
    left -= evse.safeCurrentA;
    paused.push(evse.id);
  }
  if (left > 0)
    return "Even without any EVSE the fuse does not bear the worst building load: measure it again, or have the connection raised";
  return `Set safeCurrentA: 0 for ${paused.length} of them (for example ${paused.slice(0, 12).join(", ")}): they pause when the controller is gone`;
}

/** By EVSE, where limits go out in W: numberPhases says how to share them out, and not every charge point heeds it. */
function inWatts({ chargePoints }: SiteConfiguration): ReadonlySet<string> {
  const told = chargePoints.filter(({ rateUnit, quirks }) => rateUnit === "W" || quirks.includes("watts-only"));
  return new Set(told.flatMap(({ evses }) => evses.filter(({ phases }) => phases.length > 1).map(({ id }) => id)));
}

/** A car of one phase may take the whole safe power there on the first one: a warning where the fuse would not bear that. */
function wattProblem(of: Fallback, watts: ReadonlySet<string>): Problem[] {
  const { circuit, evses, loadA, path } = of;
  const mostA = (evse: EvseModel, phase: PhaseIndex) => {
    if (!watts.has(evse.id)) return evse.phases.includes(phase) ? evse.safeCurrentA : 0;
    return evse.phases[0] === phase ? Math.min(evse.maxCurrentA, evse.safeCurrentA * evse.phases.length) : 0;
  };
  const sumA = (phase: PhaseIndex) => evses.reduce((sum, evse) => sum + mostA(evse, phase), loadA);
  const worst = [...PHASE_INDEXES].sort((a, b) => sumA(b) - sumA(a))[0]!;
  if (sumA(worst) <= circuit.limitA) return [];
  return [
    {
      severity: "warning",
      path,
      message: `Limits in W leave a car of one phase the safe power of three where the charge point does not share it out by numberPhases: then the fuse of ${circuit.id} would carry ${sumA(worst)} A on ${PHASE_NAMES[worst]} without the controller, more than its ${circuit.limitA} A`,
      advice:
        "Try it with a car of one phase at its safe current; where it draws more, use limits in A (rateUnit) if the charge point takes them, or set a lower safeCurrentA",
    },
  ];
}

interface Fallback {
  readonly circuit: CircuitModel;
  readonly evses: readonly EvseModel[];
  readonly loadA: number;
  readonly path: Problem["path"];
}

function sumProblem({ circuit, evses, loadA, path }: Fallback): Problem[] {
  const onPhase = (phase: PhaseIndex) => evses.filter((evse) => evse.phases.includes(phase));
  const sumA = (phase: PhaseIndex) => onPhase(phase).reduce((sum, evse) => sum + evse.safeCurrentA, 0);
  const worst = [...PHASE_INDEXES].sort((a, b) => sumA(b) - sumA(a))[0]!;
  const totalA = sumA(worst) + loadA;
  if (totalA <= circuit.limitA) return [];
  return [
    {
      severity: "error",
      path,
      message: `Without the controller the fuse of ${circuit.id} would carry, on ${PHASE_NAMES[worst]}: ${terms(onPhase(worst))} + ${loadA} A worst building load = ${totalA} A, more than its ${circuit.limitA} A`,
      advice: advice(onPhase(worst), totalA - circuit.limitA),
    },
  ];
}

/** The sum of the connection is done with less than a circuit and those below it come to: a warning, as that may never be at once. */
function belowProblem({ circuit, loadA, path }: Fallback, wholeA: number): Problem[] {
  if (loadA <= wholeA || circuit.worstBuildingLoadA > wholeA || circuit.id === GRID_CIRCUIT_ID) return [];
  return [
    {
      severity: "warning",
      path: [...path.slice(0, -1), "worstBuildingLoadA"],
      message: `The other loads of ${circuit.id} and of the circuits below it draw up to ${loadA} A together, and the whole connection, which includes them, ${wholeA} A`,
      advice: `Set gridConnection.worstBuildingLoadA to at least ${loadA}, unless they never draw that at the same time on the same phase`,
    },
  ];
}

/** At most one problem of its fuse a circuit: that of its worst phase, with the arithmetic. */
export function fallbackProblems(configuration: SiteConfiguration): Problem[] {
  const site = siteModel(configuration);
  const watts = inWatts(configuration);
  return site.circuits.flatMap((circuit): Problem[] => {
    const index = configuration.circuits.findIndex((entry) => entry.id === circuit.id);
    const path = index < 0 ? ["gridConnection", "mainFuseA"] : ["circuits", index, "fuseA"];
    const evses = circuit.evseIds.map((id) => site.evseById.get(id)!);
    const of = { circuit, evses, loadA: worstLoadA(circuit, site.circuits), path };
    const broken = [...sumProblem(of), ...belowProblem(of, configuration.gridConnection.worstBuildingLoadA)];
    return broken.length > 0 || watts.size === 0 || site.phases === 1 ? broken : wattProblem(of, watts);
  });
}
