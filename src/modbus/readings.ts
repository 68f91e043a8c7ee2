/** From what a device said to readings: checked for plausibility, signed, quantised. */
import type { BatteryReading, MeterReading, PvReading } from "../core/image.ts";
import type { PerPhase } from "../core/quantity.ts";
import type { DeviceValues } from "./values.ts";

const tenth = (value: number) => Math.round(value * 10) / 10;
const HIGHEST_POWER_W = 5_000_000;

function perPhase(values: readonly (number | undefined)[] | undefined): PerPhase | undefined {
  if (!values || values.length === 0 || values.includes(undefined)) return undefined;
  const known = values as readonly number[];
  return [known[0] ?? 0, known[1] ?? 0, known[2] ?? 0];
}

/**
 * How much flows is in the current, which way in the power of its phase: makes differ in whether currents have a sign, and
 * in what it means. A meter that does not tell the power of its phases shows all of it as import, which opens no fuse.
 */
function signed(currentA: PerPhase, powerW: PerPhase | undefined, turn: 1 | -1): PerPhase {
  const of = (phase: 0 | 1 | 2) => {
    const flowsOut = powerW !== undefined && turn * powerW[phase] < 0;
    return tenth(flowsOut ? -Math.abs(currentA[phase]) : Math.abs(currentA[phase])) + 0;
  };
  return [of(0), of(1), of(2)];
}

/** No supply is further off what it should be than these parts of it: then the profile is wrong. */
const LOWEST_VOLTAGE = 0.65;
const HIGHEST_VOLTAGE = 1.3;

/** What cannot be, in words; such a reading is not used. */
function implausible(meter: NonNullable<DeviceValues["meter"]>, nominalV: number): string | undefined {
  const isOdd = (valueV: number) => valueV < LOWEST_VOLTAGE * nominalV || valueV > HIGHEST_VOLTAGE * nominalV;
  const voltage = (meter.voltageV ?? []).find((value) => value !== undefined && value !== 0 && isOdd(value));
  if (voltage !== undefined) return `a voltage of ${tenth(voltage)} V: wrong profile or word order`;
  const { powerW } = meter;
  if (powerW !== undefined && Math.abs(powerW) > HIGHEST_POWER_W)
    return `a power of ${powerW} W: wrong profile or word order`;
  const phases = perPhase(meter.phasePowerW);
  const total = phases && phases[0] + phases[1] + phases[2];
  if (total !== undefined && powerW !== undefined && Math.abs(total - powerW) > 200 + 0.1 * Math.abs(powerW)) {
    return `phases add up to ${Math.round(total)} W but the total is ${Math.round(powerW)} W: wrong profile, or a wire is swapped`;
  }
  return undefined;
}

/** Where a meter is mounted. */
export interface Mounting {
  /** On how many phases it guards a fuse; left out: on one at most. */
  readonly fusePhases?: 1 | 3;
  /** Phase to neutral; left out: 230. */
  readonly nominalVoltageV?: number;
}

/**
 * A meter's reading, or why it is not used. `invert` for a meter that was mounted the wrong way round.
 */
export function meterReading(
  values: DeviceValues,
  device: { readonly id: string; readonly invert: boolean } & Mounting,
  atMonoMs: number,
): MeterReading | string {
  const { meter } = values;
  if (meter?.powerW === undefined) return "it does not say its power";
  const problem = implausible(meter, device.nominalVoltageV ?? 230);
  if (problem !== undefined) return problem;
  if (meter.currentA?.length === 1 && device.fusePhases === 3)
    return "it measures one phase, and guards a fuse of three: use a three-phase meter";
  const sign = device.invert ? -1 : 1;
  const currents = perPhase(meter.currentA);
  const currentA = currents && signed(currents, perPhase(meter.phasePowerW), sign);
  const voltageV = perPhase(meter.voltageV);
  const [importWh, exportWh] = device.invert ? [meter.exportWh, meter.importWh] : [meter.importWh, meter.exportWh];
  return {
    deviceId: device.id,
    atMonoMs,
    powerW: Math.round(sign * meter.powerW) + 0,
    ...(currentA ? { currentA } : {}),
    ...(voltageV ? { voltageV: [tenth(voltageV[0]), tenth(voltageV[1]), tenth(voltageV[2])] as const } : {}),
    ...(importWh === undefined ? {} : { importWh: Math.round(importWh) }),
    ...(exportWh === undefined ? {} : { exportWh: Math.round(exportWh) }),
  };
}

/** An inverter's reading; small negative night consumption is no production. */
export function pvReading(values: DeviceValues, deviceId: string, atMonoMs: number): PvReading | string {
  const { pv } = values;
  if (pv?.powerW === undefined) return "it does not say its PV power";
  const energyWh = pv.energyWh === undefined ? {} : { energyWh: Math.round(pv.energyWh) };
  return { deviceId, atMonoMs, powerW: Math.max(0, Math.round(pv.powerW)), ...energyWh };
}

/** A battery's reading. */
export function batteryReading(values: DeviceValues, deviceId: string, atMonoMs: number): BatteryReading | string {
  const { battery } = values;
  if (battery?.powerW === undefined) return "it does not say its battery power";
  const soc = battery.socPercent;
  const socPercent = soc === undefined || soc < 0 || soc > 100 ? {} : { socPercent: tenth(soc) };
  return { deviceId, atMonoMs, powerW: Math.round(battery.powerW), ...socPercent };
}
