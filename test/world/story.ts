/** A world in words: the site, what goes wrong, and what broke. */
import { happens, kindOf } from "./faults/index.ts";
import type { Judge } from "./judge.ts";
import type { WorldPlan } from "./plan.ts";

const round = (value: number) => Math.round(value * 10) / 10;

function siteLines(plan: WorldPlan): string[] {
  const { garage, stalls, pvW, battery } = plan;
  return [
    `${plan.fuseA} A ${plan.protection}, building ${plan.baseA.map(round).join("/")} A of at most ${plan.worstBuildingA} A, ${plan.country}, from ${new Date(plan.startMs).toISOString()}, ledger ${plan.disk === "file" ? "on disk" : "in memory"}`,
    ...(garage
      ? [`garage ${garage.fuseA} A ${garage.protection}, ${garage.metered ? "with" : "without"} a meter`]
      : []),
    ...(plan.exportLimitW === undefined ? [] : [`no more export than ${plan.exportLimitW} W`]),
    ...(plan.rampLimitW === undefined ? [] : [`a ramp of ${plan.rampLimitW} W`]),
    ...(pvW === undefined ? [] : [`sun ${pvW} W`]),
    ...(battery ? [`battery ${battery.maxW} W, ${battery.control ? "controlled" : "by itself"}`] : []),
    ...stalls.map(
      (stall) =>
        `${stall.id} at ${stall.circuit} ${stall.phases.join("-")}, ${stall.maxCurrentA} A, safe ${stall.safeCurrentA} A, priority ${stall.priority}, ${stall.protocol}, samples each ${stall.sampleEveryS} s, delay ${stall.commandDelayS} s${stall.phaseSwitching ? ", switches phases" : ""}${stall.gives ? `, takes back ${stall.gives.maxPowerW} W${stall.gives.tellsCharge ? " and tells the charge" : ""}` : ""}`,
    ),
  ];
}

/** What happens in the world of a plan, line by line. */
export function storyOf(plan: WorldPlan): string[] {
  const timed = [
    ...plan.visits.map(({ fromS, untilS, stall, phases, firstPhase, maxCurrentA, obeySeconds, gives }) => ({
      atS: fromS,
      text: `a car comes to ${stall} until ${untilS} s: ${phases} phases from its L${firstPhase + 1}, ${maxCurrentA} A, obeys in ${obeySeconds} s${gives ? `, comes with ${gives.comesWithPercent} % and can give` : ""}`,
    })),
    ...plan.loads.map(({ fromS, untilS, currentA }) => ({
      atS: fromS,
      text: `the building takes ${currentA.map(round).join("/")} A more until ${untilS} s`,
    })),
    ...plan.faults
      .filter((fault) => happens(plan, fault))
      .map((fault) => ({
        atS: fault.fromS,
        text: `FAULT ${fault.family}/${fault.kind}${whom(plan, fault)} ${kindOf(fault).story}, for ${fault.forS} s`,
      })),
  ];
  return [
    ...siteLines(plan),
    ...timed.sort((a, b) => a.atS - b.atS).map(({ atS, text }) => `${String(atS).padStart(5)} s  ${text}`),
  ];
}

function whom(plan: WorldPlan, { family, pick }: WorldPlan["faults"][number]): string {
  if (["charge-point", "car", "wiring"].includes(family))
    return `: ${plan.stalls[Math.floor(pick * plan.stalls.length)]!.id}`;
  const givers = plan.stalls.filter(({ gives }) => gives);
  if (family === "giving" && givers.length > 0)
    return `: ${givers[Math.floor(pick * givers.length)]!.id}, or who gives,`;
  if (family === "meter" || family === "meter-lie")
    return plan.garage?.metered && pick >= 0.5 ? ": garage-meter" : ": grid-meter";
  return `: the ${family}`;
}

/** What broke, line by line; empty when nothing did. */
export function verdictOf({ violations }: Judge): string[] {
  return violations.map(({ second, text }) => `${String(second).padStart(5)} s  BROKEN ${text}`);
}
