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
  [
    3600317,
    "a car did not hear that it should stop giving, and a sound meter was doubted for it",
    [
      { family: "clock", kind: "hour-back", fromS: 345, forS: 336, pick: 0.70421 },
      { family: "charge-point", kind: "half-open", fromS: 546, forS: 246, pick: 0.92497 },
      { family: "process", kind: "paused", fromS: 824, forS: 60, pick: 0.54523 },
      { family: "giving", kind: "power-cut", fromS: 132, forS: 485, pick: 0.83122 },
    ],
  ],
  [
    3600407,
    "a car that gave was lowered with each raise of one that charges on another phase, and took what was left in between",
    [
      { family: "site", kind: "power-cut", fromS: 500, forS: 129, pick: 0.28539 },
      { family: "car", kind: "changes-phases", fromS: 716, forS: 68, pick: 0.77138 },
      { family: "process", kind: "killed-often", fromS: 542, forS: 186, pick: 0.81422 },
      { family: "giving", kind: "offline", fromS: 498, forS: 367, pick: 0.87584 },
    ],
  ],
  [
    3600017,
    "a car that gave nothing of what it was told, by the power that its charge point tells, held others back as a hidden load",
    [
      { family: "clock", kind: "boots-in-1970", fromS: 807, forS: 127, pick: 0.9321 },
      { family: "clock", kind: "drifts", fromS: 198, forS: 145, pick: 0.1586 },
      { family: "clock", kind: "hour-ahead", fromS: 667, forS: 64, pick: 0.70202 },
      { family: "charge-point", kind: "power-alone", fromS: 1, forS: 2000, pick: 0.35334 },
      { family: "giving", kind: "gives-nothing", fromS: 262, forS: 93, pick: 0.55916 },
    ],
  ],
  [
    3700321,
    "a car that gave on two of its phases was a hidden load on the third, and the car there waited",
    [{ family: "process", kind: "killed", fromS: 353, forS: 135, pick: 0.70865 }],
  ],
  [
    3840115,
    "two cars gave on one and two phases before either had charged, and nobody knew which",
    [
      { family: "operator", kind: "limits-all", fromS: 158, forS: 330, pick: 0.14923 },
      { family: "car", kind: "changes-phases", fromS: 492, forS: 46, pick: 0.04248 },
      { family: "giving", kind: "keeps-giving", fromS: 317, forS: 378, pick: 0.87008 },
      { family: "giving", kind: "gives-nothing", fromS: 482, forS: 162, pick: 0.31351 },
    ],
  ],
  [
    3850041,
    "a grid meter with swapped phases showed what a car gave on other phases, which no judge may hold against the guard",
    [
      { family: "wiring", kind: "rotated", fromS: 1, forS: 2000, pick: 0.40986 },
      { family: "meter-lie", kind: "swapped", fromS: 1, forS: 2000, pick: 0.83308 },
      { family: "charge-point", kind: "all-offline", fromS: 228, forS: 124, pick: 0.63716 },
    ],
  ],
  [
    3700286,
    "a car that gave half of what it was told was lowered from what it was told, as no step lasted until its report",
    [
      { family: "meter", kind: "jumps", fromS: 616, forS: 70, pick: 0.63878 },
      { family: "operator", kind: "limits-all", fromS: 233, forS: 71, pick: 0.87191 },
      { family: "giving", kind: "keeps-giving", fromS: 356, forS: 173, pick: 0.4007 },
      { family: "giving", kind: "loses-sign", fromS: 216, forS: 293, pick: 0.4295 },
      { family: "giving", kind: "gives-nothing", fromS: 226, forS: 108, pick: 0.28588 },
    ],
  ],
  [
    3810038,
    "a car that had not reported its raise yet kept others counting on what was given, when the building took more",
    [
      { family: "disk", kind: "fails", fromS: 362, forS: 191, pick: 0.7055 },
      { family: "site", kind: "worst", fromS: 684, forS: 97, pick: 0.01288 },
      { family: "giving", kind: "offline", fromS: 388, forS: 391, pick: 0.49397 },
      { family: "giving", kind: "export-limits", fromS: 489, forS: 208, pick: 0.9154 },
    ],
  ],
  [
    4010195,
    "limits counted on what was given while a charge point that was gone could not be seen to use its own",
    [
      { family: "process", kind: "paused", fromS: 542, forS: 60, pick: 0.61272 },
      { family: "giving", kind: "offline", fromS: 408, forS: 545, pick: 0.4989 },
    ],
  ],
  [
    3700104,
    "a charge point was gone at its maximum, and the others counted on what was given for as long as it did not report",
    [
      { family: "charge-point", kind: "offline-at-maximum", fromS: 284, forS: 216, pick: 0.6698 },
      { family: "giving", kind: "loses-sign", fromS: 675, forS: 89, pick: 0.00489 },
      { family: "giving", kind: "refuses-back", fromS: 437, forS: 284, pick: 0.10328 },
      { family: "giving", kind: "unplugged", fromS: 498, forS: 391, pick: 0.37069 },
      { family: "giving", kind: "offline", fromS: 310, forS: 586, pick: 0.53192 },
    ],
  ],
  [
    3840231,
    "each step of a car that gave looked like a load of the building until it was taken, and a car beside it was lowered for that",
    [
      { family: "car", kind: "changes-phases", fromS: 445, forS: 257, pick: 0.83044 },
      { family: "giving", kind: "keeps-giving", fromS: 154, forS: 390, pick: 0.02855 },
      { family: "giving", kind: "meter-dies", fromS: 487, forS: 385, pick: 0.44238 },
      { family: "giving", kind: "power-cut", fromS: 297, forS: 543, pick: 0.85999 },
    ],
  ],
  [
    3400150,
    "an operator who limited the import in turns stopped a car six times in ten minutes, as a plan that had it wait ended its pause",
    [
      { family: "disk", kind: "hangs", fromS: 387, forS: 38, pick: 0.43875 },
      { family: "operator", kind: "on-and-off", fromS: 194, forS: 382, pick: 0.1893 },
      { family: "charge-point", kind: "half-open", fromS: 252, forS: 265, pick: 0.01718 },
    ],
  ],
  [
    4050284,
    "a car that charged by now had given by its last report, was thought to do so for twenty seconds more, and was stopped for that",
    [
      { family: "disk", kind: "full", fromS: 588, forS: 184, pick: 0.78075 },
      { family: "giving", kind: "export-limits", fromS: 358, forS: 454, pick: 0.02751 },
      { family: "giving", kind: "no-export", fromS: 130, forS: 141, pick: 0.36629 },
    ],
  ],
  [
    4050297,
    "a nested meter was doubted for good, as a car that gave made it show export in all",
    [
      { family: "disk", kind: "read-only", fromS: 555, forS: 278, pick: 0.26147 },
      { family: "planner", kind: "boundless", fromS: 414, forS: 392, pick: 0.536 },
      { family: "giving", kind: "keeps-giving", fromS: 487, forS: 228, pick: 0.25465 },
      { family: "giving", kind: "gives-nothing", fromS: 397, forS: 266, pick: 0.43785 },
      { family: "giving", kind: "refuses-back", fromS: 778, forS: 92, pick: 0.33451 },
      { family: "giving", kind: "offline", fromS: 369, forS: 393, pick: 0.89287 },
      { family: "giving", kind: "export-limits", fromS: 136, forS: 433, pick: 0.73864 },
    ],
  ],
  [
    5160064,
    "a car that charged when it was told to give was told so again each minute, and a meter of a tenth was never found out",
    [
      { family: "meter-lie", kind: "tenth", fromS: 1, forS: 2000, pick: 0.00744 },
      { family: "meter", kind: "sentinel", fromS: 747, forS: 172, pick: 0.5981 },
      { family: "giving", kind: "loses-sign", fromS: 228, forS: 321, pick: 0.85268 },
      { family: "site", kind: "flickers", fromS: 347, forS: 65, pick: 0.68971 },
    ],
  ],
  [
    5340059,
    "a car was told to give more in the second in which it lost its network, and a sound meter was doubted for good for that",
    [
      { family: "disk", kind: "read-only", fromS: 821, forS: 64, pick: 0.09972 },
      { family: "giving", kind: "unplugged", fromS: 261, forS: 584, pick: 0.29837 },
      { family: "giving", kind: "offline", fromS: 293, forS: 580, pick: 0.48899 },
    ],
  ],
  [
    6090033,
    "a phase of a sound meter in a garage was thought dead, as one car had given what another took there, and both stopped at once",
    [
      { family: "clock", kind: "hour-ahead", fromS: 438, forS: 289, pick: 0.1584 },
      { family: "operator", kind: "on-and-off", fromS: 308, forS: 189, pick: 0.32927 },
      { family: "disk", kind: "slow", fromS: 475, forS: 42, pick: 0.1702 },
      { family: "meter-lie", kind: "swapped", fromS: 1, forS: 2000, pick: 0.03118 },
    ],
  ],
  [
    6210295,
    "a sound meter was doubted for good beside a car that gave less than it was told, as it might have given the rest untold",
    [
      { family: "process", kind: "paused", fromS: 748, forS: 60, pick: 0.92695 },
      { family: "giving", kind: "keeps-giving", fromS: 307, forS: 267, pick: 0.63772 },
      { family: "giving", kind: "loses-sign", fromS: 696, forS: 81, pick: 0.26116 },
      { family: "giving", kind: "offline", fromS: 329, forS: 380, pick: 0.74204 },
      { family: "giving", kind: "no-export", fromS: 711, forS: 163, pick: 0.89488 },
    ],
  ],
  [
    4030205,
    "a car that gave 32 A, by the power that its charge point tells, left no room on any phase to a driver who wanted to charge",
    [
      { family: "clock", kind: "drifts", fromS: 633, forS: 266, pick: 0.07581 },
      { family: "operator", kind: "on-and-off", fromS: 764, forS: 43, pick: 0.80041 },
      { family: "charge-point", kind: "offline-at-maximum", fromS: 328, forS: 282, pick: 0.78653 },
      { family: "charge-point", kind: "power-alone", fromS: 1, forS: 2000, pick: 0.85797 },
      { family: "giving", kind: "unplugged", fromS: 555, forS: 306, pick: 0.3158 },
      { family: "giving", kind: "export-limits", fromS: 130, forS: 339, pick: 0.69651 },
    ],
  ],
  [
    6090054,
    "a car came while the disk was read-only, and was told to give what the plan had for the one before it",
    [
      { family: "car", kind: "changes-phases", fromS: 225, forS: 80, pick: 0.84964 },
      { family: "disk", kind: "read-only", fromS: 195, forS: 278, pick: 0.60213 },
      { family: "process", kind: "stalls", fromS: 746, forS: 5, pick: 0.36001 },
      { family: "meter-lie", kind: "swapped", fromS: 1, forS: 2000, pick: 0.99918 },
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
/** Whoever gave once goes on, with all that his EVSE can. */
function goesOnGivingMost(): Sabotage {
  const goesOn = neverStopsGiving();
  return (command, world) => {
    const most = givesMost(command, world);
    return most && goesOn(most, world);
  };
}
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
      { ...givingWorld(3500011), country: "DE", faults: [] },
      goesOnGivingMost,
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
