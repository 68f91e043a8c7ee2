/** A simulated meter of a circuit, read through the Modbus shell's own checks, and the ways in which it can lie. */
import type { MeterReading } from "../../src/core/image.ts";
import { meterReading } from "../../src/modbus/readings.ts";
import type { DeviceValues } from "../../src/modbus/values.ts";
import type { WiredSite } from "../../src/sim/models/site.ts";

export type MeterValues = NonNullable<DeviceValues["meter"]>;
/** Turns what is true into what is told; `undefined` does not answer, a string says why. */
export type Distortion = (values: MeterValues, second: number) => MeterValues | string | undefined;

export class SimulatedMeter {
  readonly deviceId: string;
  readonly circuitId: string;
  /** What is wrong with it, by fault. */
  readonly distortions = new Map<unknown, Distortion>();
  /** When the controller had its last reading, s. */
  answeredS = Number.NEGATIVE_INFINITY;
  readonly #wired: WiredSite;

  constructor(deviceId: string, circuitId: string, wired: WiredSite) {
    this.deviceId = deviceId;
    this.circuitId = circuitId;
    this.#wired = wired;
  }

  /** As an SDM630 has them: currents without a sign, powers with one, voltages that never rest. */
  #values(second: number): MeterValues {
    const { powerW, currentA, importWh, exportWh } = this.#wired.meter(this.circuitId);
    const voltageV = [7, 11, 13].map((step) => 229.5 + ((second * step) % 10) / 10);
    return {
      powerW: powerW[0] + powerW[1] + powerW[2],
      phasePowerW: powerW,
      currentA: currentA.map(Math.abs),
      voltageV,
      importWh,
      exportWh,
    };
  }

  /** Its answer to a poll: a reading, why there is none, or nothing at all. */
  read(atMonoMs: number, second: number): MeterReading | string | undefined {
    let told: MeterValues | string | undefined = this.#values(second);
    for (const distort of this.distortions.values()) {
      if (typeof told === "object") told = distort(told, second);
    }
    if (typeof told !== "object") return told;
    return meterReading({ meter: told }, { id: this.deviceId, invert: false }, atMonoMs);
  }
}
