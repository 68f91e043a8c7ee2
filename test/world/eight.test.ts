/** Eight EVSEs on 63 A: refused with the arithmetic where they do not fit without the controller, safe as proposed. */
import { expect, test } from "vitest";
import { problemsWith } from "./configuration.ts";
import { asProposed, careless } from "./eight.ts";
import { verdictOf } from "./story.ts";
import { World } from "./world.ts";

test("a careless configuration is refused with the arithmetic and with what to change", () => {
  const [problem, ...more] = problemsWith(careless(1));
  expect(more).toEqual([]);
  expect(problem!.message).toContain(
    "8 EVSEs x 6 A safe current + 38 A worst building load = 86 A, more than its 63 A",
  );
  expect(problem!.advice).toContain("Set safeCurrentA: 0 for 4 of them");
});

test.each([2])("what is proposed is accepted, and no fuse is overloaded in the world of seed %i", async (seed) => {
  const plan = asProposed(careless(seed, { disk: "memory" }));
  expect(problemsWith(plan)).toEqual([]);
  const judge = await new World(plan).live();
  expect(verdictOf(judge)).toEqual([]);
  expect(judge.currents.unavoidable).toBe(0);
});
