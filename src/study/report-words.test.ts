import { expect, it } from "vitest";
import type { ReportColumn } from "./report.ts";
import { periodText, reportRows, reportTerms, verdict } from "./report-words.ts";
import { aheadNotes } from "./simulate-report.ts";

it("names the local days of a report, also where the last one has 25 hours", () => {
  const period = { fromUtc: "2025-09-30T22:00:00.000Z", untilUtc: "2025-10-26T23:00:00.000Z" };
  expect(periodText({ ...period, timeZone: "Europe/Brussels" })).toBe(
    "1 October 2025 to 26 October 2025 (Europe/Brussels)",
  );
});

const column = (name: string, figures: Partial<ReportColumn>) => ({ name, ...figures }) as ReportColumn;

it("writes money with its cents, shows what only one knows beside dashes, and leaves out what nobody does", () => {
  const columns = [
    column("wattledger", { costEur: 4.7, plans: 196, peakKw: 9 }),
    column("uncontrolled", { costEur: 3 }),
  ];
  expect(reportRows(columns)).toEqual([
    { label: "Cost of the site, EUR", cells: ["4.70", "3.00"] },
    { label: "Highest quarter-hour, kW", cells: ["9", "–"] },
    { label: "Plans made", cells: ["196", "–"] },
  ]);
});

const regret = {
  achievableSavingEur: 12.5,
  savedEur: 10,
  lostPercent: 20,
  bestRule: { name: "cheapest slots", lostPercent: 31 },
};

it("says what was saved of what could have been", () => {
  expect(verdict({ regret, sessions: 40 })).toBe(
    "Perfect foresight would have saved 12.50 EUR against uncontrolled charging; wattledger saved 10.00 EUR and lost 20 % of what was possible. The best simple rule (cheapest slots) lost 31 %.",
  );
});

it("calls a loss a loss, and a single session no measure", () => {
  const text = verdict({ regret: { ...regret, savedEur: -0.56, lostPercent: 224.4 }, sessions: 1 });
  expect(text).toContain("wattledger cost 0.56 EUR more than uncontrolled and lost 224.4 % of what was possible");
  expect(text).toContain("So few sessions tell little of a year");
});

it("says how less than nothing can be lost: perfect foresight leaves nobody short, whatever that costs", () => {
  const text = verdict({ regret: { ...regret, savedEur: 14.1, lostPercent: -13 }, sessions: 40 });
  expect(text).toContain(
    "wattledger saved 14.10 EUR, more than that: perfect foresight delivers all that is possible first, also where a month's peak costs more than the missing energy counts.",
  );
  expect(text).not.toContain("lost -13");
  expect(aheadNotes([regret, { ...regret, lostPercent: -13 }])).toEqual([
    {
      file: "perfect foresight",
      text: expect.stringMatching(/^less than nothing was lost: perfect foresight delivers/),
    },
  ]);
  expect(aheadNotes([regret, undefined])).toEqual([]);
});

it("explains the words of its table, as far as they stand in it", () => {
  const terms = reportTerms([column("wattledger", { shortKwh: 1 }), column("least laxity", { shortKwh: 0 })]);
  expect(terms.map(({ term }) => term)).toEqual(["wattledger", "least laxity", "Short though possible, kWh"]);
});
