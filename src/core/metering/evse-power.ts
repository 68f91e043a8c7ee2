/** Power of an EVSE by its own meter. */
import type { EvseReading } from "../image.ts";
import { sumPhases } from "../quantity.ts";

/** Charge points report in intervals of up to a minute, some of them late. */
const VALID_MS = 120_000;

/** Power, W, or from the currents where it is not sent; `undefined` when it was not read within two minutes. */
export function evsePowerW(reading: EvseReading | undefined, monoMs: number, voltageV: number): number | undefined {
  if (!reading || monoMs - reading.atMonoMs > VALID_MS) return undefined;
  return reading.powerW ?? (reading.currentA && sumPhases(reading.currentA) * voltageV);
}
