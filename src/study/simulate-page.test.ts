import { expect, it } from "vitest";
import { tickTexts } from "./simulate-page.ts";

it("writes no more on an axis than fits beside it: a price a little below zero keeps its sign", () => {
  expect(tickTexts(-0.00502, 0.408)).toEqual(["-0.005", "0.201", "0.408"]);
  for (const [low, high] of [
    [-0.00502, 0.408],
    [-4.61, 5],
    [0, 1e-9],
    [-0.0123, 0.0456],
    [-1234.5, 987.6],
  ] as const)
    for (const text of tickTexts(low, high)) expect(text.length).toBeLessThanOrEqual(7);
});
