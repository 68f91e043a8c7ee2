/** Values that are each in range but do not go together. */

import type { EvseConfiguration, SiteConfiguration } from "../site/site.ts";
import { isTimeZone } from "../time/calendar.ts";
import { accessProblems } from "./access.ts";
import { departureProblems } from "./departures.ts";
import { deviceProblems } from "./devices.ts";
import { gridOperatorProblems } from "./grid-operator.ts";
import type { Problem } from "./problem.ts";
import { tariffProblems } from "./tariff.ts";
import { unitProblems } from "./units.ts";
import { upstreamProblems } from "./upstream.ts";

type Path = readonly (string | number)[];

function problem(severity: Problem["severity"], path: Path, message: string, advice: string): Problem {
  return { severity, path, message, advice };
}

function evseProblems(evse: EvseConfiguration, path: Path, configuration: SiteConfiguration): Problem[] {
  const problems: Problem[] = [];
  const { minCurrentA, maxCurrentA, safeCurrentA } = evse;
  if (minCurrentA > maxCurrentA)
    problems.push(
      problem(
        "error",
        [...path, "minCurrentA"],
        `Its least current, ${minCurrentA} A, is above its highest, ${maxCurrentA} A`,
        "Exchange them",
      ),
    );
  if (safeCurrentA > maxCurrentA)
    problems.push(
      problem(
        "error",
        [...path, "safeCurrentA"],
        `Its safe current, ${safeCurrentA} A, is above its highest, ${maxCurrentA} A`,
        `Set at most ${maxCurrentA}`,
      ),
    );
  if (safeCurrentA > 0 && safeCurrentA < minCurrentA)
    problems.push(
      problem(
        "error",
        [...path, "safeCurrentA"],
        `A safe current of ${safeCurrentA} A is below the least current of ${minCurrentA} A: cars may ignore it`,
        `Set 0 to pause, or at least ${minCurrentA}`,
      ),
    );
  if (configuration.gridConnection.phases === 1 && !evse.phases.includes("L1"))
    problems.push(
      problem(
        "error",
        [...path, "phases"],
        `It is on ${evse.phases.join(", ")}, but the grid connection has one phase, L1`,
        "Leave phases away, or set gridConnection.phases: 3",
      ),
    );
  const fuseA =
    configuration.circuits.find((circuit) => circuit.id === evse.circuit)?.fuseA ??
    configuration.gridConnection.mainFuseA;
  if (maxCurrentA > fuseA)
    problems.push(
      problem(
        "warning",
        [...path, "maxCurrentA"],
        `It could draw ${maxCurrentA} A from a fuse of ${fuseA} A`,
        "The guard keeps it below; check that the number is right",
      ),
    );
  return problems;
}

/** Why an EVSE cannot be switched between one phase and all of them; nothing where it can. */
function notSwitchable(evse: EvseConfiguration, quirks: readonly string[], phases: 1 | 3) {
  if (phases === 1) return ["the grid connection has one phase", "Leave it away"];
  if (evse.phases.length === 1) return ["the EVSE is on one phase", "Leave it away, or name all its phases"];
  if (quirks.includes("no-number-phases"))
    return ["its charge point is not told numberPhases (quirk no-number-phases)", "Leave one of the two away"];
  if (evse.mayPause === false)
    return ["its cars must not pause (mayPause: false), which changing phases needs", "Leave one of the two away"];
  if (evse.discharge !== undefined)
    return ["its cars may give energy back (discharge), on all phases", "Leave one of the two away"];
  return undefined;
}

function switchingProblems(configuration: SiteConfiguration): Problem[] {
  return configuration.chargePoints.flatMap(({ quirks, evses }, c) =>
    evses.flatMap((evse, e): Problem[] => {
      const why = evse.phaseSwitching && notSwitchable(evse, quirks, configuration.gridConnection.phases);
      if (!why) return [];
      const path = ["chargePoints", c, "evses", e, "phaseSwitching"];
      return [problem("error", path, `Phases cannot be switched there: ${why[0]}`, why[1]!)];
    }),
  );
}

/** A relative profile is ended by its `validTo` alone, and only above a safe default. */
function relativeProblems(quirks: readonly string[], path: Path): Problem[] {
  if (!quirks.includes("relative-profiles")) return [];
  if (quirks.includes("stack-level-zero"))
    return [
      problem(
        "error",
        path,
        "With relative profiles on one stack level a limit cannot end when the controller is gone: nothing lies below it",
        "Remove relative-profiles, or stack-level-zero, whichever the charge point does not need; with both it cannot be controlled safely",
      ),
    ];
  return [
    problem(
      "warning",
      path,
      "With relative profiles only their validTo ends a limit when the controller is gone, and some charge points ignore it",
      "Pull its network cable while a car charges: after leaseSeconds it has to be at its safe current; else set that in the charge point itself",
    ),
  ];
}

function chargePointProblems(configuration: SiteConfiguration): Problem[] {
  return configuration.chargePoints.flatMap((chargePoint, c) => [
    ...relativeProblems(chargePoint.quirks, ["chargePoints", c, "quirks"]),
    ...chargePoint.evses.flatMap((evse, e) => evseProblems(evse, ["chargePoints", c, "evses", e], configuration)),
  ]);
}

/** What stands on a circuit stands at the connection too: the sum without the controller would be done with too little. */
function loadProblems({ circuits, gridConnection }: SiteConfiguration): Problem[] {
  const { worstBuildingLoadA: wholeA } = gridConnection;
  return circuits.flatMap(({ id, worstBuildingLoadA: loadA }, index): Problem[] => {
    if (loadA <= wholeA) return [];
    return [
      problem(
        "error",
        ["circuits", index, "worstBuildingLoadA"],
        `The other loads of ${id} draw up to ${loadA} A, and the whole connection, which includes them, ${wholeA} A`,
        `Set gridConnection.worstBuildingLoadA to at least ${loadA}, or correct this`,
      ),
    ];
  });
}

function circuitProblems(configuration: SiteConfiguration): Problem[] {
  return configuration.circuits.flatMap((circuit, index) => {
    const parent = configuration.circuits.find((other) => other.id === circuit.parent);
    const aboveA = parent?.fuseA ?? configuration.gridConnection.mainFuseA;
    if (circuit.fuseA <= aboveA) return [];
    return [
      problem(
        "warning",
        ["circuits", index, "fuseA"],
        `Its fuse of ${circuit.fuseA} A is larger than the ${aboveA} A above it`,
        "Check both ratings; the smaller one holds",
      ),
    ];
  });
}

function siteProblems({ site, gridConnection }: SiteConfiguration): Problem[] {
  const problems: Problem[] = [];
  if (!isTimeZone(site.timeZone))
    problems.push(
      problem(
        "error",
        ["site", "timeZone"],
        `"${site.timeZone}" is no time zone`,
        "Write it as in the IANA list, e.g. Europe/Berlin",
      ),
    );
  const fuseW = gridConnection.mainFuseA * gridConnection.nominalVoltageV * gridConnection.phases;
  if ((gridConnection.importLimitW ?? 0) > fuseW)
    problems.push(
      problem(
        "warning",
        ["gridConnection", "importLimitW"],
        `The import limit is above what the main fuse bears (${Math.round(fuseW)} W)`,
        "The fuse holds; check the number",
      ),
    );
  return problems;
}

/** A car begins with its least power or not at all. */
function rampProblems({ gridConnection, chargePoints }: SiteConfiguration): Problem[] {
  const { rampLimitW, nominalVoltageV, phases } = gridConnection;
  const leastW = chargePoints
    .flatMap(({ evses }) => evses)
    .map((evse) => evse.minCurrentA * nominalVoltageV * Math.min(phases, evse.phases.length));
  const mostW = Math.max(0, ...leastW);
  if (rampLimitW === undefined || rampLimitW >= mostW) return [];
  return [
    problem(
      "warning",
      ["gridConnection", "rampLimitW"],
      `Each car that begins changes the import by more: the least that an EVSE takes is ${Math.round(mostW)} W`,
      `The plan can keep ${Math.round(mostW)} W or more; with less it breaks the limit by as little as it can`,
    ),
  ];
}

/** Everything that goes by value. */
export function valueProblems(configuration: SiteConfiguration): Problem[] {
  return [
    ...siteProblems(configuration),
    ...rampProblems(configuration),
    ...circuitProblems(configuration),
    ...loadProblems(configuration),
    ...chargePointProblems(configuration),
    ...switchingProblems(configuration),
    ...accessProblems(configuration),
    ...departureProblems(configuration),
    ...deviceProblems(configuration),
    ...tariffProblems(configuration),
    ...unitProblems(configuration),
    ...gridOperatorProblems(configuration),
    ...upstreamProblems(configuration),
  ];
}
