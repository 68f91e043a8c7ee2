/** Modbus devices, one supervised shell a line: what breaks on one line leaves the meters on the others alone. */
import type { Devices } from "../../core/ports.ts";
import { busName } from "../../modbus/connection.ts";
import { type ModbusOptions, startModbusDevices } from "../../modbus/devices.ts";
import { inCore, type Supervised, type Supervisor } from "./supervise.ts";

/** Starts all lines. Rejects where a profile is not known. */
export async function superviseLines(supervisor: Supervisor, options: ModbusOptions): Promise<Devices> {
  const { sink } = options;
  const own: ModbusOptions["sink"] = {
    meter: inCore((reading) => sink.meter(reading)),
    pv: inCore((reading) => sink.pv(reading)),
    battery: inCore((reading) => sink.battery(reading)),
    trouble: inCore((deviceId, detail) => sink.trouble(deviceId, detail)),
  };
  const { all, onRead } = options.inputs ?? { all: [], onRead: () => {} };
  const devicesOf = Map.groupBy(options.devices, ({ connection }) => busName(connection));
  const inputsOf = Map.groupBy(all, ({ connection }) => busName(connection));
  const lineOf = new Map<string, Supervised<Devices>>();
  const lines: Supervised<Devices>[] = [];
  for (const name of new Set([...devicesOf.keys(), ...inputsOf.keys()])) {
    const devices = devicesOf.get(name) ?? [];
    const inputs = { all: inputsOf.get(name) ?? [], onRead: inCore(onRead) };
    const start = () => startModbusDevices({ ...options, devices, inputs, sink: own });
    const line = await supervisor.start(`The Modbus line ${name}`, start);
    lines.push(line);
    for (const { id } of devices) lineOf.set(id, line);
  }
  return {
    async setBattery(deviceId, powerW, expiresInMs) {
      const answer = lineOf.get(deviceId)?.use((line) => line.setBattery(deviceId, powerW, expiresInMs));
      return (await answer) ?? { status: "offline", detail: "its line is being started again" };
    },
    async limitPv(deviceId, limitW, expiresInMs) {
      const answer = lineOf.get(deviceId)?.use((line) => line.limitPv(deviceId, limitW, expiresInMs));
      return (await answer) ?? { status: "offline", detail: "its line is being started again" };
    },
    async close() {
      await Promise.all(lines.map((line) => line.close()));
    },
  };
}
