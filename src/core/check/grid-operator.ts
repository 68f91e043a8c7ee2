/** Limits of the grid operator that could never come, never end, or never be held. */
import type { SiteConfiguration } from "../site.ts";
import type { Problem } from "./problem.ts";

type Path = Problem["path"];

function problem(severity: Problem["severity"], path: Path, message: string, advice: string): Problem {
  return { severity, path, message, advice };
}

/** What the EVSEs draw together without the controller, W. */
function fallbackW({ chargePoints, gridConnection }: SiteConfiguration): number {
  const evses = chargePoints.flatMap((chargePoint) => chargePoint.evses);
  return evses.reduce((sum, evse) => sum + evse.safeCurrentA * evse.phases.length * gridConnection.nominalVoltageV, 0);
}

function inputProblems({ gridOperator, devices }: SiteConfiguration): Problem[] {
  const inputs = gridOperator?.inputs ?? [];
  return inputs.flatMap((input, index): Problem[] => {
    const path = ["gridOperator", "inputs", index];
    const twice = inputs.findIndex((other) => other.id === input.id) < index;
    const serial = "serial" in input.connection ? input.connection.serial : undefined;
    const onLine = devices.find(
      ({ connection }) => serial && "serial" in connection && connection.serial.path === serial.path,
    );
    const other = onLine && "serial" in onLine.connection ? onLine.connection.serial : undefined;
    const clashes = serial && other && JSON.stringify(settings(serial)) !== JSON.stringify(settings(other));
    return [
      ...(twice
        ? [problem("error", [...path, "id"], `There is a second "${input.id}"`, "Give each its own name")]
        : []),
      ...(clashes
        ? [
            problem(
              "error",
              [...path, "connection", "serial"],
              `On the same line "${onLine!.id}" has another speed or parity`,
              "Set all devices of a line to the same, at the devices and here",
            ),
          ]
        : []),
    ];
  });
}

function settings({ baudRate, parity, stopBits }: { baudRate: number; parity: string; stopBits: number }) {
  return { baudRate, parity, stopBits };
}

/** Every value below what the contract leaves the site anyway. */
function belowLeast({ gridOperator }: SiteConfiguration): Problem[] {
  if (!gridOperator) return [];
  const values: [Path, number][] = [
    ...(["api", "mqtt"] as const).flatMap((source): [Path, number][] => {
      const link = gridOperator[source];
      return link ? [[["gridOperator", source, "failSafeW"], link.failSafeW]] : [];
    }),
    ...gridOperator.inputs.flatMap((input, index): [Path, number][] => [
      [["gridOperator", "inputs", index, "limitW"], input.limitW],
      [["gridOperator", "inputs", index, "failSafeW"], input.failSafeW],
    ]),
  ];
  return values
    .filter(([, powerW]) => powerW < gridOperator.leastW)
    .map(([path, powerW]) =>
      problem("warning", path, `${powerW} W is below leastW: ${gridOperator.leastW} W hold`, "Check both numbers"),
    );
}

/** Problems of `gridOperator`. */
export function gridOperatorProblems(configuration: SiteConfiguration): Problem[] {
  const { gridOperator, mqtt } = configuration;
  if (!gridOperator) return [];
  const deaf = gridOperator.mqtt !== undefined && mqtt?.requests !== true;
  const links = [gridOperator.api, gridOperator.mqtt, ...gridOperator.inputs].filter((link) => link !== undefined);
  const leastFailSafeW = Math.max(gridOperator.leastW, Math.min(...links.map((link) => link.failSafeW)));
  const fallback = fallbackW(configuration);
  return [
    ...inputProblems(configuration),
    ...belowLeast(configuration),
    ...(deaf
      ? [
          problem(
            "error",
            ["gridOperator", "mqtt"],
            "Limits over MQTT are expected but MQTT takes no requests: the fail-safe limit would hold for ever",
            "Set mqtt.requests: true, or take gridOperator.mqtt out",
          ),
        ]
      : []),
    ...(links.length > 0 && fallback > leastFailSafeW
      ? [
          problem(
            "warning",
            ["gridOperator"],
            `Without the controller the EVSEs fall back to ${fallback} W together, above the fail-safe limit of ${leastFailSafeW} W`,
            "Lower their safeCurrentA if the operator's limit has to hold on that day too",
          ),
        ]
      : []),
  ];
}
