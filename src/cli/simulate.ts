/** `wattledger simulate`: a measured site in virtual time, beside the usual rules and the best that was possible. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { problemText } from "../app/configuration/configuration.ts";
import type { SimulationReport } from "../study/report.ts";
import { periodText, reportRows, verdict } from "../study/report-words.ts";
import { readScenario } from "../study/scenario-file.ts";
import { reportPage } from "../study/simulate-page.ts";
import { compareScenario } from "../study/simulate-report.ts";

/** What `--help` prints. */
export const USAGE = "Usage: wattledger simulate [--scenario FILE] [--days N] [--json] [--html FILE]";
const OPTIONS = {
  scenario: { type: "string" },
  days: { type: "string" },
  json: { type: "boolean", default: false },
  html: { type: "string" },
} as const;
/** What is run when nobody names one, for a week. */
const DEFAULT_SCENARIO = fileURLToPath(new URL("../../config/scenarios/workplace-54.yaml", import.meta.url));
const DEFAULT_DAYS = 7;
const MOST_DAYS = 400;

function table({ columns }: SimulationReport): string[] {
  const line = (label: string, cells: readonly string[]) =>
    [label.padEnd(30), ...cells.map((cell) => cell.padStart(18))].join("");
  const names = columns.map(({ name }) => name);
  return [line("", names), ...reportRows(columns).map(({ label, cells }) => line(label, cells))];
}

function conclusion(report: SimulationReport): string[] {
  const { optimum, missingEurPerKwh, tookS } = report;
  return [
    verdict(report),
    `The best possible: ${optimum}. Missing energy counts ${missingEurPerKwh} EUR/kWh, the dearest price of the period.`,
    `Took ${tookS} s.`,
  ];
}

function print(report: SimulationReport): void {
  const { scenario, evses, sessions, notes } = report;
  console.log(`\n${scenario}: EVSEs: ${evses}, sessions: ${sessions}, ${periodText(report)}\n`);
  for (const { file, text } of notes) console.log(`  ${file}: ${text}`);
  console.log(["", ...table(report), "", ...conclusion(report)].join("\n"));
}

function daysOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const days = Number(text);
  return Number.isInteger(days) && days >= 1 && days <= MOST_DAYS ? days : Number.NaN;
}

/** Exit code 0, 1 when the scenario is refused, 2 usage. */
export async function simulate(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const days = daysOf(values.days) ?? (values.scenario === undefined ? DEFAULT_DAYS : undefined);
  if (Number.isNaN(days)) {
    console.error(USAGE);
    return 2;
  }
  const read = readScenario(values.scenario ?? DEFAULT_SCENARIO, days);
  if (!read.ok) {
    for (const problem of read.problems) console.error(problemText(problem));
    return 1;
  }
  console.error(`Simulating ${read.scenario.name}: this takes from half a minute on.`);
  const progress = (day: number) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${read.scenario.name}: day ${day} `);
  };
  const full = await compareScenario(read.scenario, read.notes, { onDay: progress });
  if (values.html !== undefined) writeFileSync(values.html, reportPage(full));
  if (values.json) console.log(JSON.stringify(full.report, null, 2));
  else print(full.report);
  return 0;
}
