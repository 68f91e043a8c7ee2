/** What a seed stands for: a site, its cars, its building and what goes wrong. Plain data that can be printed. */
import type { PerPhase } from "../../src/core/quantity.ts";
import type { Protection } from "../../src/core/site/site.ts";
import type { Fault } from "./fault.ts";
import { drawFault, LATE_NAMES } from "./faults/index.ts";
import { withGiving } from "./giving.ts";
import { Draw } from "./random.ts";

export interface Stall {
  readonly id: string;
  readonly circuit: "grid" | "garage";
  readonly phases: readonly ("L1" | "L2" | "L3")[];
  readonly safeCurrentA: number;
  readonly maxCurrentA: number;
  readonly priority: number;
  readonly protocol: "ocpp1.6" | "ocpp2.0.1";
  /** Seconds from a command to its effect in the charge point. */
  readonly commandDelayS: number;
  /** Seconds between its meter values. */
  readonly sampleEveryS: number;
  /** It sets its clock by the controller's answers. */
  readonly followsOurClock: boolean;
  /** Periods that a schedule of it may have. */
  readonly maxPeriods: number;
  /** It gives its car one phase, or all, as it is told. */
  readonly phaseSwitching: boolean;
  /** It takes energy back from its car, told by a negative limit; `tellsCharge`: with its meter values comes the car's charge. */
  readonly gives?: { readonly maxPowerW: number; readonly tellsCharge: boolean };
}

export interface Visit {
  readonly stall: string;
  readonly fromS: number;
  readonly untilS: number;
  readonly phases: 1 | 2 | 3;
  /** First of the EVSE's own phases that it loads. */
  readonly firstPhase: 0 | 1 | 2;
  readonly maxCurrentA: number;
  readonly obeySeconds: number;
  /** The driver asks for power at once, whatever the plan says. */
  readonly hurries: boolean;
  /** It can give energy back, and comes with so much of its battery, percent. */
  readonly gives?: { readonly comesWithPercent: number };
}

/** A load of the building on top of its base. */
export interface Load {
  readonly fromS: number;
  readonly untilS: number;
  readonly currentA: PerPhase;
}

export interface WorldPlan {
  readonly seed: number;
  readonly startMs: number;
  readonly timeZone: string;
  readonly country: string;
  readonly fuseA: number;
  readonly protection: Protection;
  readonly worstBuildingA: number;
  readonly baseA: PerPhase;
  readonly exportLimitW?: number;
  readonly rampLimitW?: number;
  readonly garage?: { readonly fuseA: number; readonly protection: Protection; readonly metered: boolean };
  /** Production while no cloud passes, W. */
  readonly pvW?: number;
  readonly battery?: { readonly maxW: number; readonly energyWh: number; readonly control: boolean };
  readonly stalls: readonly Stall[];
  readonly visits: readonly Visit[];
  readonly loads: readonly Load[];
  readonly faults: readonly Fault[];
  /** A real ledger file, or one in memory (ten times faster). */
  readonly disk: "file" | "memory";
}

/** From here on nothing goes wrong any more and the building is calm. */
export const CALM_FROM_S = 1000;
/** By then every car charges again, whatever it was. */
export const WELL_BY_S = 1600;
/** All cars leave; then the books are closed. */
export const LEAVE_AT_S = 1640;
export const END_S = 1720;

const VOLTAGE = 230;
const LEAST_A = 6;
/** What the guard leaves free, and what a meter's last digit may cost. */
const SPARE_A = 3;
/** Of the kinds of faults that are drawn last. */
const LATE_CHANCE = 0.1;
const ROTATIONS = [
  ["L1", "L2", "L3"],
  ["L2", "L3", "L1"],
  ["L3", "L1", "L2"],
] as const;

type Site = Pick<WorldPlan, "fuseA" | "worstBuildingA" | "garage">;

/** Safe currents only as far as the sum of the fallbacks allows: `check` refuses anything else. */
function drawStalls(draw: Draw, count: number, { fuseA, worstBuildingA, garage }: Site): Stall[] {
  let leftA = fuseA - worstBuildingA;
  let garageLeftA = garage?.fuseA ?? 0;
  return Array.from({ length: count }, (_, index) => {
    const circuit = garage && draw.chance(0.5) ? "garage" : "grid";
    const fits = draw.chance(0.7) && leftA >= LEAST_A && (circuit === "grid" || garageLeftA >= LEAST_A);
    if (fits) leftA -= LEAST_A;
    if (fits && circuit === "garage") garageLeftA -= LEAST_A;
    return {
      id: "abcdefgh"[index]!,
      circuit,
      phases: draw.one(ROTATIONS).slice(0, draw.one([1, 3, 3, 3])),
      safeCurrentA: fits ? LEAST_A : 0,
      maxCurrentA: draw.one([16, 16, 20, 32]),
      priority: draw.whole(1, 9),
      protocol: draw.one(["ocpp1.6", "ocpp1.6", "ocpp2.0.1"] as const),
      commandDelayS: draw.one([0, 0, 1, 2]),
      sampleEveryS: draw.one([10, 10, 15, 30]),
      followsOurClock: draw.chance(0.5),
      maxPeriods: 24,
      phaseSwitching: false,
    };
  });
}

function drawVisits(draw: Draw, stalls: readonly Stall[]): Visit[] {
  return stalls.flatMap(({ id: stall, phases: wires }) => {
    const car = () => {
      const phases = Math.min(wires.length, draw.one([1, 2, 3, 3, 3])) as 1 | 2 | 3;
      return {
        stall,
        phases,
        firstPhase: (draw.chance(0.2) ? wires.length - phases : 0) as 0 | 1 | 2,
        maxCurrentA: draw.one([10, 16, 16, 32]),
        obeySeconds: draw.whole(1, 4),
        hurries: draw.chance(0.8),
      };
    };
    const first = { ...car(), fromS: draw.whole(20, 120), untilS: LEAVE_AT_S };
    if (draw.chance(0.7)) return [first];
    const leavesS = draw.whole(300, 700);
    return [
      { ...first, untilS: leavesS },
      { ...car(), fromS: leavesS + draw.whole(20, 120), untilS: LEAVE_AT_S },
    ];
  });
}

/** Loads that come and go, together with the base never more than what the site is configured for. */
function drawLoads(draw: Draw, worstA: number): Load[] {
  const loads: Load[] = [];
  for (let atS = draw.whole(130, 200); atS < CALM_FROM_S; ) {
    const forS = draw.whole(10, 150);
    const three = draw.chance(0.3);
    const phase = draw.whole(0, 2);
    const sizeA = draw.part() * worstA;
    const currentA = [0, 1, 2].map((of) => (three || of === phase ? sizeA : 0)) as unknown as PerPhase;
    loads.push({ fromS: atS, untilS: Math.min(CALM_FROM_S, atS + forS), currentA });
    atS += forS + draw.whole(0, 60);
  }
  return loads;
}

/** The days whose quarter-hours are 92 and 100, and two ordinary ones. */
const MOMENTS = [
  Date.UTC(2026, 5, 10, 12, 2),
  Date.UTC(2026, 0, 14, 17, 48),
  Date.UTC(2026, 2, 29, 0, 52),
  Date.UTC(2026, 9, 25, 0, 52),
];

function drawGarage(draw: Draw, leastA: number): WorldPlan["garage"] {
  const fuseA = Math.max(leastA, draw.one([25, 32, 40, 50]));
  if (!draw.chance(0.6)) return undefined;
  return { fuseA, protection: draw.one<Protection>(["B", "C", "gG"]), metered: draw.chance(0.6) };
}

function drawRoof(draw: Draw): Pick<WorldPlan, "pvW" | "battery"> {
  const pvW = draw.chance(0.5) ? draw.whole(2, 12) * 1000 : undefined;
  const battery = { maxW: draw.one([3000, 5000]), energyWh: draw.whole(3000, 8000), control: draw.chance(0.5) };
  return { ...(pvW === undefined ? {} : { pvW }), ...(draw.chance(0.5) ? { battery } : {}) };
}

export interface PlanOptions {
  /** These kinds of faults, one each, instead of the drawn ones; `family/kind`, or a family. */
  readonly only?: readonly string[];
  /** These kinds of faults, one each, besides the others. */
  readonly also?: readonly string[];
  readonly disk?: "file" | "memory";
  /** Whether EVSEs may be switched to one phase; left out: in some worlds. */
  readonly switching?: boolean;
  /** Whether cars give energy back; left out: in no world. */
  readonly giving?: boolean;
  /** So many EVSEs. */
  readonly stalls?: number;
}

function anyKinds(count: number): undefined[] {
  return Array.from({ length: count }, () => undefined);
}

/** The world of a seed. */
export function drawWorld(seed: number, options: PlanOptions = {}): WorldPlan {
  const plan = drawTaking(seed, options);
  return options.giving ? withGiving(plan, options) : plan;
}

/** Its cars take energy, and give none back. */
function drawTaking(seed: number, { only, also, disk, switching, stalls: most }: PlanOptions): WorldPlan {
  const draw = new Draw(seed);
  const some = draw.whole(3, 6);
  const count = most ?? some;
  const baseA: PerPhase = [2 + draw.part() * 3, 2 + draw.part() * 3, 2 + draw.part() * 3];
  const roof = drawRoof(draw);
  // A battery may charge whenever it likes; it is part of what the building can draw.
  const batteryA = (roof.battery?.maxW ?? 0) / (3 * VOLTAGE);
  const calmA = Math.max(...baseA) + batteryA;
  // Everybody fits with the least current when the building is calm.
  const fuseA = Math.max(draw.one([40, 50, 63, 63, 80]), Math.ceil(count * LEAST_A + calmA + SPARE_A));
  const worstBuildingA = Math.ceil(calmA + (fuseA * 0.7 - calmA) * (0.4 + draw.part() * 0.6));
  const protection = draw.one<Protection>(["gG", "gG", "SLS-E", "C"]);
  const garage = drawGarage(draw, count * LEAST_A + SPARE_A);
  const site: Site = { fuseA, worstBuildingA, ...(garage ? { garage } : {}) };
  const stalls = drawStalls(draw, count, site);
  const chosen = draw.one(["file", "memory", "memory", "memory"] as const);
  const plan: WorldPlan = {
    seed,
    startMs: draw.one(MOMENTS),
    timeZone: "Europe/Amsterdam",
    country: draw.one(["NL", "NL", "DE"]),
    ...site,
    protection,
    baseA,
    ...roof,
    stalls,
    visits: drawVisits(draw, stalls),
    loads: drawLoads(draw, worstBuildingA - calmA),
    faults: (only ?? anyKinds(draw.whole(1, 3))).map((kind) => drawFault(draw, kind)),
    disk: disk ?? chosen,
  };
  const bounded = stalls.map((stall) => ({ ...stall, maxPeriods: draw.one([2, 24, 24, 24]) }));
  const late = LATE_NAMES.filter(() => draw.chance(LATE_CHANCE));
  const more = also ?? (only ? [] : late);
  const whole = { ...plan, stalls: bounded, faults: [...plan.faults, ...more.map((kind) => drawFault(draw, kind))] };
  const switched = withSwitching(whole, draw);
  return (switching ?? switched.wanted) ? switched.plan : whole;
}

/** Some EVSEs are switched between one phase and all, where drivers leave that to the plan. */
function withSwitching(plan: WorldPlan, draw: Draw): { readonly wanted: boolean; readonly plan: WorldPlan } {
  const wanted = draw.chance(0.3);
  const stalls = plan.stalls.map((stall) => ({
    ...stall,
    phaseSwitching: stall.phases.length > 1 && draw.chance(0.7),
  }));
  const isSwitched = (id: string) => stalls.some((stall) => stall.id === id && stall.phaseSwitching);
  const visits = plan.visits.map((visit) => {
    const hurries = visit.hurries && draw.chance(0.2);
    return isSwitched(visit.stall) ? { ...visit, hurries } : visit;
  });
  return { wanted, plan: { ...plan, stalls, visits } };
}
