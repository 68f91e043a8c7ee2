/** Worlds in which cars give energy back. `npm run soak -- --giving --seeds 300` lives through more of them. */
import { describe, expect, test } from "vitest";
import type { Fault } from "./fault.ts";
import { GIVING_NAMES } from "./faults/index.ts";
import { drawWorld, type PlanOptions, type WorldPlan } from "./plan.ts";
import { VOLTAGE } from "./site.ts";
import { storyOf, verdictOf } from "./story.ts";
import { type Sabotage, World } from "./world.ts";

const SUITE_SEEDS = [2, 3, 4];

/** Their faults stand here as they were drawn: new kinds of faults change what a seed draws. */
const BROKE_ONCE: readonly (readonly [seed: number, story: string, faults: readonly Fault[]])[] = [
  [
    1,
    "a car began to give what another drew that was told to stop in the same second",
    [
      { family: "meter", kind: "jumps", fromS: 300, forS: 54, pick: 0.88898 },
      { family: "disk", kind: "fails", fromS: 424, forS: 115, pick: 0.25701 },
      { family: "giving", kind: "gives-nothing", fromS: 486, forS: 52, pick: 0.35097 },
      { family: "giving", kind: "power-cut", fromS: 534, forS: 319, pick: 0.50064 },
    ],
  ],
  [
    3400087,
    "a car that gave less than it was told, by the power that its charge point tells, did not notice the first steps down",
    [
      { family: "process", kind: "paused", fromS: 536, forS: 60, pick: 0.11643 },
      { family: "charge-point", kind: "power-alone", fromS: 1, forS: 2000, pick: 0.27192 },
      { family: "giving", kind: "keeps-giving", fromS: 411, forS: 318, pick: 0.66263 },
      { family: "giving", kind: "unplugged", fromS: 351, forS: 448, pick: 0.88656 },
    ],
  ],
];

async function broken(plan: WorldPlan, sabotage?: Sabotage): Promise<string> {
  const verdict = verdictOf(await new World(plan, sabotage ? { sabotage } : {}).live());
  return verdict.length === 0 ? "" : [`seed ${plan.seed}`, ...storyOf(plan), ...verdict].join("\n  ");
}

function givingWorld(seed: number, options: PlanOptions = {}): WorldPlan {
  return drawWorld(seed, { disk: "memory", switching: false, giving: true, ...options });
}

/** Changes the limits that are in force until the lease ends, in A. */
function told(change: (currentA: number, mostBackA: number, mostA: number) => number): Sabotage {
  return (command, world) => {
    if (command.type !== "set-limit") return command;
    const { schedule, evseId } = command;
    const { gives, phases, maxCurrentA } = world.chargePoint(evseId).stall;
    const mostBackA = Math.floor((10 * (gives?.maxPowerW ?? 0)) / (VOLTAGE * phases.length)) / 10;
    const changed = schedule.periods
      .slice(0, -1)
      .map((period) => ({ ...period, currentA: change(period.currentA, mostBackA, maxCurrentA) }));
    return { ...command, schedule: { ...schedule, periods: [...changed, ...schedule.periods.slice(-1)] } };
  };
}

/** What is given back is never lowered. */
function neverStopsGiving(): Sabotage {
  const given = new Map<string, number>();
  return (command) => {
    if (command.type !== "set-limit") return command;
    const { currentA } = command.schedule.periods[0]!;
    const beforeA = given.get(command.evseId) ?? 0;
    if (beforeA < 0 && currentA > beforeA) return undefined;
    given.set(command.evseId, currentA);
    return command;
  };
}

/** Who gives does so until somebody says otherwise. */
const givesForEver: Sabotage = (command) => {
  if (command.type !== "set-limit" || command.schedule.periods[0]!.currentA >= 0) return command;
  const { schedule } = command;
  return { ...command, schedule: { ...schedule, periods: schedule.periods.slice(0, 1) } };
};

/** Whoever is told to give gives all that his EVSE can. */
const givesMost = told((currentA, mostBackA) => (currentA < 0 ? -mostBackA : currentA));
/** Whoever waits gives instead. */
const givesUnasked = told((currentA, mostBackA) => (currentA === 0 ? -mostBackA : currentA));
/** Whoever may charge charges with all that his EVSE can, as what others give back leaves room for it. */
const chargesWithMost = told((currentA, _, mostA) => (currentA > 0 ? mostA : currentA));

/** All cars behind a small fuse, and as much export as they like. */
function behindSmallFuse(seed: number): WorldPlan {
  const { exportLimitW: _, pvW: __, battery: ___, ...plan } = givingWorld(seed);
  const stalls = plan.stalls.map((stall) => {
    const maxPowerW = stall.maxCurrentA * VOLTAGE * stall.phases.length;
    return { ...stall, circuit: "garage" as const, safeCurrentA: 0, gives: { maxPowerW, tellsCharge: false } };
  });
  const visits = plan.visits.map((visit) => ({ ...visit, hurries: false, gives: { comesWithPercent: 75 } }));
  return { ...plan, stalls, visits, garage: { fuseA: 40, protection: "gG", metered: true }, faults: [] };
}

/** All cars come with less than they may be emptied to. */
function emptyCars(seed: number): WorldPlan {
  const { exportLimitW: _, ...plan } = givingWorld(seed);
  const stalls = plan.stalls.map((stall) =>
    stall.gives ? { ...stall, gives: { ...stall.gives, tellsCharge: true } } : stall,
  );
  const visits = plan.visits.map((visit) => (visit.gives ? { ...visit, gives: { comesWithPercent: 48 } } : visit));
  return { ...plan, stalls, visits, faults: [] };
}

describe("while cars give energy back, no fuse, no limit of the export and no meter is forgotten", () => {
  test.each(SUITE_SEEDS)("in the world of seed %i", async (seed) => {
    expect(await broken(givingWorld(seed))).toBe("");
  });
});

describe("worlds that broke once", () => {
  test.each(BROKE_ONCE)("in the world of seed %i %s", async (seed, _, faults) => {
    expect(await broken({ ...drawWorld(seed, { disk: "memory", giving: true }), faults })).toBe("");
  });
});

describe("the judge of what cars give back can fail", () => {
  test.each([
    ["gives all that EVSEs can", behindSmallFuse(4), () => givesMost, /carries .* A back, of 40 A/],
    [
      "does not stop giving",
      { ...givingWorld(14), faults: [] },
      neverStopsGiving,
      /the site exports .* of it from cars/,
    ],
    [
      "gives without the meter",
      givingWorld(15, { only: ["meter/stops"] }),
      neverStopsGiving,
      /the grid meter was silent/,
    ],
    ["gives for ever", givingWorld(11), () => givesForEver, /does not end in the safe current/],
    [
      "counts on it",
      givingWorld(13, { only: ["giving/export-limits"] }),
      () => chargesWithMost,
      /would carry .* without/,
    ],
    [
      "forgets the balance of phases",
      { ...givingWorld(3500015), country: "DE", faults: [] },
      () => givesMost,
      /phases differ by .* while cars give back/,
    ],
    ["empties cars", emptyCars(12), () => givesUnasked, /gives back at 4[0-9.]+ %, its least is 50 %/],
  ] as const)("a guard that %s breaks a world", async (_, plan, sabotage, complaint) => {
    expect(await broken(plan)).toBe("");
    expect(await broken(plan, sabotage())).toMatch(complaint);
  });
});

test("worlds of before have none of it", () => {
  const plans = Array.from({ length: 300 }, (_, seed) => drawWorld(seed));
  expect(plans.flatMap(({ faults }) => faults).filter(({ family }) => family === "giving")).toEqual([]);
  expect(plans.flatMap(({ stalls }) => stalls).filter(({ gives }) => gives)).toEqual([]);
  expect(GIVING_NAMES.length).toBeGreaterThan(5);
});
