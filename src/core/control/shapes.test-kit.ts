/** Random shapes of sites: three levels of circuits, with and without meters, of one phase and of three, wired anyhow. */
import fc from "../../../test/fast-check.ts";
import { worstLoadA } from "../check/fallback-sum.ts";
import { budgetInForce } from "../limits/budget.ts";
import type { PerPhase } from "../quantity.ts";
import type { SiteModel } from "../site/site-model.ts";
import { Checker } from "./checker.test-kit.ts";
import { plan } from "./planned.test-kit.ts";
import { Plant } from "./plant.test-kit.ts";
import type { Fault } from "./plant-station.test-kit.ts";
import { type SiteOptions, siteOf, VOLTAGE_V } from "./site.test-kit.ts";
import { car } from "./worlds.test-kit.ts";

const WIRINGS = [
  ["L1"],
  ["L2"],
  ["L3"],
  ["L3", "L1"],
  ["L1", "L2", "L3"],
  ["L2", "L3", "L1"],
  ["L3", "L1", "L2"],
] as const;
const PARENTS = ["grid", "a", "b"] as const;
const CIRCUITS = ["a", "b", "c"] as const;

const circuit = fc.record({
  /** Any before it. */
  parent: fc.nat({ max: 2 }),
  fuseA: fc.integer({ min: 20, max: 126 }).map((half) => half / 2),
  metered: fc.boolean(),
  worstA: fc.integer({ min: 0, max: 6 }),
  limitW: fc.option(fc.integer({ min: 3_000, max: 30_000 }), { nil: undefined, freq: 3 }),
});

const evse = fc.record({
  /** 0: the grid connection itself. */
  circuit: fc.nat({ max: 3 }),
  wiring: fc.nat({ max: WIRINGS.length - 1 }),
  minCurrentA: fc.constantFrom(6, 6, 8, 10),
  maxCurrentA: fc.constantFrom(10, 13, 16, 20, 32),
  safe: fc.boolean(),
  priority: fc.nat({ max: 9 }),
  powerAlone: fc.boolean(),
  switches: fc.boolean(),
  /** Its limits are tied to no transaction. */
  keepsLimit: fc.boolean(),
});

const load = fc.record({
  circuit: fc.nat({ max: 3 }),
  fromS: fc.integer({ min: 0, max: 900 }),
  forS: fc.integer({ min: 5, max: 300 }),
  phase: fc.nat({ max: 3 }),
  currentA: fc.integer({ min: 1, max: 20 }),
});

const fault = fc.record({
  kind: fc.constantFrom("meter", "offline", "restart", "budget", "refuses", "stubborn", "all-phases"),
  at: fc.nat({ max: 7 }),
  fromS: fc.integer({ min: 100, max: 800 }),
  forS: fc.integer({ min: 3, max: 300 }),
});

/** A site of any shape with its cars, loads and faults. */
export const shape = fc.record({
  phases: fc.constantFrom<1 | 3>(1, 3, 3, 3),
  mainFuseA: fc.integer({ min: 50, max: 200 }).map((half) => half / 2),
  circuits: fc.array(circuit, { maxLength: 3 }),
  evses: fc.array(evse, { minLength: 1, maxLength: 8 }),
  cars: fc.array(car, { minLength: 1, maxLength: 10 }),
  /** Nested circuits always have the most that was said of them. */
  worstAlways: fc.boolean(),
  loads: fc.array(load, { maxLength: 6 }),
  faults: fc.array(fault, { maxLength: 3 }),
  meterEveryS: fc.constantFrom(10, 10, 30),
  planned: fc.option(fc.array(fc.constantFrom(1, 1, 3), { minLength: 1, maxLength: 6 }), { nil: undefined }),
  unbalanceLimitA: fc.option(fc.constantFrom(16, 20), { nil: undefined }),
});

export type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;

const circuitOf = (w: Shape, at: number) =>
  at === 0 || w.circuits.length === 0 ? "grid" : CIRCUITS[(at - 1) % w.circuits.length]!;

/** Safe currents only as far as `check` accepts them. */
export function siteOfShape(w: Shape): SiteModel {
  const circuits = w.circuits.map(({ parent, fuseA, metered, worstA, limitW }, index) => ({
    id: CIRCUITS[index]!,
    parent: PARENTS[parent % (index + 1)]!,
    fuseA,
    worstBuildingLoadA: Math.min(worstA, 4),
    ...(metered ? { meter: `meter-${CIRCUITS[index]}` } : {}),
    ...(limitW === undefined ? {} : { limitW }),
  }));
  const evses = w.evses.map(({ circuit: at, wiring, minCurrentA, maxCurrentA, priority, switches }, index) => ({
    id: `e${index}`,
    circuit: circuitOf(w, at),
    phases: w.phases === 1 ? (["L1"] as const) : WIRINGS[wiring]!,
    minCurrentA: Math.min(minCurrentA, maxCurrentA),
    maxCurrentA,
    safeCurrentA: 0,
    priority,
    phaseSwitching: switches && w.phases === 3 && WIRINGS[wiring]!.length > 1,
  }));
  const options: SiteOptions = {
    mainFuseA: w.mainFuseA,
    phases: w.phases,
    worstBuildingLoadA: Math.max(Math.floor(w.mainFuseA / 2), 12),
    circuits,
    evses,
    ...(w.unbalanceLimitA === undefined || w.phases === 1 ? {} : { unbalanceLimitA: w.unbalanceLimitA }),
  };
  const plain = siteOf(options);
  const leftA = new Map(
    plain.circuits.map((one) => [one.id, [0, 0, 0].map(() => one.limitA - worstLoadA(one, plain.circuits))]),
  );
  const safe = evses.map((one, index) => {
    const { circuitPath, phases, minCurrentA } = plain.evses[index]!;
    const fits =
      w.evses[index]!.safe && circuitPath.every((id) => phases.every((phase) => leftA.get(id)![phase]! >= minCurrentA));
    if (fits) for (const id of circuitPath) for (const phase of phases) leftA.get(id)![phase]! -= minCurrentA;
    return { ...one, safeCurrentA: fits ? minCurrentA : 0 };
  });
  return siteOf({ ...options, evses: safe });
}

const QUIET_FROM_S = 1000;
const PLAN_EVERY_S = 90;

function loadsAt(w: Shape, circuitId: string, mostA: number): (second: number) => PerPhase {
  return (now) => {
    const second = Math.min(now, QUIET_FROM_S);
    const sum: [number, number, number] =
      w.worstAlways && circuitId !== "grid"
        ? [mostA, w.phases === 3 ? mostA : 0, w.phases === 3 ? mostA : 0]
        : [0, 0, 0];
    for (const entry of w.loads) {
      if (circuitOf(w, entry.circuit) !== circuitId || second < entry.fromS || second >= entry.fromS + entry.forS)
        continue;
      for (const phase of [0, 1, 2] as const)
        if ((entry.phase === 3 || entry.phase === phase) && (w.phases === 3 || phase === 0))
          sum[phase] = Math.min(mostA, sum[phase] + entry.currentA);
    }
    return sum;
  };
}

/** What the cars of a circuit with a limit of power draw above it, W; 0 where they draw nothing. */
function aboveW(plant: Plant, id: string, limitW: number): number {
  const [cars, others] = [plant.carsA(id), plant.othersA(id)];
  const sum = (load: PerPhase) => (load[0] + load[1] + load[2]) * VOLTAGE_V;
  return sum(cars) > 0 ? sum(cars) + sum(others) - limitW : 0;
}

function giveBudget(plant: Plant, powerW: number, forS: number): void {
  const slots = [{ startMs: plant.nowMs(), endMs: plant.nowMs() + forS * 3000, powerW }];
  plant.record({ type: "budget-received", source: "test", data: { by: "bems", slots } });
}

/** What the cars draw above the budget, W. */
function aboveBudgetW(plant: Plant): number {
  const budget = budgetInForce(plant.state.budgets, plant.nowMs());
  const [a, b, c] = plant.carsA("grid");
  return budget ? (a + b + c) * VOLTAGE_V - budget.limitW : 0;
}

/** All that are here, with 16 A each, where their EVSE is switched on as many phases as this plan has it. */
function planFor(plant: Plant, { planned }: Shape): void {
  if (!planned || plant.second % PLAN_EVERY_S !== 0) return;
  const phases = planned[(plant.second / PLAN_EVERY_S - 1) % planned.length];
  const here = plant.site.evses.flatMap(({ id: evseId, phaseSwitching }) => {
    const car = plant.station(evseId).car;
    const alone = phaseSwitching && phases === 1 ? { onePhaseSlots: [0, 1] } : {};
    return car ? [{ evseId, transactionId: car.transactionId, currentA: [16, 16], ...alone }] : [];
  });
  if (here.length > 0) plan(plant, here);
}

function move(plant: Plant, w: Shape): void {
  const { second, site } = plant;
  for (const { evse: at, arrivesS, staysS, phases, takesA, obeyS } of w.cars) {
    const id = `e${at % w.evses.length}`;
    const most = Math.min(phases, site.evseById.get(id)!.phases.length) as 1 | 2 | 3;
    if (second === arrivesS && !plant.station(id).car) plant.plug(id, { phases: most, takesA: () => takesA, obeyS });
    if (second === arrivesS + staysS) plant.unplug(id);
  }
}

/** A charge point with nothing wrong. */
function plain({ evses }: Shape, index: number): Fault {
  const { powerAlone, keepsLimit } = evses[index]!;
  return { ...(powerAlone ? { powerAlone } : {}), ...(keepsLimit ? { keepsLimit } : {}) };
}

const BROKEN: Readonly<Record<string, Fault>> = {
  refuses: { refuses: true },
  stubborn: { stubbornA: 16 },
  "all-phases": { ignoresPhases: true },
};

type Trouble = Shape["faults"][number];

function begin(plant: Plant, { kind, at, forS }: Trouble, evseId: string): void {
  const meters = plant.site.circuits.flatMap(({ meterId }) => meterId ?? []);
  const station = plant.station(evseId);
  if (kind === "offline") plant.disconnect(evseId);
  else if (kind === "meter") plant.deadMeters.add(meters[at % meters.length]!);
  else if (kind === "budget") giveBudget(plant, 3000 + at * 2000, forS);
  else if (kind === "restart") plant.restart();
  else station.fault = { ...station.fault, ...BROKEN[kind] };
}

function end(plant: Plant, w: Shape, { kind, at }: Trouble, index: number): void {
  const evseId = `e${index}`;
  const meters = plant.site.circuits.flatMap(({ meterId }) => meterId ?? []);
  const { fault } = plant.station(evseId);
  if (kind === "offline") plant.connect(evseId);
  else if (kind === "meter") plant.deadMeters.delete(meters[at % meters.length]!);
  else if (kind in BROKEN)
    plant.station(evseId).fault = { ...plain(w, index), ...(fault.offline ? { offline: true } : {}) };
}

function disturb(plant: Plant, w: Shape): void {
  const { second, site } = plant;
  planFor(plant, w);
  move(plant, w);
  for (const trouble of w.faults) {
    const { kind, at, fromS, forS } = trouble;
    const index = at % w.evses.length;
    if (second === fromS) begin(plant, trouble, `e${index}`);
    if (second === fromS + forS) end(plant, w, trouble, index);
    if (kind !== "restart") continue;
    // After a restart charge points come back one by one.
    const back = site.evses.find((_, position) => second === fromS + 2 + position * (at + 1));
    if (back) plant.connect(back.id);
  }
}

const MOST_SECONDS_ABOVE_POWER = 60;
const POWER_ERROR_W = 200;

/** Watches what is limited in W: a budget whatever a meter says, a circuit while its meter (if it has one) answers. */
class PowerWatch {
  readonly #plant: Plant;
  readonly #checker: Checker;
  readonly #since = new Map<string, number>();

  constructor(plant: Plant, checker: Checker) {
    this.#plant = plant;
    this.#checker = checker;
  }

  look(): void {
    const { site, deadMeters } = this.#plant;
    const listens = site.evses.every(({ id }) => {
      const { offline, refuses, stubbornA } = this.#plant.station(id).fault;
      return !(offline || refuses || stubbornA !== undefined);
    });
    this.#limit("the budget", listens ? aboveBudgetW(this.#plant) : 0);
    for (const { id, limitW, meterId } of site.circuits) {
      const isSeen = meterId === undefined || !deadMeters.has(meterId);
      if (limitW !== undefined) this.#limit(id, listens && isSeen ? aboveW(this.#plant, id, limitW) : 0);
    }
  }

  #limit(name: string, powerW: number): void {
    const { second } = this.#plant;
    if (powerW < POWER_ERROR_W) {
      this.#since.delete(name);
      return;
    }
    const since = this.#since.get(name) ?? second;
    this.#since.set(name, since);
    if (second - since > MOST_SECONDS_ABOVE_POWER)
      this.#checker.violations.push(`${second} s: cars take ${Math.round(powerW)} W above the limit of ${name}`);
  }
}

/** Lives through a site of any shape; the checker knows what went wrong. */
export function liveIn(w: Shape): Checker {
  const site = siteOfShape(w);
  const nested = site.circuits.filter(({ id }) => id !== "grid");
  const nestedA = nested.reduce((sum, one) => sum + one.worstBuildingLoadA, 0);
  const grid = site.circuits[0]!;
  const plant = new Plant({
    site,
    building: loadsAt(w, "grid", grid.worstBuildingLoadA - nestedA),
    circuitLoads: Object.fromEntries(
      nested.map(({ id, worstBuildingLoadA }) => [id, loadsAt(w, id, worstBuildingLoadA)]),
    ),
    meterEveryS: w.meterEveryS,
  });
  site.evses.forEach(({ id }, index) => {
    plant.station(id).fault = plain(w, index);
  });
  const deaf = w.faults.some(({ kind }) => kind !== "meter" && kind !== "budget");
  const rare = deaf || w.meterEveryS > 10 || w.evses.some(({ powerAlone }) => powerAlone);
  // Where a circuit has no meter one that does not listen is found out when its own reports.
  const checker = new Checker(plant, rare ? Math.max(24, w.meterEveryS + 12) : 12);
  const powers = new PowerWatch(plant, checker);
  plant.run(QUIET_FROM_S, () => {
    checker.look();
    powers.look();
    disturb(plant, w);
  });
  site.evses.forEach(({ id }, index) => {
    if (plant.station(id).fault.offline) plant.connect(id);
    plant.station(id).fault = plain(w, index);
  });
  plant.deadMeters.clear();
  plant.run(240, () => checker.look());
  checker.steady();
  return checker;
}
