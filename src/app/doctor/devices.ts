/** Meters, inverters and batteries: by the running controller, else read once each. Nothing is ever written. */
import type { DeviceSink } from "../../core/ports.ts";
import type { DeviceConfiguration } from "../../core/site/site.ts";
import { busName } from "../../modbus/connection.ts";
import { startModbusDevices } from "../../modbus/devices.ts";
import { realClock } from "../clock.ts";
import { silentLog } from "../log.ts";
import { type Finding, findingsOn } from "./finding.ts";
import type { Running } from "./running.ts";

const PATIENCE_MS = 5_000;

function noAnswer(device: DeviceConfiguration, detail: string): Finding {
  const place = `${busName(device.connection)}, unit ${device.unitId}`;
  const advice =
    "tcp" in device.connection
      ? "Check that it is on, its address, and that Modbus TCP is switched on in it"
      : "Check A and B of the line, speed and parity, and the unit id set in the device";
  return findingsOn(device.id).fault(`no answer from ${device.profile} at ${place}: ${detail}`, advice);
}

/** Reads a device until it has answered once. */
function readOnce(device: DeviceConfiguration): Promise<Finding> {
  const { promise, resolve } = Promise.withResolvers<Finding>();
  let trouble = "it is silent";
  const take = (reading: object) => {
    const powerW = "powerW" in reading && typeof reading.powerW === "number" ? `${Math.round(reading.powerW)} W` : "";
    resolve(findingsOn(device.id).ok(`${device.profile} answers${powerW && `: ${powerW}`}`));
  };
  const sink: DeviceSink = {
    meter: take,
    pv: take,
    battery: take,
    trouble: (_, detail) => {
      trouble = detail;
    },
  };
  const started = startModbusDevices({ devices: [device], sink, clock: realClock(), log: silentLog });
  const patience = setTimeout(() => resolve(noAnswer(device, trouble)), PATIENCE_MS);
  return promise.finally(() => {
    clearTimeout(patience);
    return started.close();
  });
}

/** One line for each device. Devices on one line are read one after the other, lines at once. */
export async function checkDevices(
  devices: readonly DeviceConfiguration[],
  running: Running | undefined,
): Promise<Finding[]> {
  if (running) {
    const byId = new Map(running.live.devices.map((device) => [device.id, device]));
    return devices.map((device) => {
      const live = byId.get(device.id);
      if (live?.quality === "good") return findingsOn(device.id).ok(`${device.profile} answers the controller`);
      return noAnswer(device, live?.detail || "the controller has no fresh reading");
    });
  }
  const lines = Map.groupBy(devices, ({ connection }) => busName(connection));
  const byId = new Map<string, Finding>();
  await Promise.all(
    [...lines.values()].map(async (line) => {
      for (const device of line) byId.set(device.id, await readOnce(device));
    }),
  );
  return devices.flatMap(({ id }) => byId.get(id) ?? []);
}
