/** A home battery behind an inverter: keeps the grid at zero by itself, or follows a setpoint until that runs out. */
import { clamp } from "../../core/quantity.ts";

export interface BatteryOptions {
  readonly capacityWh: number;
  readonly maxChargeW: number;
  readonly maxDischargeW: number;
  readonly minEnergyWh: number;
  /** One way, 0..1. */
  readonly efficiency: number;
}

/** Share of the way to a new power in a second: batteries settle within 1 to 4 s. */
const SETTLES_PER_S = 0.5;

export class Battery {
  readonly options: BatteryOptions;
  energyWh: number;
  /** Charging +. */
  powerW = 0;
  #setpointW: number | undefined;
  #revertsInS = 0;

  constructor(options: BatteryOptions, energyWh: number) {
    this.options = options;
    this.energyWh = energyWh;
  }

  get socPercent(): number {
    return (100 * this.energyWh) / this.options.capacityWh;
  }

  /** A setpoint (charging +) that lasts `seconds`; `undefined` lets it run by itself. */
  command(powerW: number | undefined, seconds: number): void {
    this.#setpointW = powerW;
    this.#revertsInS = seconds;
  }

  /** Lives for `seconds`; `surplusW` is what would be exported without it (+) or imported (-). */
  step(surplusW: number, seconds: number): void {
    this.#revertsInS -= seconds;
    if (this.#revertsInS <= 0) this.#setpointW = undefined;
    const { capacityWh, maxChargeW, maxDischargeW, minEnergyWh, efficiency } = this.options;
    const wanted = clamp(this.#setpointW ?? surplusW, -maxDischargeW, maxChargeW);
    const hours = seconds / 3600;
    const possible = clamp(
      wanted,
      (-(this.energyWh - minEnergyWh) * efficiency) / hours,
      (capacityWh - this.energyWh) / efficiency / hours,
    );
    this.powerW += (possible - this.powerW) * Math.min(1, SETTLES_PER_S * seconds);
    const storedW = this.powerW > 0 ? this.powerW * efficiency : this.powerW / efficiency;
    this.energyWh = clamp(this.energyWh + storedW * hours, 0, capacityWh);
  }
}
