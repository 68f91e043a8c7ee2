/** A car: a battery behind an on-board charger that follows the pilot after a moment, and tapers when nearly full. */
import { clamp } from "../../core/quantity.ts";

export interface CarOptions {
  readonly capacityWh: number;
  readonly energyWh: number;
  readonly phases: 1 | 2 | 3;
  /** First of the EVSE's own phases that it loads; L1 unless told otherwise. */
  readonly firstPhase?: 0 | 1 | 2;
  readonly maxCurrentA: number;
  /** Seconds until it reacts to a new pilot, and amperes a second then. */
  readonly obeySeconds: number;
  readonly rampAPerS: number;
  /** False for a car whose measured energy ends before it is full. */
  readonly tapers?: boolean;
  /** It gives energy back down to `leastWh`, with this part of it left on the way in and on the way out, 0..1. */
  readonly gives?: { readonly leastWh: number; readonly efficiency: number };
}

/** Share of the battery from which the current falls linearly, down to a tenth at full. */
const TAPER_FROM = 0.85;
/** IEC 61851-1: no charging below 6 A. */
const PILOT_MINIMUM_A = 6;

export class Car {
  /** Replaced as a whole: a car may go over to other phases while it charges. */
  options: CarOptions;
  energyWh: number;
  currentA = 0;
  /** Its EVSE gives it no more than so many phases. */
  givenPhases = 3;
  #offeredA = 0;
  #reactsInS = 0;

  constructor(options: CarOptions) {
    this.options = options;
    this.energyWh = options.energyWh;
  }

  get socPercent(): number {
    return (100 * this.energyWh) / this.options.capacityWh;
  }

  get isFull(): boolean {
    return this.energyWh >= this.options.capacityWh - 1;
  }

  /** The current that the battery takes at most at its state of charge, A. */
  #acceptsA(): number {
    const soc = this.energyWh / this.options.capacityWh;
    const taper =
      soc < TAPER_FROM || this.options.tapers === false ? 1 : 1 - (0.9 * (soc - TAPER_FROM)) / (1 - TAPER_FROM);
    return this.options.maxCurrentA * clamp(taper, 0.1, 1);
  }

  /** Lives for `seconds` with the EVSE offering `offeredA`; returns the energy drawn, Wh. */
  step(offeredA: number, seconds: number, voltageV: number): number {
    if (offeredA !== this.#offeredA) {
      this.#offeredA = offeredA;
      this.#reactsInS = this.options.obeySeconds;
    }
    this.#reactsInS = Math.max(0, this.#reactsInS - seconds);
    if (this.#reactsInS === 0) this.#follow(offeredA, seconds);
    if (this.currentA < 0) return this.#give(seconds, voltageV);
    if (this.isFull) this.currentA = 0;
    const drawnWh = (this.currentA * this.#phases * voltageV * seconds) / 3600;
    this.energyWh = Math.min(this.options.capacityWh, this.energyWh + drawnWh * (this.options.gives?.efficiency ?? 1));
    return drawnWh;
  }

  get #phases(): number {
    return Math.min(this.options.phases, this.givenPhases);
  }

  /** Energy that flows back, Wh, negative. */
  #give(seconds: number, voltageV: number): number {
    const { leastWh, efficiency } = this.options.gives!;
    const backWh = (-this.currentA * this.#phases * voltageV * seconds) / 3600;
    const possibleWh = Math.max(0, this.energyWh - leastWh) * efficiency;
    if (backWh > possibleWh) {
      this.currentA = 0;
      return 0;
    }
    this.energyWh -= backWh / efficiency;
    return -backWh;
  }

  #follow(offeredA: number, seconds: number): void {
    if (offeredA < 0 && this.options.gives) {
      this.currentA = Math.max(offeredA, -this.options.maxCurrentA, this.currentA - this.options.rampAPerS * seconds);
      return;
    }
    const target = offeredA < PILOT_MINIMUM_A ? 0 : Math.min(offeredA, this.#acceptsA());
    const step = this.options.rampAPerS * seconds;
    if (this.currentA < 0) {
      this.currentA = Math.min(0, this.currentA + 2 * step);
      return;
    }
    this.currentA =
      target < this.currentA ? Math.max(target, this.currentA - 2 * step) : Math.min(target, this.currentA + step);
  }
}
