/** `wattledger simulate`: a measured site in virtual time, beside the usual rules and the best that was possible. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { problemText } from "../app/configuration/configuration.ts";
import { readScenario } from "../study/scenario-file.ts";
import { periodText, reportPage } from "../study/simulate-page.ts";
import { compareScenario, type ReportColumn, type SimulationReport } from "../study/simulate-report.ts";

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

const ROWS: readonly (readonly [string, keyof ReportColumn])[] = [
  ["energy asked, kWh", "energyAskedKwh"],
  ["energy delivered, kWh", "energyDeliveredKwh"],
  ["short though possible, kWh", "shortKwh"],
  ["drivers short > 0.5 kWh", "driversShort"],
  ["short of what was stated, kWh", "shortOfStatedKwh"],
  ["cost, EUR", "costEur"],
  ["battery wear, EUR", "wearEur"],
  ["month's peak, EUR", "capacityEur"],
  ["comparable cost, EUR", "comparableEur"],
  ["peak (15 min), kW", "peakKw"],
  ["highest phase current, A", "peakA"],
  ["seconds above a limit", "secondsAboveLimit"],
  ["overloads longer than 10 s", "overloads"],
  ["quarter-hours above contract", "quarterHoursAboveContract"],
  ["own sun used, %", "selfConsumptionPercent"],
  ["CO2, kg", "co2Kg"],
  ["battery cycles", "batteryCycles"],
  ["profile messages", "profileMessages"],
  ["guard interventions", "guardInterventions"],
  ["plans", "plans"],
];

function table({ columns }: SimulationReport): string[] {
  const head = ["".padEnd(30), ...columns.map(({ name }) => name.padStart(18))].join("");
  const rows = ROWS.filter(([, key]) => columns.some((column) => column[key] !== undefined));
  return [
    head,
    ...rows.map(([label, key]) =>
      [label.padEnd(30), ...columns.map((column) => String(column[key] ?? "-").padStart(18))].join(""),
    ),
  ];
}

function conclusion({ regret, optimum, missingEurPerKwh, tookS }: SimulationReport): string[] {
  const { achievableSavingEur, savedEur, lostPercent, bestRule } = regret;
  const lost =
    lostPercent === undefined
      ? "There was nothing to save in this period."
      : `Of ${achievableSavingEur} EUR that could have been saved against uncontrolled charging, ${savedEur} EUR were: ${lostPercent} % lost (best simple rule, ${bestRule.name}: ${bestRule.lostPercent} % lost).`;
  return [
    lost,
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
  const progress = (day: number) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${read.scenario.name}: day ${day} `);
  };
  const full = await compareScenario(read.scenario, read.notes, { onDay: progress });
  if (values.html !== undefined) writeFileSync(values.html, reportPage(full));
  if (values.json) console.log(JSON.stringify(full.report, null, 2));
  else print(full.report);
  return 0;
}
