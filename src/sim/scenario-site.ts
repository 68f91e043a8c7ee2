/** The wired site of a scenario, its cars coming and going, and what it all came to. */
import { SLOT_MS } from "../core/slots.ts";
import { measuredWeek } from "./data.ts";
import { Building } from "./models/building.ts";
import { Car } from "./models/car.ts";
import { WiredSite } from "./models/site.ts";
import { type Scenario, scenarioPrice } from "./scenario.ts";

export type ScenarioSession = Scenario["sessions"][number];

export interface ScenarioTotals {
  readonly energyDeliveredWh: number;
  readonly energyAskedWh: number;
  readonly costEur: number;
  readonly importWh: number;
  readonly peakW: number;
  readonly peakA: number;
  readonly secondsOverFuse: number;
  readonly sessions: number;
  /** Sessions that left with more than 0.5 kWh missing. */
  readonly sessionsShort: number;
}

export interface ScenarioEvents {
  readonly arrived?: (session: ScenarioSession) => void;
  readonly left?: (session: ScenarioSession) => void;
}

interface Present {
  readonly session: ScenarioSession;
  readonly car: Car;
  readonly startWh: number;
}

export class ScenarioSite {
  readonly wired: WiredSite;
  readonly #scenario: Scenario;
  readonly #events: ScenarioEvents;
  readonly #present = new Map<string, Present>();
  #next = 0;
  #delivered = 0;
  #asked = 0;
  #cost = 0;
  #import = 0;
  #peakW = 0;
  #peakA = 0;
  #over = 0;
  #short = 0;

  constructor(scenario: Scenario, offeredA: (evseId: string, atMs: number) => number, events: ScenarioEvents = {}) {
    this.#scenario = scenario;
    this.#events = events;
    const week = measuredWeek();
    const slotOf = (atMs: number) => ((Math.floor((atMs - scenario.startMs) / SLOT_MS) % 672) + 672) % 672;
    this.wired = new WiredSite({
      voltageV: scenario.voltageV,
      evses: scenario.evses.map(({ id, phase }) => ({ id, circuitPath: ["grid"], phases: [phase] })),
      building: new Building((atMs) => scenario.buildingMeanW * (week.loadPerMean[slotOf(atMs)] ?? 1)),
      pvW: (atMs) => (scenario.pvPeakW / 1000) * (week.pvWPerKwp[slotOf(atMs)] ?? 0),
      offeredA,
    });
  }

  /** Cars present, by EVSE. */
  present(): ReadonlyMap<string, Present> {
    return this.#present;
  }

  /** Moves on by `seconds` to `atMs`: cars, physics, sums. */
  step(atMs: number, seconds: number): void {
    this.#traffic((atMs - this.#scenario.startMs) / 1000);
    this.wired.step(atMs, seconds);
    this.#count(atMs, seconds);
  }

  #traffic(nowS: number): void {
    for (const [evseId, { session }] of this.#present) if (session.departureS <= nowS) this.#leave(evseId);
    const { sessions } = this.#scenario;
    while (this.#next < sessions.length && sessions[this.#next]!.arrivalS <= nowS)
      this.#arrive(sessions[this.#next++]!);
  }

  #arrive(session: ScenarioSession): void {
    if (this.#present.has(session.evseId)) this.#leave(session.evseId);
    const capacityWh = 75_000;
    const startWh = capacityWh - session.energyWh;
    // Without the taper: a measured session ended when it was full, and already holds it.
    const maxCurrentA = Math.min(this.#scenario.maxCurrentA, session.maxPowerW / this.#scenario.voltageV);
    const car = new Car({
      capacityWh,
      energyWh: startWh,
      phases: 1,
      maxCurrentA,
      obeySeconds: 2,
      rampAPerS: 6,
      tapers: false,
    });
    this.wired.plugIn(session.evseId, car);
    this.#present.set(session.evseId, { session, car, startWh });
    this.#asked += session.energyWh;
    this.#events.arrived?.(session);
  }

  #leave(evseId: string): void {
    const { session, car, startWh } = this.#present.get(evseId)!;
    this.#present.delete(evseId);
    this.wired.unplug(evseId);
    const deliveredWh = car.energyWh - startWh;
    this.#delivered += deliveredWh;
    if (session.energyWh - deliveredWh > 500) this.#short++;
    this.#events.left?.(session);
  }

  #count(atMs: number, seconds: number): void {
    const { powerW, currentA } = this.wired.meter("grid");
    const totalW = powerW[0] + powerW[1] + powerW[2];
    const wh = (totalW * seconds) / 3600;
    const slot = Math.floor(atMs / SLOT_MS) * SLOT_MS;
    const price = totalW > 0 ? (scenarioPrice(this.#scenario, slot) ?? 0) : this.#scenario.exportEurPerKwh;
    this.#cost += (wh / 1000) * price;
    this.#import += Math.max(0, wh);
    this.#peakW = Math.max(this.#peakW, totalW);
    const highestA = Math.max(...currentA);
    this.#peakA = Math.max(this.#peakA, highestA);
    if (highestA > this.#scenario.fuseA + 0.05) this.#over += seconds;
  }

  totals(): ScenarioTotals {
    const still = [...this.#present.values()].reduce((sum, { car, startWh }) => sum + car.energyWh - startWh, 0);
    return {
      energyDeliveredWh: Math.round(this.#delivered + still),
      energyAskedWh: Math.round(this.#asked),
      costEur: Math.round(this.#cost * 100) / 100,
      importWh: Math.round(this.#import),
      peakW: Math.round(this.#peakW),
      peakA: Math.round(this.#peakA * 10) / 10,
      secondsOverFuse: Math.round(this.#over),
      sessions: this.#next,
      sessionsShort: this.#short,
    };
  }
}
