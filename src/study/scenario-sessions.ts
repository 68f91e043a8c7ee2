/** Measured charging sessions as cars of a scenario: what is impossible is left out and counted, never repaired. */
import type { Scenario, ScenarioEvse, ScenarioSession } from "../sim/scenario.ts";
import { type CsvTable, numberCell, timeCell } from "./csv.ts";
import { type Shift, toSiteMs } from "./scenario-series.ts";

export interface SessionsContext {
  readonly startMs: number;
  readonly endMs: number;
  readonly voltageV: number;
  readonly evses: readonly ScenarioEvse[];
  readonly shift: Shift;
  /** Of cars of which the file does not say, kW; and on how many phases. */
  readonly maxKw?: number;
  readonly phases?: 1 | 2 | 3;
  readonly stations?: readonly string[];
}

export interface SessionsRead {
  readonly sessions: Scenario["sessions"];
  readonly dropped: Readonly<Record<string, number>>;
  /** What drivers of those sessions said that cannot be meant, and how often. */
  readonly unheard: Readonly<Record<string, number>>;
}

type Row = Readonly<Record<string, string>>;
type Car = Omit<ScenarioSession, "evseId"> & { readonly station: string; readonly said: Said };

interface Said {
  readonly words: Pick<ScenarioSession, "requestedWh" | "statedDepartureMs">;
  readonly unheard: readonly string[];
}

const HOUR_MS = 3_600_000;
/** On-board chargers that are common, W by phases, from the smallest. */
const USUAL_CARS = [
  { watts: 3_680, phases: 1 },
  { watts: 7_360, phases: 1 },
  { watts: 11_040, phases: 3 },
  { watts: 22_080, phases: 3 },
] as const;
const SMALLEST_CURRENT_A = 6;
const LARGEST_POWER_W = 400_000;
/** No battery takes more: the driver mistyped, and said nothing. */
const LARGEST_REQUEST_KWH = 1_000;
/** No departure is taken from further ahead than a site takes one. */
const FURTHEST_DEPARTURE_MS = 366 * 86_400_000;
/** Meters and clocks are not exact. */
const POWER_TOLERANCE = 1.1;

/** Power and phases: as measured; else what is told for this file; else the smallest usual car that can have done it. */
function chargerOf(
  row: Row,
  meanW: number,
  context: SessionsContext,
): { readonly watts: number; readonly phases: 1 | 2 | 3 } {
  const measuredKw = numberCell(row.max_kw) ?? 0;
  const kw = measuredKw > 0 ? measuredKw : context.maxKw;
  const said = Number.parseInt(row.phases ?? "", 10);
  const fitting = USUAL_CARS.find(({ watts }) => watts >= Math.max(meanW, (kw ?? 0) * 1000) * 0.98);
  const phases = said === 1 || said === 2 || said === 3 ? said : (context.phases ?? fitting?.phases ?? 3);
  const isSaid = kw !== undefined && kw * 1000 * POWER_TOLERANCE >= meanW;
  const watts = isSaid ? Math.max(kw * 1000, meanW) : Math.max(fitting?.watts ?? 0, meanW);
  return { watts, phases };
}

/** The driver's card where the file names a user; else a card that nobody saw before. */
function tokenOf(row: Row, id: string): string {
  const user = /(?:^|;)user=([^;]+)/.exec(row.extra ?? "")?.[1];
  return (user ? `user-${user}` : `once-${id}`).replaceAll(/[^A-Za-z0-9_.-]/g, "").slice(0, 36);
}

/** What the driver said; nothing that cannot be meant. */
function said(row: Row, arrivalUtc: number, shift: Shift): Said {
  const requestedKwh = numberCell(row.requested_kwh);
  const departureUtc = timeCell(row.est_departure_utc);
  const unheard: string[] = [];
  const words: { requestedWh?: number; statedDepartureMs?: number } = {};
  if (requestedKwh !== undefined) {
    if (requestedKwh > 0 && requestedKwh <= LARGEST_REQUEST_KWH) words.requestedWh = requestedKwh * 1000;
    else unheard.push("no possible energy");
  }
  if (departureUtc !== undefined) {
    if (departureUtc > arrivalUtc + FURTHEST_DEPARTURE_MS) unheard.push("departure more than a year ahead");
    else if (departureUtc > arrivalUtc) words.statedDepartureMs = toSiteMs(departureUtc, shift);
    else unheard.push("no departure after the arrival");
  }
  return { words, unheard };
}

/** The car of a row, or why there is none. */
function carOf(row: Row, index: number, context: SessionsContext): Car | string {
  const arrivalUtc = timeCell(row.arrival_utc);
  const departureUtc = timeCell(row.departure_utc);
  const kwh = numberCell(row.energy_kwh);
  if (arrivalUtc === undefined || Number.isNaN(arrivalUtc)) return "no time of arrival";
  if (departureUtc === undefined || Number.isNaN(departureUtc)) return "no time of departure";
  if (departureUtc <= arrivalUtc) return "left before it came";
  if (kwh === undefined) return "no energy";
  if (Number.isNaN(kwh)) return "energy is not a number";
  if (kwh <= 0) return "no energy taken";
  const stayH = (departureUtc - arrivalUtc) / HOUR_MS;
  const meanW = (kwh * 1000) / stayH;
  const arrivalMs = toSiteMs(arrivalUtc, context.shift);
  const departureMs = Math.max(arrivalMs + 60_000, toSiteMs(departureUtc, context.shift));
  if (departureMs <= context.startMs || arrivalMs >= context.endMs) return "outside of the period";
  if (arrivalMs < context.startMs) return "came before the period began";
  if (departureMs > context.endMs) return "stays beyond the period";
  if (meanW > LARGEST_POWER_W) return "more energy than any charger can give in that time";
  const { watts, phases } = chargerOf(row, meanW, context);
  const id = row.session_id ? row.session_id : `row-${index + 1}`;
  return {
    id,
    station: row.station_id ?? "",
    arrivalMs,
    departureMs,
    energyWh: kwh * 1000,
    maxCurrentA: Math.max(SMALLEST_CURRENT_A, watts / (phases * context.voltageV)),
    phases,
    token: tokenOf(row, id),
    said: said(row, arrivalUtc, context.shift),
  };
}

/** The EVSE of the same name when it is free; else one that can give the most of what the car takes. */
function placeFor(car: Car, freeFromMs: ReadonlyMap<string, number>, evses: readonly ScenarioEvse[]) {
  const isFree = ({ id }: ScenarioEvse) => (freeFromMs.get(id) ?? 0) <= car.arrivalMs;
  const named = evses.find((evse) => evse.id === car.station);
  if (named) return isFree(named) ? named : undefined;
  const gives = (evse: ScenarioEvse) =>
    Math.min(evse.maxCurrentA, car.maxCurrentA) * Math.min(evse.phases.length, car.phases);
  const free = evses.filter(isFree);
  return free.reduce<ScenarioEvse | undefined>(
    (best, evse) => (best && gives(best) >= gives(evse) ? best : evse),
    undefined,
  );
}

/** The cars of the period, by arrival, each at an EVSE; and how many rows were left out, by reason. */
export function readSessions(table: CsvTable, context: SessionsContext): SessionsRead {
  const dropped: Record<string, number> = {};
  const drop = (why: string, count = 1) => {
    if (count > 0) dropped[why] = (dropped[why] ?? 0) + count;
  };
  drop("line has another number of cells than the header", table.unreadable);
  const seen = new Set<string>();
  const cars: Car[] = [];
  const wanted = context.stations && new Set(context.stations);
  for (const [index, row] of table.rows.entries()) {
    if (wanted && !wanted.has(row.station_id ?? "")) {
      drop("of another station");
      continue;
    }
    const car = carOf(row, index, context);
    if (typeof car === "string") drop(car);
    else if (seen.has(car.id)) drop("session was there before");
    else {
      seen.add(car.id);
      cars.push(car);
    }
  }
  cars.sort((a, b) => a.arrivalMs - b.arrivalMs || a.departureMs - b.departureMs);
  const freeFromMs = new Map<string, number>();
  const sessions: ScenarioSession[] = [];
  const unheard: Record<string, number> = {};
  for (const car of cars) {
    const evse = placeFor(car, freeFromMs, context.evses);
    if (!evse) {
      drop("its EVSE was taken");
      continue;
    }
    freeFromMs.set(evse.id, car.departureMs);
    const { station: _, said, ...session } = car;
    for (const why of said.unheard) unheard[why] = (unheard[why] ?? 0) + 1;
    sessions.push({ ...session, ...said.words, evseId: evse.id });
  }
  return { sessions, dropped, unheard };
}
