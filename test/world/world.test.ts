/** The whole controller in worlds of faults. `npm run soak -- --seeds 1000` lives through more of them. */
import { describe, expect, test } from "vitest";
import { FAULT_NAMES } from "./faults/index.ts";
import { drawWorld, type PlanOptions } from "./plan.ts";
import { storyOf, verdictOf } from "./story.ts";
import { World } from "./world.ts";

const SUITE_SEEDS = 5;
/** Two kinds of faults to a world, of different families. */
const HALF = Math.ceil(FAULT_NAMES.length / 2);
const PAIRS = FAULT_NAMES.slice(0, HALF).map((name, index) => [
  name,
  ...FAULT_NAMES.slice(HALF + index, HALF + index + 1),
]);

/** What broke, below the story of the world; empty when nothing did. */
async function broken(seed: number, options: PlanOptions = {}): Promise<string> {
  const plan = drawWorld(seed, options);
  const verdict = verdictOf(await new World(plan).live());
  return verdict.length === 0 ? "" : [`seed ${seed}`, ...storyOf(plan), ...verdict].join("\n  ");
}

describe("whatever fails, no protective device opens, no energy is lost and the site comes back by itself", () => {
  test.each(Array.from({ length: SUITE_SEEDS }, (_, index) => index + 1))("in the world of seed %i", async (seed) => {
    expect(await broken(seed)).toBe("");
  });
});

describe("every kind of fault is survived", () => {
  test.each(PAIRS.map((only) => [only.join(" and "), only] as const))("%s", async (_, only) => {
    expect(await broken(7, { only })).toBe("");
  });
});

describe("worlds that broke once", () => {
  test.each([
    [310058, "a car waited for ever that would have evened out what it loaded"],
    [360270, "one-phase cars came one after the other, and were raised before they had shown their phase"],
  ])("in the world of seed %i %s", async (seed) => {
    expect(await broken(seed, { disk: "memory" })).toBe("");
  });
});
