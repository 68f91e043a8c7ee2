/** The measured week that the simulated site lives on; see data/README.md. Blank cells stay unknown. */
import { readFileSync } from "node:fs";

export interface MeasuredSession {
  /** Seconds since Monday 00:00 local. */
  readonly arrivalS: number;
  readonly departureS: number;
  readonly energyWh: number;
  readonly requestedWh?: number;
  readonly statedDepartureS?: number;
  readonly station: string;
  readonly maxPowerW: number;
}

export interface MeasuredWeek {
  /** By local quarter-hour of the week, 672 of them. */
  readonly eurPerKwh: readonly (number | undefined)[];
  readonly pvWPerKwp: readonly (number | undefined)[];
  readonly loadPerMean: readonly (number | undefined)[];
  readonly sessions: readonly MeasuredSession[];
}

function rows(name: string): Record<string, string>[] {
  const text = readFileSync(new URL(`./data/${name}`, import.meta.url), "utf8");
  const [header = "", ...lines] = text.trim().split("\n");
  const columns = header.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, index) => [columns[index], cell])));
}

function numberIn(row: Record<string, string>, column: string): number | undefined {
  const cell = row[column];
  if (cell === undefined || cell === "") return undefined;
  const value = Number(cell);
  if (!Number.isFinite(value)) throw new Error(`${column} is not a number: ${cell}`);
  return value;
}

function session(row: Record<string, string>): MeasuredSession {
  const requestedKwh = numberIn(row, "requested_kwh");
  const statedDepartureS = numberIn(row, "stated_departure_s");
  return {
    arrivalS: numberIn(row, "arrival_s")!,
    departureS: numberIn(row, "departure_s")!,
    energyWh: numberIn(row, "energy_kwh")! * 1000,
    station: row.station!,
    maxPowerW: numberIn(row, "max_kw")! * 1000,
    ...(requestedKwh === undefined ? {} : { requestedWh: requestedKwh * 1000 }),
    ...(statedDepartureS === undefined ? {} : { statedDepartureS }),
  };
}

let week: MeasuredWeek | undefined;

/** The measured week, read once. */
export function measuredWeek(): MeasuredWeek {
  if (!week) {
    const slots = rows("week.csv");
    week = {
      eurPerKwh: slots.map((row) => numberIn(row, "eur_per_kwh")),
      pvWPerKwp: slots.map((row) => numberIn(row, "pv_w_per_kwp")),
      loadPerMean: slots.map((row) => numberIn(row, "load_per_mean")),
      sessions: rows("sessions.csv").map(session),
    };
  }
  return week;
}
