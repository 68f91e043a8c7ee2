/** The wired site of a scenario, its cars coming and going, and what it all came to. */
import { Battery } from "./models/battery.ts";
import { scaledBuilding } from "./models/building.ts";
import { Car } from "./models/car.ts";
import { WiredSite } from "./models/site.ts";
import { seededRandom } from "./random.ts";
import { type Scenario, type ScenarioEvse, type ScenarioSession, slotIndexOf } from "./scenario.ts";
import { ScenarioBooks, type ScenarioTotals } from "./scenario-books.ts";

export interface ScenarioEvents {
  readonly arrived?: (session: ScenarioSession) => void;
  readonly left?: (session: ScenarioSession) => void;
}

export interface Present {
  readonly session: ScenarioSession;
  readonly evse: ScenarioEvse;
  readonly car: Car;
  readonly startWh: number;
}

/** Cars react within 1 to 4 s (IEC 61851-1 allows 5). */
const OBEYS_S = [1, 4] as const;
/** A car charges on as many phases as the EVSE has wires for. */
function phasesUsed(session: ScenarioSession, evse: ScenarioEvse): 1 | 2 | 3 {
  return Math.min(session.phases, evse.phases.length) as 1 | 2 | 3;
}

const SMALLEST_BATTERY_WH = 60_000;
/** Below this a car gives nothing, whoever asks. */
const LEAST_SOC_PERCENT = 20;

export class ScenarioSite {
  readonly wired: WiredSite;
  readonly books: ScenarioBooks;
  readonly battery: Battery | undefined;
  readonly #scenario: Scenario;
  readonly #events: ScenarioEvents;
  readonly #evses: ReadonlyMap<string, ScenarioEvse>;
  readonly #present = new Map<string, Present>();
  readonly #random: () => number;
  #next = 0;

  constructor(
    scenario: Scenario,
    offeredA: (evseId: string, atMs: number) => number,
    events: ScenarioEvents & { readonly offeredPhases?: (evseId: string, atMs: number) => number } = {},
  ) {
    this.#scenario = scenario;
    this.#events = events;
    this.#evses = new Map(scenario.evses.map((evse) => [evse.id, evse]));
    this.#random = seededRandom(scenario.seed);
    this.battery = scenario.battery && new Battery(scenario.battery, scenario.battery.startEnergyWh);
    const at = (series: readonly number[], atMs: number) => series[slotIndexOf(scenario, atMs)] ?? 0;
    this.wired = new WiredSite({
      voltageV: scenario.voltageV,
      evses: scenario.evses,
      building: scaledBuilding((atMs) => at(scenario.loadW, atMs), scenario.sitePhases),
      pvW: (atMs) => at(scenario.pvW, atMs),
      phases: scenario.sitePhases,
      ...(this.battery ? { battery: this.battery } : {}),
      ...(scenario.exportLimitW === undefined ? {} : { exportLimitW: scenario.exportLimitW }),
      offeredA,
      ...(events.offeredPhases ? { offeredPhases: events.offeredPhases } : {}),
    });
    this.books = new ScenarioBooks(scenario);
  }

  /** Cars present, by EVSE. */
  present(): ReadonlyMap<string, Present> {
    return this.#present;
  }

  /** When the next car comes, epoch ms; infinity after the last. */
  nextArrivalMs(): number {
    return this.#scenario.sessions[this.#next]?.arrivalMs ?? Number.POSITIVE_INFINITY;
  }

  /** Moves on by `seconds` to `atMs`: cars, physics, sums. What happens belongs to the slot in which it began. */
  step(atMs: number, seconds: number): void {
    const beganMs = atMs - seconds * 1000;
    this.#traffic(atMs);
    this.wired.step(beganMs, seconds);
    this.books.count(this.wired, beganMs, seconds);
  }

  #traffic(nowMs: number): void {
    for (const [evseId, { session }] of this.#present) if (session.departureMs <= nowMs) this.#leave(evseId);
    const { sessions } = this.#scenario;
    while (this.#next < sessions.length && sessions[this.#next]!.arrivalMs <= nowMs)
      this.#arrive(sessions[this.#next++]!);
  }

  #arrive(session: ScenarioSession): void {
    const evse = this.#evses.get(session.evseId)!;
    const { discharge } = evse;
    const efficiency = discharge ? Math.sqrt(discharge.efficiencyPercent / 100) : 1;
    const storedWh = session.energyWh * efficiency;
    const capacityWh = Math.max(discharge?.capacityWh ?? SMALLEST_BATTERY_WH, storedWh * 1.25);
    const startWh = capacityWh - storedWh;
    const [least, most] = OBEYS_S;
    const car = new Car({
      capacityWh,
      energyWh: startWh,
      phases: phasesUsed(session, evse),
      maxCurrentA: session.maxCurrentA,
      obeySeconds: least + Math.round((most - least) * this.#random()),
      rampAPerS: 6,
      // A measured session ended when the car was full: its taper is in the measured energy already.
      tapers: false,
      ...(discharge ? { gives: { leastWh: (capacityWh * LEAST_SOC_PERCENT) / 100, efficiency } } : {}),
    });
    this.wired.plugIn(session.evseId, car);
    this.#present.set(session.evseId, { session, evse, car, startWh });
    this.#events.arrived?.(session);
  }

  #leave(evseId: string): void {
    const { session, car, startWh } = this.#present.get(evseId)!;
    this.#present.delete(evseId);
    this.wired.unplug(evseId);
    this.books.delivered(session, (car.energyWh - startWh) / (car.options.gives?.efficiency ?? 1));
    this.#events.left?.(session);
  }

  totals(): ScenarioTotals {
    for (const { session, car, startWh } of this.#present.values())
      this.books.delivered(session, (car.energyWh - startWh) / (car.options.gives?.efficiency ?? 1));
    this.#present.clear();
    return this.books.totals(this.battery?.energyWh);
  }
}
