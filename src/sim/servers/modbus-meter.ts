/** A three-phase meter with the register map of an Eastron SDM630: input registers, 32-bit floats. */
import type { MeterValues } from "../models/site.ts";
import { floatWords, type ModbusServer, startModbusServer } from "./modbus-server.ts";

/** SDM630 Modbus protocol: voltage 0x00, current 0x06, power 0x0C, total power 0x34, import 0x48, export 0x4A (kWh). */
function registersOf(values: MeterValues): Map<number, number> {
  const { voltageV, currentA, powerW } = values;
  const total = powerW[0] + powerW[1] + powerW[2];
  const floats = new Map<number, number>([
    [0x34, total],
    [0x46, 50],
    [0x48, values.importWh / 1000],
    [0x4a, values.exportWh / 1000],
  ]);
  for (const phase of [0, 1, 2] as const) {
    floats.set(0x00 + 2 * phase, voltageV[phase]);
    // Like the real one, current has no sign.
    floats.set(0x06 + 2 * phase, Math.abs(currentA[phase]));
    floats.set(0x0c + 2 * phase, powerW[phase]);
  }
  const words = new Map<number, number>();
  for (let address = 0; address < 0x60; address++) words.set(address, 0);
  for (const [address, value] of floats) {
    const [high, low] = floatWords(value);
    words.set(address, high);
    words.set(address + 1, low);
  }
  return words;
}

/** Serves `values()` as they are at each request. */
export function startSimulatedMeter(options: {
  readonly host: string;
  readonly port: number;
  readonly unitId: number;
  readonly values: () => MeterValues;
}): Promise<ModbusServer> {
  let words = registersOf(options.values());
  return startModbusServer({
    ...options,
    table: {
      refresh: () => {
        words = registersOf(options.values());
      },
      read: (address) => words.get(address),
    },
  });
}
