/** What a comparison says, for the terminal and for the page alike. */
import type { Regret, ReportColumn, SimulationReport } from "./report.ts";

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
  const lost = lostPercent < 0 ? `, more than that: ${AHEAD}.` : ` and lost ${lostPercent} % of what was possible.`;
  return `${could}${saved(regret)}${lost} ${rule}${few}`;
}

/** How the bill can be lower than that of perfect foresight. */
export const AHEAD =
  "perfect foresight delivers all that is possible first, also where a month's peak costs more than the missing energy counts";

const COLUMNS: Readonly<Record<string, string>> = {
  wattledger: "what this controller does, second by second",
  uncontrolled: "every car charges at once, whatever the fuse says",
  "equal shares": "cars share what the fuses leave, each as much as the others",
  "cheapest slots": "each car takes the cheapest hours that it knows of, without looking at the others",
  "earliest deadline": "who leaves first charges first",
  "least laxity": "who has the least time to spare charges first",
  "perfect foresight": "the best that was possible for somebody who knew beforehand all that would come; nobody does",
};

const FIGURES: Readonly<Partial<Record<keyof ReportColumn, string>>> = {
  shortKwh: "what cars still needed when they left, though perfect foresight delivers it",
  shortOfStatedKwh: "the same of drivers who had said how much they need",
  comparableEur: "the bill with all that counts beside it, as said below the table; the lowest is the best",
  secondsAboveLimit: "a fuse bears a few; longer ones are counted as overloads",
  capacityEur: "what the highest power of each month costs, as far as the tariff bills it",
  profileMessages: "limits sent to charge points",
  guardInterventions: "how often charging was lowered at once to keep a fuse or a limit",
  plansByRules: "plans for which the solver had no answer in time: by simple rules instead",
};

/** What the names of the columns and rows of a report mean, for who does not know them. */
export function reportTerms(
  columns: readonly ReportColumn[],
): readonly { readonly term: string; readonly text: string }[] {
  const names = columns.flatMap(({ name }) =>
    COLUMNS[name] === undefined ? [] : [{ term: name, text: COLUMNS[name] }],
  );
  const figures = ROWS.flatMap(([label, key]) => {
    const text = FIGURES[key];
    return text === undefined || columns.every((column) => column[key] === undefined) ? [] : [{ term: label, text }];
  });
  return [...names, ...figures];
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
