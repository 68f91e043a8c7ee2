/** The judge can fail: a guard that does not shed, or does not raise, breaks worlds that the real one survives. */
import { describe, expect, test } from "vitest";
import type { Fault } from "./fault.ts";
import { drawWorld } from "./plan.ts";
import { verdictOf } from "./story.ts";
import { type Sabotage, World } from "./world.ts";

const FEW_SEEDS = [1, 2, 3];

/** The first period of each limit that is let through, by EVSE. */
function filtered(lets: (currentA: number, beforeA: number) => boolean): Sabotage {
  const sent = new Map<string, number>();
  return (command) => {
    if (command.type !== "set-limit") return command;
    const currentA = command.schedule.periods[0]!.currentA;
    if (!lets(currentA, sent.get(command.evseId) ?? 0)) return undefined;
    sent.set(command.evseId, currentA);
    return command;
  };
}

/** Limits are never lowered: the shed is disabled. */
const neverSheds = () => filtered((currentA, beforeA) => currentA >= beforeA);
/** Limits are never raised: cars stay at their safe current, or where they are. */
const neverRaises = () => filtered((currentA, beforeA) => currentA <= beforeA);
/** Whoever is told a limit, or to wait, may draw 16 A until his lease ends: others do not make way either, and nobody waits for it. */
const givesMost = (): Sabotage => (command) => {
  if (command.type !== "set-limit") return command;
  const { schedule } = command;
  const most = schedule.periods.slice(0, -1).map((period) => ({ ...period, currentA: Math.max(16, period.currentA) }));
  const periods = [...most, ...schedule.periods.slice(-1)];
  return { ...command, schedule: { ...schedule, periods } };
};
/** Leases that never end in the safe current. */
const neverEnds = (): Sabotage => (command) => {
  if (command.type !== "set-limit") return command;
  const { schedule } = command;
  return { ...command, schedule: { ...schedule, periods: schedule.periods.slice(0, 1) } };
};

/** Three one-phase cars of 16 A on L2, in Germany, behind a fuse that bears them easily. */
const UNEVEN_SEED = 360270;

/** One of its EVSEs is wired to other phases than the configuration says. */
const MISWIRED_SEED = 600849;

/** Behind a meter of a tenth cars take turns: the judge lets one wait that was told a moment ago that it may charge. */
const TURNS_SEED = 1004599;
const TURNS_FAULTS: readonly Fault[] = [
  { family: "meter-lie", kind: "turned", fromS: 1, forS: 2000, pick: 0.91141 },
  { family: "meter-lie", kind: "tenth", fromS: 1, forS: 2000, pick: 0.29387 },
  { family: "operator", kind: "limits-all", fromS: 264, forS: 103, pick: 0.08428 },
];
/** An EVSE is not told any more that its car may charge. */
const leavesOut =
  (evseId: string, fromS: number): Sabotage =>
  (command, world) => {
    const isIt = command.type === "set-limit" && command.evseId === evseId && world.second > fromS;
    return isIt && command.schedule.periods[0]!.currentA > 0 ? undefined : command;
  };

/** Worlds in Germany in which somebody has to wait for the balance of phases, and who has not to. */
const UNBALANCED: readonly (readonly [story: string, seed: number, evseId: string, faults: readonly Fault[]])[] = [
  [
    "a car showed one phase last, and would be one too many there",
    1100520,
    "e",
    [
      { family: "car", kind: "changes-phases", fromS: 678, forS: 251, pick: 0.98612 },
      { family: "charge-point", kind: "repeats", fromS: 759, forS: 103, pick: 0.39742 },
    ],
  ],
  [
    "of the two limits that leave no room the fuse is named",
    1300942,
    "f",
    [
      { family: "wiring", kind: "rotated", fromS: 1, forS: 2000, pick: 0.74803 },
      { family: "car", kind: "changes-phases", fromS: 853, forS: 95, pick: 0.36667 },
      { family: "charge-point", kind: "answers-late", fromS: 351, forS: 92, pick: 0.46597 },
    ],
  ],
  [
    "an EVSE is on other phases, and its car counts on those of the configuration",
    1401033,
    "c",
    [
      { family: "charge-point", kind: "offline-at-maximum", fromS: 429, forS: 396, pick: 0.65618 },
      { family: "wiring", kind: "rotated", fromS: 1, forS: 2000, pick: 0.3842 },
    ],
  ],
];

/** A dead meter, and a charge point that is gone and gives its maximum: nobody can know, but all others are at safe currents. */
const BLIND_SEED = 1203378;
const BLIND_FAULTS: readonly Fault[] = [
  { family: "meter", kind: "sentinel", fromS: 653, forS: 168, pick: 0 },
  { family: "charge-point", kind: "offline-at-maximum", fromS: 679, forS: 78, pick: 0.6 },
];
const isNotSafe = (): Sabotage => (command, world) => {
  if (command.type !== "set-limit" || command.evseId !== "b" || world.second < 640) return command;
  const { length } = command.schedule.periods;
  const periods = command.schedule.periods.map((period, at) =>
    at < length - 1 ? { ...period, currentA: 16 } : period,
  );
  return { ...command, schedule: { ...command.schedule, periods } };
};

async function verdicts(sabotage?: () => Sabotage): Promise<string> {
  const all: string[] = [];
  for (const seed of FEW_SEEDS) {
    const world = new World(
      drawWorld(seed, { disk: "memory", switching: false, only: ["site/worst"] }),
      sabotage ? { sabotage: sabotage() } : {},
    );
    all.push(...verdictOf(await world.live()));
  }
  return all.join("\n");
}

describe("the judge of the worlds can fail", () => {
  test("these worlds are survived by the guard as it is", async () => {
    expect(await verdicts()).toBe("");
  });

  test.each([
    ["that does not shed", neverSheds, /carries .* for 17 s|may open/],
    ["that does not raise", neverRaises, /does not charge/],
    ["whose leases do not end", neverEnds, /does not end in the safe current/],
  ] as const)("a guard %s breaks them", async (_, sabotage, complaint) => {
    expect(await verdicts(sabotage)).toMatch(complaint);
  });

  test("a guard that holds nobody back leaves one phase to the cars of three", async () => {
    const world = new World(
      { ...drawWorld(UNEVEN_SEED, { disk: "memory", switching: false }), faults: [] },
      { sabotage: givesMost() },
    );
    expect(verdictOf(await world.live()).join("\n")).toMatch(/load L2 by .* more than another phase/);
  });

  test("a guard that does not raise breaks also a world in which an EVSE is on other phases", async () => {
    const plan = drawWorld(MISWIRED_SEED, { disk: "memory", switching: false, only: ["wiring/rotated"] });
    const world = new World(plan, { sabotage: neverRaises() });
    expect(verdictOf(await world.live()).join("\n")).toMatch(/does not charge/);
  });

  test("a guard that does not tell whose turn it is breaks also a world in which cars take turns behind a wrong meter", async () => {
    const plan = { ...drawWorld(TURNS_SEED, { disk: "memory", switching: false }), faults: TURNS_FAULTS };
    expect(verdictOf(await new World(plan).live())).toEqual([]);
    const world = new World(plan, { sabotage: leavesOut("a", 1300) });
    expect(verdictOf(await world.live()).join("\n")).toMatch(/a does not charge/);
  });

  test.each(
    UNBALANCED,
  )("a guard that leaves out who has not to wait breaks also a world in which %s", async (_, seed, id, faults) => {
    const plan = { ...drawWorld(seed, { disk: "memory", switching: false }), faults };
    expect(verdictOf(await new World(plan).live())).toEqual([]);
    const world = new World(plan, { sabotage: leavesOut(id, 1000) });
    expect(verdictOf(await world.live()).join("\n")).toMatch(`${id} does not charge`);
  });

  test("a guard that leaves a car above its safe current behind a dead meter breaks also a world in which nobody could know more", async () => {
    const plan = { ...drawWorld(BLIND_SEED, { disk: "memory", switching: false }), faults: BLIND_FAULTS };
    expect(verdictOf(await new World(plan).live())).toEqual([]);
    const world = new World(plan, { sabotage: isNotSafe() });
    expect(verdictOf(await world.live()).join("\n")).toMatch(/grid L2 carries/);
  });
});
