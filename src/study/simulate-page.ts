/** A simulation's report as one page that needs nothing else: tables, and charts drawn as SVG. */
import { SLOT_MS } from "../core/time/slots.ts";
import { type Scenario, slotImportLimitW } from "../sim/scenario.ts";
import type { FullReport, SimulationReport } from "./report.ts";
import { periodText, reportRows, reportTerms, verdict } from "./report-words.ts";

const WIDTH = 1100;
const HEIGHT = 190;
const LEFT = 52;
const BOTTOM = 22;
const TOP = 10;
const COLOURS = {
  grid: "#1f5fae",
  evses: "#c4570a",
  sun: "#b58a00",
  price: "#7a3e9d",
  optimum: "#2c8a4b",
  order: "#b3261e",
} as const;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

interface Line {
  readonly label: string;
  readonly colour: string;
  readonly values: readonly (number | undefined)[];
}

interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly startMs: number;
  readonly timeZone: string;
  readonly limit?: number;
}

function path(values: Line["values"], x: (slot: number) => number, y: (value: number) => number): string {
  let pen = "M";
  return values
    .map((value, slot) => {
      if (value === undefined) {
        pen = "M";
        return "";
      }
      const move = `${pen}${x(slot).toFixed(1)} ${y(value).toFixed(1)}H${x(slot + 1).toFixed(1)}`;
      pen = "L";
      return move;
    })
    .join("");
}

function dayMarks({ startMs, timeZone, lines }: Chart, x: (slot: number) => number): string {
  const slots = lines[0]?.values.length ?? 0;
  const format = new Intl.DateTimeFormat("en-GB", { timeZone, weekday: "short", day: "numeric", month: "short" });
  const marks: string[] = [];
  let last = "";
  for (let slot = 0; slot < slots; slot++) {
    const day = format.format(startMs + slot * SLOT_MS);
    if (day === last) continue;
    last = day;
    const at = x(slot).toFixed(1);
    marks.push(`<line class="day" x1="${at}" x2="${at}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`);
    if (slots <= 8 * 96 || day.startsWith("Mon")) marks.push(`<text x="${at}" y="${HEIGHT - 6}">${day}</text>`);
  }
  return marks.join("");
}

/** Three digits of the largest value of an axis, as many for all of it: room is left for six characters. */
export function tickTexts(low: number, high: number): string[] {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const decimals = Math.max(0, Math.min(4, 2 - Math.floor(Math.log10(largest))));
  return [low, (low + high) / 2, high].map((value) => String(Number(value.toFixed(decimals))));
}

/** What flexibility orders allow, where there are any. */
function ordered(scenario: Scenario, slots: number): Line[] {
  if ((scenario.orders ?? []).length === 0) return [];
  const contractW = scenario.circuits[0]?.limitW ?? Number.POSITIVE_INFINITY;
  const values = Array.from({ length: slots }, (_, slot) => {
    const limitW = slotImportLimitW(scenario, slot);
    return limitW < contractW ? limitW / 1000 : undefined;
  });
  return [{ label: "ordered", colour: COLOURS.order, values }];
}

function svg(chart: Chart): string {
  const slots = chart.lines[0]?.values.length ?? 0;
  const all = chart.lines.flatMap(({ values }) => values.filter((value) => value !== undefined));
  const [low, high] = [Math.min(0, ...all), Math.max(chart.limit ?? 0, ...all, 1e-9)];
  const x = (slot: number) => LEFT + ((WIDTH - LEFT - 8) * slot) / Math.max(1, slots);
  const y = (value: number) => TOP + ((HEIGHT - TOP - BOTTOM) * (high - value)) / (high - low);
  const texts = tickTexts(low, high);
  const ticks = [low, (low + high) / 2, high].map(
    (value, index) => `<text class="tick" x="${LEFT - 6}" y="${(y(value) + 4).toFixed(1)}">${texts[index]}</text>`,
  );
  const limit =
    chart.limit === undefined
      ? ""
      : `<line class="limit" x1="${LEFT}" x2="${WIDTH - 8}" y1="${y(chart.limit).toFixed(1)}" y2="${y(chart.limit).toFixed(1)}"/>`;
  const lines = chart.lines.map(({ colour, values }) => `<path stroke="${colour}" d="${path(values, x, y)}"/>`);
  const zero =
    low < 0
      ? `<line class="zero" x1="${LEFT}" x2="${WIDTH - 8}" y1="${y(0).toFixed(1)}" y2="${y(0).toFixed(1)}"/>`
      : "";
  const legend = chart.lines
    .map(({ label, colour }) => `<b style="color:${colour}">&#9644;</b> ${escaped(label)}`)
    .join(" &nbsp; ");
  return `<figure><figcaption>${escaped(chart.title)}, ${escaped(chart.unit)} &nbsp; ${legend}</figcaption>
<div class="wide"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(chart.title)}">${dayMarks(chart, x)}${zero}${limit}${ticks.join("")}${lines.join("")}</svg></div></figure>`;
}

function charts({ series, scenario, report }: FullReport): string[] {
  const slots = series.wattledger?.gridW.length ?? 0;
  const kw = (values: readonly number[] = []) => values.slice(0, slots).map((value) => value / 1000);
  const place = { startMs: scenario.startMs, timeZone: report.timeZone };
  const line = (label: string, colour: string, values: Line["values"]): Line => ({ label, colour, values });
  const contractW = scenario.circuits[0]?.limitW;
  const limit = contractW === undefined ? {} : { limit: contractW / 1000 };
  const { uncontrolled, wattledger, "perfect foresight": optimum } = series;
  const cars = [
    line("uncontrolled", "#bbb", kw(uncontrolled?.evsesW)),
    line("perfect foresight", COLOURS.optimum, kw(optimum?.evsesW)),
    line("wattledger", COLOURS.evses, kw(wattledger?.evsesW)),
  ];
  const grid = [
    line("uncontrolled", "#bbb", kw(uncontrolled?.gridW)),
    line("wattledger", COLOURS.grid, kw(wattledger?.gridW)),
    ...ordered(scenario, slots),
  ];
  const prices = [line("price", COLOURS.price, scenario.importEurPerKwh.slice(0, slots))];
  const buildingAndSun = [line("building", "#555", kw(scenario.loadW)), line("sun", COLOURS.sun, kw(scenario.pvW))];
  const battery = [
    line("perfect foresight", COLOURS.optimum, kw(optimum?.batteryW)),
    line("wattledger", COLOURS.grid, kw(wattledger?.batteryW)),
  ];
  const all: Chart[] = [
    { ...place, title: "Cars", unit: "kW", lines: cars },
    { ...place, title: "Grid connection", unit: "kW, import +", ...limit, lines: grid },
    { ...place, title: "Import price", unit: "EUR/kWh", lines: prices },
    { ...place, title: "Building and sun", unit: "kW", lines: buildingAndSun },
  ];
  if (scenario.battery) all.push({ ...place, title: "Battery", unit: "kW, charging +", lines: battery });
  return all.map(svg);
}

function table({ columns }: SimulationReport): string {
  const head = columns.map(({ name }) => `<th>${escaped(name)}</th>`).join("");
  const rows = reportRows(columns).map(({ label, cells }) => {
    const data = cells.map((cell) => `<td>${escaped(cell)}</td>`).join("");
    return `<tr><th>${escaped(label)}</th>${data}</tr>`;
  });
  return `<div class="wide"><table><thead><tr><td></td>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

const STYLE = `body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:1140px;padding:0 1rem;color:#1c1f24;background:#fff}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #ddd}
tbody th{text-align:left;font-weight:400;position:sticky;left:0;background:#fff}.wide{overflow-x:auto}figure{margin:1.2rem 0}figcaption{font-size:14px}
svg{width:100%;min-width:44rem;height:auto}svg path{fill:none;stroke-width:1.2}svg text{font-size:11px;fill:#555}.tick{text-anchor:end}
.day{stroke:#eee}.zero{stroke:#999}.limit{stroke:#b00;stroke-dasharray:5 4}li,dl{font-size:14px}dt{font-weight:600}dd{margin:0 0 .4rem}`;

/** The page. */
export function reportPage(full: FullReport): string {
  const { report } = full;
  const notes = report.notes.map(({ file, text }) => `<li>${escaped(file)}: ${escaped(text)}</li>`).join("");
  const terms = reportTerms(report.columns)
    .map(({ term, text }) => `<dt>${escaped(term)}</dt><dd>${escaped(text)}</dd>`)
    .join("");
  const title = escaped(report.scenario);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style>
<h1>${title}</h1><p>${escaped(periodText(report))}: ${report.days} days, EVSEs: ${report.evses}, sessions: ${report.sessions}.</p><p><b>${escaped(verdict(report))}</b></p>
${table(report)}<p>Comparable cost: cost, wear and the months' peaks, missing energy at ${report.missingEurPerKwh} EUR/kWh (the dearest price of the period), less what the battery holds more at the end at ${report.storedEurPerKwh} EUR/kWh. Perfect foresight: ${escaped(report.optimum)}.</p>
${charts(full).join("\n")}<h2>What the words mean</h2><dl>${terms}</dl><h2>What was read</h2><ul>${notes}</ul></html>
`;
}
