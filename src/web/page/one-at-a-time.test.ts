import { expect, test } from "vitest";
import { oneAtATime } from "./one-at-a-time.ts";

test("sixty cars end a quarter-hour at once: the books are asked for twice, not sixty times, and what came last is in them", async () => {
  let facts = 0;
  const asked: number[] = [];
  const refresh = oneAtATime(async () => {
    asked.push(facts);
    await Promise.resolve();
  });
  const all: Promise<void>[] = [];
  for (facts = 1; facts < 60; facts++) all.push(refresh());
  all.push(refresh());
  await Promise.all(all);
  expect(asked).toEqual([1, 60]);
  await refresh();
  expect(asked).toHaveLength(3);
});

test("who could not be asked is asked again with the next fact", async () => {
  let asked = 0;
  const refresh = oneAtATime(async () => {
    asked++;
    if (asked === 1) throw new Error("gone");
  });
  await expect(refresh()).rejects.toThrow("gone");
  await refresh();
  expect(asked).toBe(2);
});
