import { expect, it } from "vitest";
import { periodText, tickTexts } from "./simulate-page.ts";
import type { SimulationReport } from "./simulate-report.ts";

it("names the local days of a report, also where the last one has 25 hours", () => {
  const period = { fromUtc: "2025-09-30T22:00:00.000Z", untilUtc: "2025-10-26T23:00:00.000Z" };
  const report = { ...period, timeZone: "Europe/Brussels" } as SimulationReport;
  expect(periodText(report)).toBe("1 October 2025 to 26 October 2025 (Europe/Brussels)");
});

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
