/** Devices that cannot work as they are written. */

import { STALE_AFTER_MS } from "../device-quality.ts";
import type { DeviceConfiguration, SiteConfiguration } from "../site/site.ts";
import type { Problem } from "./problem.ts";

/** Between two readings of a guarding meter there has to be room for one that fails. */
const SLOWEST_METER_POLL_MS = STALE_AFTER_MS / 2;

function batteryProblems(device: DeviceConfiguration, index: number): Problem[] {
  const needsBattery = device.role === "battery" || device.role === "hybrid";
  if (!needsBattery || device.battery !== undefined) return [];
  return [
    {
      severity: "error",
      path: ["devices", index],
      message: `Device "${device.id}" is a ${device.role} without a battery block`,
      advice: "Add battery: with capacityWh, maxChargeW and maxDischargeW",
    },
  ];
}

function pollProblems(device: DeviceConfiguration, index: number): Problem[] {
  if (device.role !== "meter" || device.pollMs <= SLOWEST_METER_POLL_MS) return [];
  return [
    {
      severity: "error",
      path: ["devices", index, "pollMs"],
      message: `A meter that is read every ${device.pollMs / 1000} s cannot guard a fuse: its readings count for ${STALE_AFTER_MS / 1000} s`,
      advice: `Set at most ${SLOWEST_METER_POLL_MS}; 1000 is usual`,
    },
  ];
}

function settings(device: DeviceConfiguration): string | undefined {
  if (!("serial" in device.connection)) return undefined;
  const { baudRate, parity, stopBits } = device.connection.serial;
  return `${baudRate} baud, parity ${parity}, ${stopBits} stop bit${stopBits === 1 ? "" : "s"}`;
}

function path(device: DeviceConfiguration): string | undefined {
  return "serial" in device.connection ? device.connection.serial.path : undefined;
}

/** One line has one speed. */
function lineProblems(device: DeviceConfiguration, index: number, all: readonly DeviceConfiguration[]): Problem[] {
  const first = all.slice(0, index).find((other) => path(other) !== undefined && path(other) === path(device));
  if (!first || settings(first) === settings(device)) return [];
  return [
    {
      severity: "error",
      path: ["devices", index, "connection", "serial"],
      message: `On the same line "${first.id}" uses ${settings(first)}, "${device.id}" uses ${settings(device)}`,
      advice: "Set all devices of a line to the same, at the devices and here",
    },
  ];
}

const NUMBERS_AND_DOTS = /^[\d.]+$/;
/** `http://`, a path, or a port that has a key of its own. */
const MORE_THAN_A_HOST = /[\s/]|^[^:]*:\d+$/;
const IPV4 = /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$/;

/** Any other word may be a name that the network knows. */
function hostProblems(device: DeviceConfiguration, index: number): Problem[] {
  if (!("tcp" in device.connection)) return [];
  const { host } = device.connection.tcp;
  const isBroken = MORE_THAN_A_HOST.test(host) || (NUMBERS_AND_DOTS.test(host) && !IPV4.test(host));
  if (!isBroken) return [];
  return [
    {
      severity: "error",
      path: ["devices", index, "connection", "tcp", "host"],
      message: `"${host}" is no address`,
      advice: "Write four numbers from 0 to 255, such as 192.168.178.40, or a name; a port goes beside it as port:",
    },
  ];
}

/** Problems of devices by themselves and on their line. */
export function deviceProblems({ devices }: SiteConfiguration): Problem[] {
  return devices.flatMap((device, index) => [
    ...batteryProblems(device, index),
    ...pollProblems(device, index),
    ...hostProblems(device, index),
    ...lineProblems(device, index, devices),
  ]);
}
