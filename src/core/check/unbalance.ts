/** The difference between phases that EVSEs cause without us: their safe currents, where they are not wired to all. */
import { mapPhases, PHASE_INDEXES, PHASE_NAMES, sumPhases } from "../quantity.ts";
import type { SiteConfiguration } from "../site/site.ts";
import { siteModel } from "../site/site-model.ts";
import type { Problem } from "./problem.ts";

/** A warning where the fallback alone unbalances the phases by more than the country allows. */
export function unbalanceProblems(configuration: SiteConfiguration): Problem[] {
  const { evses, unbalanceLimitA, phases } = siteModel(configuration);
  if (unbalanceLimitA === undefined || phases === 1) return [];
  const uneven = evses.filter((evse) => evse.phases.length < 3);
  const onPhaseA = mapPhases((phase) =>
    uneven.reduce((sum, evse) => sum + (evse.phases.includes(phase) ? evse.safeCurrentA : 0), 0),
  );
  const [low, , high] = [...PHASE_INDEXES].sort((a, b) => onPhaseA[a] - onPhaseA[b]) as [0 | 1 | 2, number, 0 | 1 | 2];
  const differenceA = onPhaseA[high] - onPhaseA[low];
  if (sumPhases(onPhaseA) === 0 || differenceA <= unbalanceLimitA) return [];
  return [
    {
      severity: "warning",
      path: ["chargePoints"],
      message: `Without the controller the EVSEs on one or two phases draw ${differenceA} A more on ${PHASE_NAMES[high]} than on ${PHASE_NAMES[low]}, above the ${unbalanceLimitA} A that phases may differ`,
      advice: "Wire some of them to another phase, or set safeCurrentA: 0 for some",
    },
  ];
}
