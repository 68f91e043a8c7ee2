/** Names that must exist, be unique, and lead somewhere. */

import { GRID_CIRCUIT_ID, type SiteConfiguration } from "../site/site.ts";
import type { Problem } from "./problem.ts";

type Path = readonly (string | number)[];

function error(path: Path, message: string, advice: string): Problem {
  return { severity: "error", path, message, advice };
}

function duplicates(entries: readonly { readonly name: string; readonly path: Path }[], what: string): Problem[] {
  const seen = new Set<string>();
  return entries.flatMap(({ name, path }) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [error(path, `${what} "${name}" stands here a second time`, "Give each its own name")];
  });
}

function meterProblems(configuration: SiteConfiguration): Problem[] {
  const meters = configuration.devices.filter((device) => device.role === "meter").map((device) => device.id);
  const known = meters.length === 0 ? "no device has the role meter" : `meters are: ${meters.join(", ")}`;
  const wanted: { id: string; path: Path }[] = [
    { id: configuration.gridConnection.meter, path: ["gridConnection", "meter"] },
  ];
  configuration.circuits.forEach((circuit, index) => {
    if (circuit.meter !== undefined) wanted.push({ id: circuit.meter, path: ["circuits", index, "meter"] });
  });
  return wanted
    .filter(({ id }) => !meters.includes(id))
    .map(({ id, path }) =>
      error(path, `There is no meter "${id}"`, `Add it under devices with role: meter (${known})`),
    );
}

function circuitProblems(configuration: SiteConfiguration): Problem[] {
  const ids = [GRID_CIRCUIT_ID, ...configuration.circuits.map((circuit) => circuit.id)];
  const advice = `Known circuits: ${ids.join(", ")}`;
  const problems: Problem[] = [];
  configuration.circuits.forEach((circuit, index) => {
    const path = ["circuits", index, "parent"];
    if (!ids.includes(circuit.parent)) problems.push(error(path, `There is no circuit "${circuit.parent}"`, advice));
    else if (!leadsToGrid(circuit.id, configuration))
      problems.push(
        error(
          path,
          `Circuit "${circuit.id}" never reaches the grid connection`,
          "Its parents form a ring: set one of them to grid",
        ),
      );
  });
  configuration.devices.forEach(({ circuit = GRID_CIRCUIT_ID }, index) => {
    if (!ids.includes(circuit))
      problems.push(error(["devices", index, "circuit"], `There is no circuit "${circuit}"`, advice));
  });
  configuration.chargePoints.forEach((chargePoint, c) => {
    chargePoint.evses.forEach((evse, e) => {
      if (!ids.includes(evse.circuit))
        problems.push(
          error(["chargePoints", c, "evses", e, "circuit"], `There is no circuit "${evse.circuit}"`, advice),
        );
    });
  });
  return problems;
}

function leadsToGrid(id: string, configuration: SiteConfiguration): boolean {
  let at = id;
  for (let steps = 0; steps <= configuration.circuits.length; steps++) {
    if (at === GRID_CIRCUIT_ID) return true;
    at = configuration.circuits.find((circuit) => circuit.id === at)?.parent ?? GRID_CIRCUIT_ID;
  }
  return false;
}

function names(configuration: SiteConfiguration): Problem[] {
  const circuits = configuration.circuits.map(({ id }, index) => ({ name: id, path: ["circuits", index, "id"] }));
  const devices = configuration.devices.map(({ id }, index) => ({ name: id, path: ["devices", index, "id"] }));
  const chargePoints = configuration.chargePoints.map(({ id }, index) => ({
    name: id,
    path: ["chargePoints", index, "id"],
  }));
  const evses = configuration.chargePoints.flatMap(({ evses: list }, c) =>
    list.map(({ id }, e) => ({ name: id, path: ["chargePoints", c, "evses", e, "id"] })),
  );
  const connectors = configuration.chargePoints.flatMap((chargePoint, c) =>
    chargePoint.evses.map(({ connector }, e) => ({
      name: `${connector} of ${chargePoint.id}`,
      path: ["chargePoints", c, "evses", e, "connector"],
    })),
  );
  return [
    ...duplicates([{ name: GRID_CIRCUIT_ID, path: [] }, ...circuits], "Circuit"),
    ...duplicates(devices, "Device"),
    ...duplicates(chargePoints, "Charge point"),
    ...duplicates(evses, "EVSE"),
    ...duplicates(connectors, "Connector"),
  ];
}

function addresses(configuration: SiteConfiguration): Problem[] {
  const entries = configuration.devices.map((device, index) => {
    const { connection } = device;
    const where = "tcp" in connection ? `${connection.tcp.host}:${connection.tcp.port}` : connection.serial.path;
    return { name: `${where} unit ${device.unitId} as ${device.role}`, path: ["devices", index, "unitId"] };
  });
  return duplicates(entries, "Modbus address");
}

/** References, names and addresses. */
export function referenceProblems(configuration: SiteConfiguration): Problem[] {
  return [
    ...names(configuration),
    ...addresses(configuration),
    ...meterProblems(configuration),
    ...circuitProblems(configuration),
  ];
}
