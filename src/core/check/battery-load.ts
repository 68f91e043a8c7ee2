/** A battery that charges is a load of its circuit: the worst load that is written there has to hold it. */
import type { SiteConfiguration } from "../site/site.ts";
import { GRID_CIRCUIT_ID } from "../site/site.ts";
import { siteModel } from "../site/site-model.ts";
import { worstLoadA } from "./fallback-sum.ts";
import type { Problem } from "./problem.ts";

/**
 * Refused where no meter shows what the circuit carries: its worst load is all that anybody reckons with. A warning elsewhere:
 * without the controller nobody keeps the battery below the fuse.
 */
export function batteryLoadProblems(configuration: SiteConfiguration): Problem[] {
  const site = siteModel(configuration);
  return site.circuits.flatMap((circuit): Problem[] => {
    const below = new Set([circuit.id]);
    for (const { id, parentId } of site.circuits) if (parentId !== undefined && below.has(parentId)) below.add(id);
    const here = site.batteries.filter(({ circuit: at = GRID_CIRCUIT_ID }) => below.has(at));
    const powerW = here.reduce((sum, { battery }) => sum + (battery?.maxChargeW ?? 0), 0);
    // On one phase it is more: that is not known.
    const leastA = Math.floor(powerW / (site.voltageV * site.phases));
    const worstA = worstLoadA(circuit, site.circuits);
    if (worstA >= leastA) return [];
    const index = configuration.circuits.findIndex(({ id }) => id === circuit.id);
    const at = index < 0 ? ["gridConnection"] : ["circuits", index];
    return [
      {
        severity: circuit.meterId === undefined ? "error" : "warning",
        path: [...at, "worstBuildingLoadA"],
        message: `Charging ${here.map(({ id }) => id).join(" and ")} takes ${leastA} A on each phase of ${circuit.id}, and its worst load is said to be ${worstA} A`,
        advice: "Write what everything but the EVSEs draws there at most, the battery included",
      },
    ];
  });
}
