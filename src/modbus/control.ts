/** Sets a battery's power, always so that the device itself falls back when we fall silent. */
import { encodeNumber } from "./codec.ts";
import type { ControlStep, RegisterControl } from "./profile.ts";
import type { SunSpecChain } from "./sunspec.ts";
import type { DevicePort } from "./values.ts";

export interface Setpoint {
  /** Charging +; `undefined` lets the battery run by itself. */
  readonly powerW: number | undefined;
  /** At least 1: to SunSpec 0 means for ever. */
  readonly lifetimeS: number;
}

function stepValue(step: ControlStep, setpoint: Setpoint): number {
  const powerW = setpoint.powerW ?? 0;
  const named = {
    power: powerW,
    magnitude: Math.abs(powerW),
    "lifetime-seconds": setpoint.lifetimeS,
    "lifetime-minutes": Math.ceil(setpoint.lifetimeS / 60),
  };
  const value = typeof step.value === "number" ? step.value : named[step.value];
  const scaledValue = value * (step.scale ?? 1);
  return (step.type as string).startsWith("f") ? scaledValue : Math.round(scaledValue);
}

/** Writes the steps of a profile. Resolves with what went wrong, in words. */
export async function setByRegisters(
  control: RegisterControl,
  port: DevicePort,
  setpoint: Setpoint,
  wordOrder: "big" | "little",
): Promise<string | undefined> {
  const { powerW } = setpoint;
  const steps =
    powerW === undefined
      ? control.release
      : powerW > 0
        ? control.charge
        : powerW < 0
          ? control.discharge
          : control.hold;
  for (const step of steps) {
    const words = encodeNumber(stepValue(step, setpoint), { type: step.type, wordOrder });
    if (!words) return `register ${step.address} cannot hold the value`;
    const failure = await port.write(step.functionCode, step.address, words);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** Offsets in SunSpec model 124. */
const AT = {
  maxChargeW: 2,
  mode: 5,
  outRate: 12,
  inRate: 13,
  revertS: 15,
  gridCharge: 17,
  maxChargeFactor: 18,
  rateFactor: 25,
} as const;
const BOTH_LIMITS = 3;

/** As a register holds it; what no register can hold is no number. */
function signedWord(value: number): number {
  if (Math.abs(value) > 0x7fff) return Number.NaN;
  return value < 0 ? value + 0x1_0000 : value;
}

/**
 * SunSpec model 124: a charge at P is an upper limit of P for charging and of -P for discharging, in percent of
 * WChaMax; InOutWRte_RvrtTms ends it (evcc issue 33037: without one a Fronius forgets after an hour, unnoticed).
 */
export async function setBySunSpec(
  chain: SunSpecChain,
  port: DevicePort,
  setpoint: Setpoint,
): Promise<string | undefined> {
  const model = chain.get(124);
  if (!model) return "it has no SunSpec model 124: its battery cannot be controlled";
  if (setpoint.powerW === undefined) return port.write(16, model.address + AT.mode, [0]);
  const read = await port.read(3, model.address, model.length + 2);
  if (!read.ok) return read.detail;
  const factor = (offset: number) => 10 ** ((((read.registers[offset] ?? 0) + 0x8000) & 0xffff) - 0x8000);
  const fullW = (read.registers[AT.maxChargeW] ?? 0) * factor(AT.maxChargeFactor);
  if (fullW <= 0) return "it does not say its battery's largest power (WChaMax)";
  const percent = Math.max(-100, Math.min(100, (100 * setpoint.powerW) / fullW));
  const raw = Math.round(percent / factor(AT.rateFactor));
  const writes: readonly (readonly [number, readonly number[]])[] = [
    [AT.revertS, [Math.min(3600, setpoint.lifetimeS)]],
    [AT.outRate, [signedWord(-raw), signedWord(raw)]],
    // Only where it is needed: the permission to charge from the grid may lie in flash.
    ...(setpoint.powerW > 0 && read.registers[AT.gridCharge] !== 1 ? ([[AT.gridCharge, [1]]] as const) : []),
    [AT.mode, [BOTH_LIMITS]],
  ];
  for (const [offset, values] of writes) {
    const failure = await port.write(16, model.address + offset, values);
    if (failure !== undefined) return failure;
  }
  return readBack(port, model.address, writes);
}

/** Devices confirm writes that they then ignore (control by Modbus switched off): what counts is what they hold. */
async function readBack(
  port: DevicePort,
  address: number,
  writes: readonly (readonly [number, readonly number[]])[],
): Promise<string | undefined> {
  const read = await port.read(3, address, AT.gridCharge + 1);
  if (!read.ok) return read.detail;
  const kept = writes.every(([offset, values]) => values.every((value, at) => read.registers[offset + at] === value));
  return kept ? undefined : "it took the setpoint but does not keep it: is control by Modbus switched on in it?";
}
