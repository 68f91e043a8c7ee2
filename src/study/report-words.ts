/** What a comparison says, for the terminal and for the page alike. */
import type { Regret, ReportColumn, SimulationReport } from "./simulate-report.ts";

const ROWS: readonly (readonly [label: string, key: keyof ReportColumn])[] = [
  ["Energy asked, kWh", "energyAskedKwh"],
  ["Energy delivered, kWh", "energyDeliveredKwh"],
  ["Short though possible, kWh", "shortKwh"],
  ["Drivers short > 0.5 kWh", "driversShort"],
  ["Short of what was stated, kWh", "shortOfStatedKwh"],
  ["Cost of the site, EUR", "costEur"],
  ["Wear of the battery, EUR", "wearEur"],
  ["The months' peaks, EUR", "capacityEur"],
  ["Comparable cost, EUR", "comparableEur"],
  ["Highest quarter-hour, kW", "peakKw"],
  ["Highest phase current, A", "peakA"],
  ["Seconds above a limit", "secondsAboveLimit"],
  ["Overloads longer than 10 s", "overloads"],
  ["Quarter-hours above contract", "quarterHoursAboveContract"],
  ["Quarter-hours above the ramp", "quarterHoursAboveRamp"],
  ["by how much at worst, W", "worstAboveRampW"],
  ["Own sun used on the site, %", "selfConsumptionPercent"],
  ["CO₂ of the import, kg", "co2Kg"],
  ["Full cycles of the battery", "batteryCycles"],
  ["Charging profiles sent", "profileMessages"],
  ["Interventions of the guard", "guardInterventions"],
  ["Plans made", "plans"],
  ["Plans made by rules", "plansByRules"],
];

const money = (eur: number) => `${eur.toFixed(2)} EUR`;

/** The figures that any of the columns has, as text, a row each; a column without one shows a dash. */
export function reportRows(
  columns: readonly ReportColumn[],
): readonly { readonly label: string; readonly cells: string[] }[] {
  return ROWS.filter(([, key]) => columns.some((column) => column[key] !== undefined)).map(([label, key]) => ({
    label,
    cells: columns.map(({ [key]: value }) =>
      typeof value === "number" && key.endsWith("Eur") ? value.toFixed(2) : String(value ?? "–"),
    ),
  }));
}

/** Fewer are luck more than measure. */
const FEW_SESSIONS = 20;

/** What was saved of what could have been. */
export function verdict({ regret, sessions }: Pick<SimulationReport, "regret" | "sessions">): string {
  const { achievableSavingEur, lostPercent, bestRule } = regret;
  if (lostPercent === undefined) return "There was nothing to save in this period.";
  const could = `Perfect foresight would have saved ${money(achievableSavingEur)} against uncontrolled charging; `;
  const rule = `The best simple rule (${bestRule.name}) lost ${bestRule.lostPercent} %.`;
  const few = sessions < FEW_SESSIONS ? " So few sessions tell little of a year: take some weeks." : "";
  return `${could}${saved(regret)} and lost ${lostPercent} % of what was possible. ${rule}${few}`;
}

function saved({ savedEur }: Regret): string {
  return savedEur < 0
    ? `wattledger cost ${money(-savedEur)} more than uncontrolled`
    : `wattledger saved ${money(savedEur)}`;
}

/** First and last local day, and whose days those are. */
export function periodText({
  fromUtc,
  untilUtc,
  timeZone,
}: Pick<SimulationReport, "fromUtc" | "untilUtc" | "timeZone">): string {
  const day = new Intl.DateTimeFormat("en-GB", { timeZone, day: "numeric", month: "long", year: "numeric" });
  const lastMs = Date.parse(untilUtc) - 1;
  return `${day.format(Date.parse(fromUtc))} to ${day.format(lastMs)} (${timeZone})`;
}
