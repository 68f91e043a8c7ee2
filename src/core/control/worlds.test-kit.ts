/** Random sites, loads and faults, and what becomes of them under the guard. */
import fc from "../../../test/fast-check.ts";
import type { PerPhase } from "../quantity.ts";
import type { SiteModel } from "../site/site-model.ts";
import { Checker } from "./checker.test-kit.ts";
import { plan } from "./planned.test-kit.ts";
import { Plant, type Step } from "./plant.test-kit.ts";
import { siteOf } from "./site.test-kit.ts";

const ROTATIONS = [
  ["L1", "L2", "L3"],
  ["L2", "L3", "L1"],
  ["L3", "L1", "L2"],
] as const;

const evse = fc.record({
  rotation: fc.nat({ max: 2 }),
  wires: fc.constantFrom(1, 3, 3),
  maxCurrentA: fc.constantFrom(16, 20, 32),
  safe: fc.boolean(),
  garage: fc.boolean(),
  priority: fc.nat({ max: 9 }),
  switches: fc.boolean(),
});

/** A car that comes to one of the EVSEs. */
export const car = fc.record({
  evse: fc.nat({ max: 7 }),
  arrivesS: fc.integer({ min: 5, max: 400 }),
  staysS: fc.integer({ min: 60, max: 900 }),
  phases: fc.constantFrom<1 | 2 | 3>(1, 2, 3, 3),
  takesA: fc.integer({ min: 6, max: 32 }),
  obeyS: fc.integer({ min: 1, max: 5 }),
});

const load = fc.record({
  fromS: fc.integer({ min: 0, max: 900 }),
  forS: fc.integer({ min: 5, max: 300 }),
  phase: fc.nat({ max: 3 }),
  currentA: fc.integer({ min: 1, max: 20 }),
  garage: fc.boolean(),
});

const fault = fc.record({
  kind: fc.constantFrom("meter", "garage-meter", "offline", "stubborn", "refuses", "all-phases"),
  evse: fc.nat({ max: 7 }),
  fromS: fc.integer({ min: 100, max: 800 }),
  forS: fc.integer({ min: 3, max: 300 }),
});

/** A site with its cars, loads and faults over a quarter of an hour. */
export const world = fc.record({
  mainFuseA: fc.integer({ min: 25, max: 100 }),
  garageFuseA: fc.integer({ min: 20, max: 50 }),
  garageMeter: fc.boolean(),
  evses: fc.array(evse, { minLength: 1, maxLength: 8 }),
  cars: fc.array(car, { minLength: 1, maxLength: 10 }),
  loads: fc.array(load, { maxLength: 6 }),
  faults: fc.array(fault, { maxLength: 2 }),
  meterEveryS: fc.constantFrom(10, 10, 30),
  /** On how many phases the plans have the cars, one plan after the other; without them all share. */
  planned: fc.option(fc.array(fc.constantFrom(1, 1, 3), { minLength: 1, maxLength: 6 }), { nil: undefined }),
  unbalanceLimitA: fc.option(fc.constantFrom(16, 20), { nil: undefined }),
});

export type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

/** Safe currents only as far as the fallback sum allows, as `check` demands it of a real site. */
function siteFor(w: World): SiteModel {
  const worstA = Math.floor(w.mainFuseA / 2);
  let mainLeftA = w.mainFuseA - worstA;
  let garageLeftA = w.garageFuseA - GARAGE_OTHERS_A;
  const evses = w.evses.map(({ rotation, wires, maxCurrentA, safe, garage, priority, switches }, index) => {
    const fits = safe && mainLeftA >= 6 && (!garage || garageLeftA >= 6);
    if (fits) mainLeftA -= 6;
    if (fits && garage) garageLeftA -= 6;
    const phases = ROTATIONS[rotation]!.slice(0, wires);
    const circuit = garage ? "garage" : "grid";
    return {
      id: `e${index}`,
      phases,
      maxCurrentA,
      priority,
      circuit,
      safeCurrentA: fits ? 6 : 0,
      phaseSwitching: switches === true,
    };
  });
  return siteOf({
    mainFuseA: w.mainFuseA,
    worstBuildingLoadA: worstA,
    evses,
    ...(w.unbalanceLimitA === undefined ? {} : { unbalanceLimitA: w.unbalanceLimitA }),
    circuits: [
      {
        id: "garage",
        fuseA: w.garageFuseA,
        worstBuildingLoadA: GARAGE_OTHERS_A,
        ...(w.garageMeter ? { meter: "garage-meter" } : {}),
      },
    ],
  });
}

const GARAGE_OTHERS_A = 4;
/** Nothing changes from then on: limits and loads have to fit together soon. */
const QUIET_FROM_S = 1000;

/** Loads by phase, never beyond what the site is configured for. */
function loadsAt(w: World, garage: boolean, mostA: number): (second: number) => PerPhase {
  return (now) => {
    const second = Math.min(now, QUIET_FROM_S);
    const sum: [number, number, number] = [1, 1, 1];
    for (const entry of w.loads) {
      if (entry.garage !== garage || second < entry.fromS || second >= entry.fromS + entry.forS) continue;
      for (const phase of [0, 1, 2] as const) {
        if (entry.phase === 3 || entry.phase === phase) sum[phase] = Math.min(mostA, sum[phase] + entry.currentA);
      }
    }
    return sum;
  };
}

const PLAN_EVERY_S = 90;

/** All that are here, with 16 A each, where their EVSE is switched on as many phases as this plan has it. */
function planFor(plant: Plant, { planned }: World): void {
  if (!planned || plant.second % PLAN_EVERY_S !== 0) return;
  const phases = planned[(plant.second / PLAN_EVERY_S - 1) % planned.length];
  const here = plant.site.evses.flatMap(({ id: evseId, phaseSwitching }) => {
    const car = plant.station(evseId).car;
    const alone = phaseSwitching && phases === 1 ? { onePhaseSlots: [0, 1] } : {};
    return car ? [{ evseId, transactionId: car.transactionId, currentA: [16, 16], ...alone }] : [];
  });
  if (here.length > 0) plan(plant, here);
}

function disturb(plant: Plant, w: World, plain: { readonly powerAlone?: true }): void {
  const { second } = plant;
  planFor(plant, w);
  for (const { evse: at, arrivesS, staysS, phases, takesA, obeyS } of w.cars) {
    const id = `e${at % w.evses.length}`;
    const wires = plant.site.evseById.get(id)!.phases.length;
    const most = Math.min(phases, wires) as 1 | 2 | 3;
    if (second === arrivesS && !plant.station(id).car) plant.plug(id, { phases: most, takesA: () => takesA, obeyS });
    if (second === arrivesS + staysS) plant.unplug(id);
  }
  for (const { kind, evse: at, fromS, forS } of w.faults) {
    const id = `e${at % w.evses.length}`;
    if (kind === "offline") {
      if (second === fromS) plant.disconnect(id);
      if (second === fromS + forS) plant.connect(id);
      continue;
    }
    if (kind === "all-phases") {
      const { fault } = plant.station(id);
      if (second === fromS) plant.station(id).fault = { ...fault, ignoresPhases: true };
      if (second === fromS + forS) plant.station(id).fault = { ...fault, ignoresPhases: false };
      continue;
    }
    if (kind === "stubborn" || kind === "refuses") {
      const { fault } = plant.station(id);
      if (second === fromS)
        plant.station(id).fault = { ...fault, ...(kind === "refuses" ? { refuses: true } : { stubbornA: 16 }) };
      if (second === fromS + forS) plant.station(id).fault = fault.offline ? { ...plain, offline: true } : plain;
      continue;
    }
    const meter = kind === "meter" ? "grid-meter" : "garage-meter";
    if (second === fromS) plant.deadMeters.add(meter);
    if (second === fromS + forS) plant.deadMeters.delete(meter);
  }
}

/**
 * Time to obey, 10 s, and 2 s for reading and command. A charge point that is found out to be deaf, or that reports so
 * rarely that an estimate of it was wrong, costs a second round. Where the circuit has no meter, a deaf one is found
 * out when its own meter reports.
 */
function mostSecondsOver(w: World): number {
  const deaf = w.faults.some(({ kind }) => kind !== "meter" && kind !== "garage-meter");
  if (deaf && !w.garageMeter) return Math.max(24, w.meterEveryS + 12);
  return deaf || w.meterEveryS > 10 ? 24 : 12;
}

/**
 * Lives through a world; the checker knows what went wrong. `step` is the guard under test; `powerAlone`: no charge point
 * tells currents.
 */
export function live(w: World, step?: Step, powerAlone = false): Checker {
  const site = siteFor(w);
  const worstA = Math.floor(w.mainFuseA / 2);
  const plant = new Plant({
    site,
    building: loadsAt(w, false, worstA - GARAGE_OTHERS_A - 1),
    circuitLoads: { garage: loadsAt(w, true, GARAGE_OTHERS_A) },
    meterEveryS: w.meterEveryS,
    ...(step ? { step } : {}),
  });
  const plain = powerAlone ? { powerAlone: true as const } : {};
  for (const { id } of site.evses) plant.station(id).fault = plain;
  const checker = new Checker(plant, mostSecondsOver(w));
  plant.run(QUIET_FROM_S, () => {
    disturb(plant, w, plain);
    checker.look();
  });
  for (const evse of site.evses) {
    plant.station(evse.id).fault = plain;
    plant.connect(evse.id);
  }
  plant.deadMeters.clear();
  plant.run(240, () => checker.look());
  checker.steady();
  return checker;
}
