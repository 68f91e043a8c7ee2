/** Limits of the grid operator that could never come, never end, or never be held. */
import type { SiteConfiguration } from "../site/site.ts";
import type { Problem } from "./problem.ts";

type Path = Problem["path"];

function problem(severity: Problem["severity"], path: Path, message: string, advice: string): Problem {
  return { severity, path, message, advice };
}

/** What the EVSEs draw together without the controller, W. */
function fallbackW({ chargePoints, gridConnection }: SiteConfiguration): number {
  const { phases, nominalVoltageV } = gridConnection;
  const evses = chargePoints.flatMap((chargePoint) => chargePoint.evses);
  return evses.reduce(
    (sum, evse) => sum + evse.safeCurrentA * Math.min(phases, evse.phases.length) * nominalVoltageV,
    0,
  );
}

function inputProblems({ gridOperator, devices }: SiteConfiguration): Problem[] {
  const inputs = gridOperator?.inputs ?? [];
  return inputs.flatMap((input, index): Problem[] => {
    const path: Path = ["gridOperator", "inputs", index];
    const found: Problem[] = [];
    if (inputs.findIndex((other) => other.id === input.id) < index)
      found.push(problem("error", [...path, "id"], `There is a second "${input.id}"`, "Give each its own name"));
    if (input.limitW === undefined && input.exportLimitW === undefined)
      found.push(problem("error", path, `"${input.id}" limits nothing`, "Give it limitW, exportLimitW or both"));
    const clash = clashOn(input.connection, devices);
    if (clash)
      found.push(
        problem(
          "error",
          [...path, "connection", "serial"],
          `On the same line "${clash.id}" has another speed or parity`,
          "Set all devices of a line to the same, at the devices and here",
        ),
      );
    return found;
  });
}

type Connection = SiteConfiguration["devices"][number]["connection"];

/** A device on the same serial line with other settings. */
function clashOn(connection: Connection, devices: SiteConfiguration["devices"]) {
  if (!("serial" in connection)) return undefined;
  const { serial } = connection;
  return devices.find(
    ({ connection: other }) =>
      "serial" in other &&
      other.serial.path === serial.path &&
      JSON.stringify(settings(other.serial)) !== JSON.stringify(settings(serial)),
  );
}

function settings({ baudRate, parity, stopBits }: { baudRate: number; parity: string; stopBits: number }) {
  return { baudRate, parity, stopBits };
}

/** Every limit of the import, with its place. */
function importLimits({ gridOperator }: SiteConfiguration): [Path, number][] {
  if (!gridOperator) return [];
  const links = (["api", "mqtt"] as const).map((source): [Path, number | undefined] => [
    ["gridOperator", source, "failSafeW"],
    gridOperator[source]?.failSafeW,
  ]);
  const inputs = gridOperator.inputs.flatMap(({ limitW, failSafeW }, index): [Path, number | undefined][] => [
    [["gridOperator", "inputs", index, "limitW"], limitW],
    [["gridOperator", "inputs", index, "failSafeW"], failSafeW],
  ]);
  return [...links, ...inputs].filter((entry): entry is [Path, number] => entry[1] !== undefined);
}

function belowLeast(configuration: SiteConfiguration): Problem[] {
  const { leastW = 0 } = configuration.gridOperator ?? {};
  return importLimits(configuration)
    .filter(([, powerW]) => powerW < leastW)
    .map(([path, powerW]) =>
      problem("warning", path, `${powerW} W is below leastW: ${leastW} W hold`, "Check both numbers"),
    );
}

/** Limits that nobody could send: MQTT that takes no requests. */
function deafProblems({ gridOperator, mqtt }: SiteConfiguration): Problem[] {
  if (gridOperator?.mqtt === undefined || mqtt?.requests === true) return [];
  const message = "Limits over MQTT are expected but MQTT takes no requests: the fail-safe limit would hold by itself";
  const advice = "Set mqtt.requests: true, or take gridOperator.mqtt out";
  return [problem("error", ["gridOperator", "mqtt"], message, advice)];
}

function fallbackProblems(configuration: SiteConfiguration): Problem[] {
  const values = importLimits(configuration).map(([, powerW]) => powerW);
  const leastW = Math.max(configuration.gridOperator?.leastW ?? 0, Math.min(...values));
  const fallback = fallbackW(configuration);
  if (values.length === 0 || fallback <= leastW) return [];
  const message = `Without the controller the EVSEs fall back to ${fallback} W together, above the operator's ${leastW} W`;
  const advice = "Lower their safeCurrentA if the operator's limit has to hold on that day too";
  return [problem("warning", ["gridOperator"], message, advice)];
}

function exportProblems({ gridOperator, devices }: SiteConfiguration): Problem[] {
  const { api, mqtt, inputs = [] } = gridOperator ?? {};
  const limited = [api?.failSafeExportW, mqtt?.failSafeExportW, ...inputs.map(({ exportLimitW }) => exportLimitW)];
  const sun = devices.some(({ role }) => role === "pv" || role === "hybrid");
  if (!sun || limited.every((limitW) => limitW === undefined)) return [];
  const message = "A limit of the export holds back batteries and is planned with, but no inverter is turned down";
  return [problem("warning", ["gridOperator"], message, "Let the operator's contact act on the inverter too")];
}

/** Problems of `gridOperator`. */
export function gridOperatorProblems(configuration: SiteConfiguration): Problem[] {
  return [
    ...inputProblems(configuration),
    ...belowLeast(configuration),
    ...deafProblems(configuration),
    ...fallbackProblems(configuration),
    ...exportProblems(configuration),
  ];
}
