/** The wired site: EVSEs on their phases below circuits, building, sun and battery, and what each meter would show. */
import { addPhases, mapPhases, type PerPhase, PHASE_INDEXES, type PhaseIndex } from "../../core/quantity.ts";
import type { Battery } from "./battery.ts";
import type { Building } from "./building.ts";
import type { Car } from "./car.ts";

export interface EvseWiring {
  readonly id: string;
  /** Circuit ids from its own up to `grid`. */
  readonly circuitPath: readonly string[];
  readonly phases: readonly PhaseIndex[];
}

export interface SiteModelOptions {
  readonly voltageV: number;
  readonly evses: readonly EvseWiring[];
  readonly building: Pick<Building, "powerW">;
  /** Phases of the connection over which sun and battery spread; 3 when left out. */
  readonly phases?: 1 | 3;
  readonly pvW: (atMs: number) => number;
  readonly battery?: Battery;
  /** The inverter throttles the sun so far that no more than this is exported, W. */
  readonly exportLimitW?: number;
  /** Current that an EVSE offers its car now, A. */
  readonly offeredA: (evseId: string, atMs: number) => number;
  /** On how many of its phases; all when left out. */
  readonly offeredPhases?: (evseId: string, atMs: number) => number;
}

export interface MeterValues {
  readonly powerW: PerPhase;
  readonly currentA: PerPhase;
  readonly voltageV: PerPhase;
  readonly importWh: number;
  readonly exportWh: number;
}

interface EvseSide {
  wiring: EvseWiring;
  car?: Car;
  registerWh: number;
  exportWh: number;
}

interface ExtraLoad {
  readonly phase: PhaseIndex;
  readonly powerW: number;
  readonly untilMs: number;
}

/** The EVSE's own phases that a car loads. */
function wiresUsed({ options, givenPhases }: Car, wiring: EvseWiring): readonly PhaseIndex[] {
  const first = options.firstPhase ?? 0;
  const used = PHASE_INDEXES.filter(
    (wire) => wire >= first && wire < Math.min(first + options.phases, wiring.phases.length),
  );
  return used.slice(0, givenPhases);
}

/** Part of the way to a lower limit that an inverter has not gone after a second. */
const PV_LAG = 0.4;

function spread(value: number, phases: 1 | 3): PerPhase {
  return phases === 1 ? [value, 0, 0] : [value / 3, value / 3, value / 3];
}

export class WiredSite {
  readonly #options: SiteModelOptions;
  readonly #evses = new Map<string, EvseSide>();
  readonly #circuitPowerW = new Map<string, [number, number, number]>();
  readonly #registers = new Map<string, { importWh: number; exportWh: number }>();
  #loads: ExtraLoad[] = [];
  pvW = 0;
  pvWh = 0;
  #pvLimit: { readonly limitW: number; readonly untilMs: number } | undefined;
  /** What the cars draw, and the battery (charging +), W. */
  evsesW = 0;
  batteryW = 0;

  constructor(options: SiteModelOptions) {
    this.#options = options;
    for (const wiring of options.evses) this.#evses.set(wiring.id, { wiring, registerWh: 0, exportWh: 0 });
  }

  plugIn(evseId: string, car: Car): void {
    this.#side(evseId).car = car;
  }

  unplug(evseId: string): Car | undefined {
    const side = this.#side(evseId);
    const { car } = side;
    delete side.car;
    return car;
  }

  /** Grid phases of the EVSE's wires. */
  phasesOf(evseId: string): readonly PhaseIndex[] {
    return this.#side(evseId).wiring.phases;
  }

  /** The EVSE is on other phases than it should be, as somebody mounted it. */
  rewire(evseId: string, phases: readonly PhaseIndex[]): void {
    const side = this.#side(evseId);
    side.wiring = { ...side.wiring, phases };
  }

  car(evseId: string): Car | undefined {
    return this.#side(evseId).car;
  }

  registerWh(evseId: string): number {
    return this.#side(evseId).registerWh;
  }

  /** The EVSE's register of what was given back. */
  exportWh(evseId: string): number {
    return this.#side(evseId).exportWh;
  }

  /** The EVSE's register starts at what it counted in the years before. */
  setRegister(evseId: string, wh: number): void {
    this.#side(evseId).registerWh = wh;
  }

  /** Currents on the EVSE's own L1, L2, L3. */
  evseCurrentA(evseId: string): PerPhase {
    const { car, wiring } = this.#side(evseId);
    const used = car ? wiresUsed(car, wiring) : [];
    return mapPhases((wire) => (used.includes(wire) ? car!.currentA : 0));
  }

  /** The inverter gives no more than `limitW` until `untilMs`; `undefined`: all that there is. */
  limitPv(limitW: number | undefined, untilMs: number): void {
    this.#pvLimit = limitW === undefined ? undefined : { limitW, untilMs };
  }

  addLoad(load: ExtraLoad): void {
    this.#loads.push(load);
  }

  /** Physics for `seconds`, ending at `atMs`. */
  step(atMs: number, seconds: number): void {
    const totals = this.#circuitPowerW;
    totals.clear();
    totals.set("grid", [0, 0, 0]);
    for (const side of this.#evses.values()) this.#stepEvse(side, atMs, seconds);
    const grid = totals.get("grid")!;
    this.evsesW = grid[0] + grid[1] + grid[2];
    const building = this.#buildingW(atMs);
    const { battery, phases = 3 } = this.#options;
    const limit = this.#pvLimit;
    const heldW = limit && atMs < limit.untilMs ? limit.limitW : Number.POSITIVE_INFINITY;
    // Inverters follow a limit within some seconds.
    this.pvW = Math.min(this.#options.pvW(atMs), heldW + Math.max(0, this.pvW - heldW) * PV_LAG ** seconds);
    this.pvWh += (this.pvW * seconds) / 3600;
    let net = addPhases(addPhases(grid, building), spread(-this.pvW, phases));
    if (battery) {
      battery.step(-(net[0] + net[1] + net[2]), seconds);
      this.batteryW = battery.powerW;
      net = addPhases(net, spread(battery.powerW, phases));
    }
    const cutW = this.#cutW(net);
    if (cutW > 0) {
      this.pvW -= cutW;
      this.pvWh -= (cutW * seconds) / 3600;
      net = addPhases(net, spread(cutW, phases));
    }
    totals.set("grid", [net[0], net[1], net[2]]);
    for (const [circuitId, powerW] of totals) this.#count(circuitId, powerW, seconds);
  }

  /** Sun that may not be exported, W. */
  #cutW(net: PerPhase): number {
    const { exportLimitW } = this.#options;
    if (exportLimitW === undefined) return 0;
    return Math.min(this.pvW, Math.max(0, -(net[0] + net[1] + net[2]) - exportLimitW));
  }

  #stepEvse(side: EvseSide, atMs: number, seconds: number): void {
    const { car, wiring } = side;
    if (!car) return;
    const { voltageV } = this.#options;
    car.givenPhases = this.#options.offeredPhases?.(wiring.id, atMs) ?? 3;
    const wh = car.step(this.#options.offeredA(wiring.id, atMs), seconds, voltageV);
    if (wh > 0) side.registerWh += wh;
    else side.exportWh -= wh;
    const used = wiresUsed(car, wiring);
    for (const circuitId of wiring.circuitPath) {
      const total = this.#circuitPowerW.get(circuitId) ?? [0, 0, 0];
      for (const wire of used) total[wiring.phases[wire]!] += car.currentA * voltageV;
      this.#circuitPowerW.set(circuitId, total as [number, number, number]);
    }
  }

  #buildingW(atMs: number): PerPhase {
    const power = [...this.#options.building.powerW(atMs)] as [number, number, number];
    this.#loads = this.#loads.filter((load) => load.untilMs > atMs);
    for (const load of this.#loads) power[load.phase] += load.powerW;
    return power;
  }

  #count(circuitId: string, powerW: PerPhase, seconds: number): void {
    const register = this.#registers.get(circuitId) ?? { importWh: 1_000_000, exportWh: 200_000 };
    const wh = ((powerW[0] + powerW[1] + powerW[2]) * seconds) / 3600;
    if (wh > 0) register.importWh += wh;
    else register.exportWh -= wh;
    this.#registers.set(circuitId, register);
  }

  /** What a meter at this circuit shows. */
  meter(circuitId: string): MeterValues {
    const powerW = (this.#circuitPowerW.get(circuitId) ?? [0, 0, 0]) as PerPhase;
    const { voltageV } = this.#options;
    const register = this.#registers.get(circuitId) ?? { importWh: 1_000_000, exportWh: 200_000 };
    return {
      powerW: [powerW[0], powerW[1], powerW[2]],
      currentA: [powerW[0] / voltageV, powerW[1] / voltageV, powerW[2] / voltageV],
      voltageV: [voltageV, voltageV, voltageV],
      importWh: register.importWh,
      exportWh: register.exportWh,
    };
  }

  #side(evseId: string): EvseSide {
    const side = this.#evses.get(evseId);
    if (!side) throw new Error(`The simulated site has no EVSE ${evseId}`);
    return side;
  }
}
