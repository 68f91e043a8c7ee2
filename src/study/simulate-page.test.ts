import { expect, it } from "vitest";
import { periodText } from "./simulate-page.ts";
import type { SimulationReport } from "./simulate-report.ts";

it("names the local days of a report, also where the last one has 25 hours", () => {
  const period = { fromUtc: "2025-09-30T22:00:00.000Z", untilUtc: "2025-10-26T23:00:00.000Z" };
  const report = { ...period, timeZone: "Europe/Brussels" } as SimulationReport;
  expect(periodText(report)).toBe("1 October 2025 to 26 October 2025 (Europe/Brussels)");
});
