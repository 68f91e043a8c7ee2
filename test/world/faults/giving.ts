/** Cars that give energy back: what goes wrong with that, and what goes wrong just then. */
import type { SimulatedChargePoint, Trouble } from "../charge-point.ts";
import { type Fault, type FaultFamily, type FaultKind, pickOf } from "../fault.ts";
import type { WorldPlan } from "../plan.ts";
import type { World } from "../world.ts";
import { SITE_FAULTS } from "./site.ts";

const GIVES_A = 0.5;

function giverOf(world: World, fault: Fault): SimulatedChargePoint {
  return pickOf(
    world.chargePoints.filter(({ stall }) => stall.gives),
    fault,
  );
}

const isGiving = ({ site }: World, { stall }: SimulatedChargePoint) => Math.min(...site.carA(stall.id)) < -GIVES_A;

function troubled(story: string, name: keyof Trouble): FaultKind {
  return {
    story,
    seconds: [30, 400],
    isPossible: ({ stalls }: WorldPlan) => stalls.some(({ gives }) => gives),
    begin: (world, fault) => {
      giverOf(world, fault).trouble[name] = true;
    },
    end: (world, fault) => {
      delete giverOf(world, fault).trouble[name];
    },
  };
}

/** Once, as soon as some car gives. */
function whileGiving(
  story: string,
  happens: (world: World, giver: SimulatedChargePoint, fault: Fault) => void,
): FaultKind {
  const done = new WeakMap<World, Set<Fault>>();
  return {
    story,
    seconds: [300, 600],
    begin: (world) => void done.set(world, done.get(world) ?? new Set()),
    each: (world, fault) => {
      const giving = world.chargePoints.filter((chargePoint) => isGiving(world, chargePoint));
      if (giving.length === 0 || done.get(world)!.has(fault)) return;
      done.get(world)!.add(fault);
      happens(world, pickOf(giving, fault), fault);
    },
  };
}

const KILLED_S = [2, 20, 60];
const DEAD_METER_S = 120;

const meterDies: FaultKind = {
  ...whileGiving("has its grid meter silent for two minutes while a car gives", (world, _, fault) => {
    const diesS = world.second;
    world.meters[0]!.distortions.set(fault, (values, second) => (second < diesS + DEAD_METER_S ? undefined : values));
  }),
  end: (world, fault) => void world.meters[0]!.distortions.delete(fault),
};

/** A power cut of a minute begins with the first car that gives. */
const powerCut: FaultKind = {
  story: "loses all power for some seconds while a car gives",
  seconds: [300, 600],
  begin: () => {},
  each: (world, fault) => {
    const cut = SITE_FAULTS["power-cut"]!;
    const began = cuts.get(world)?.get(fault);
    const isFirst = began === undefined && world.chargePoints.some((chargePoint) => isGiving(world, chargePoint));
    if (isFirst) {
      const first = { ...fault, fromS: world.second, forS: CUT_S };
      cuts.set(world, (cuts.get(world) ?? new Map()).set(fault, first));
      cut.begin(world, first);
    } else if (began && world.second < began.fromS + began.forS) cut.each!(world, began);
    else if (began && world.second === began.fromS + began.forS) cut.end!(world, began);
  },
  end: (world, fault) => {
    const began = cuts.get(world)?.get(fault);
    if (began && world.second <= began.fromS + began.forS) SITE_FAULTS["power-cut"]!.end!(world, began);
  },
};
const CUT_S = 80;
const cuts = new WeakMap<World, Map<Fault, Fault>>();

function exportLimited(story: string, limitW: (fault: Fault, world: World) => number | undefined): FaultKind {
  return {
    story,
    seconds: [100, 500],
    begin: () => {},
    each: (world, fault) => {
      world.operator.exportLimitW = limitW(fault, world);
    },
    end: ({ operator }) => {
      operator.exportLimitW = undefined;
    },
  };
}

const TURNS_S = 45;

export const GIVING_FAULTS: FaultFamily = {
  "keeps-giving": troubled("goes on giving back when it is told to stop", "keepsGiving"),
  "loses-sign": troubled("takes a negative limit for one without its sign", "losesSign"),
  "gives-nothing": troubled("takes a negative limit, and gives nothing", "givesNothing"),
  "refuses-back": troubled("refuses every negative limit", "refusesBack"),
  unplugged: whileGiving("is unplugged while it gives", (_, giver) => giver.end("EVDisconnected", "available")),
  "meter-dies": meterDies,
  killed: whileGiving("has its controller killed while a car gives", (world, _, fault) =>
    world.kill(pickOf(KILLED_S, fault)),
  ),
  offline: whileGiving("loses its network for five minutes while it gives", (world, giver) =>
    world.drop(giver, world.second + 300),
  ),
  "power-cut": powerCut,
  "export-limits": exportLimited("limits the export", ({ pick }) => Math.round(pick * 10_000)),
  "no-export": exportLimited("forbids any export, and not, in turns", ({ fromS }, { second }) =>
    Math.floor((second - fromS) / TURNS_S) % 2 === 0 ? 0 : undefined,
  ),
};
