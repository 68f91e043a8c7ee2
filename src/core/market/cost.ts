/**
 * What a session costs by an OCPI tariff: of each kind of price the first element whose restrictions hold; steps once a
 * session on energy and once on time (the kind that came last); a floor and a ceiling. Prices are without VAT, amounts to a hundredth of a cent.
 */

import type { CostSchema } from "../facts/market-facts.ts";
import type { Static } from "../schema.ts";
import type { TariffConfiguration, Weekday } from "../site/site-upstream.ts";
import { dayOf, type LocalMoment, localMoment, minuteOf } from "../time/calendar.ts";
import type { Period } from "./periods.ts";

export type Cost = Static<typeof CostSchema>;
type Money = Cost["total"];
type Component = TariffConfiguration["elements"][number]["components"][number];
type Restrictions = NonNullable<TariffConfiguration["elements"][number]["restrictions"]>;
type Kind = Component["type"];

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;

const WEEKDAYS: readonly Weekday[] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];

/** A piece of the session within which no restriction changes. */
interface Piece extends Period {
  /** Since the start of the session. */
  readonly beforeWh: number;
  readonly beforeMs: number;
}

function goesByCalendar({ startTime, endTime, startDate, endDate, days }: Restrictions): boolean {
  return [startTime, endTime, startDate, endDate, days].some((value) => value !== undefined);
}

function timeHolds(at: LocalMoment, { startTime, endTime }: Restrictions): boolean {
  const from = startTime === undefined ? 0 : minuteOf(startTime);
  const to = endTime === undefined ? DAY_MINUTES : minuteOf(endTime);
  if (from === to) return true;
  return from < to ? at.minuteOfDay >= from && at.minuteOfDay < to : at.minuteOfDay >= from || at.minuteOfDay < to;
}

function holds(restrictions: Restrictions | undefined, piece: Piece, timeZone: string): boolean {
  if (!restrictions) return true;
  const { startDate, endDate, minKwh, maxKwh, minPowerKw, maxPowerKw, minDurationS, maxDurationS, days } = restrictions;
  const [kwh, powerKw, durationS] = [piece.beforeWh / 1000, piece.maxPowerW / 1000, piece.beforeMs / 1000];
  const within = (value: number, least: number | undefined, most: number | undefined) =>
    value >= (least ?? Number.NEGATIVE_INFINITY) && value < (most ?? Number.POSITIVE_INFINITY);
  if (goesByCalendar(restrictions)) {
    const at = localMoment(piece.startMs, timeZone);
    const isDay =
      (startDate === undefined || at.day >= dayOf(startDate)) && (endDate === undefined || at.day < dayOf(endDate));
    if (!isDay || !timeHolds(at, restrictions) || (days && !days.includes(WEEKDAYS[at.weekday - 1]!))) return false;
  }
  return (
    within(kwh, minKwh, maxKwh) &&
    within(powerKw, minPowerKw, maxPowerKw) &&
    within(durationS, minDurationS, maxDurationS)
  );
}

/** Times inside a period at which a restriction of the tariff may begin or end to hold, epoch ms. */
function cutsOf(tariff: TariffConfiguration, period: Piece, timeZone: string): number[] {
  const { startMs, endMs, energyWh, beforeWh, beforeMs } = period;
  if (!tariff.elements.some(({ restrictions }) => restrictions)) return [];
  const isLocal = tariff.elements.some(({ restrictions }) => restrictions && goesByCalendar(restrictions));
  const local = isLocal ? localMoment(startMs, timeZone).minuteOfDay : 0;
  const cuts = tariff.elements.flatMap(({ restrictions = {} }) => {
    const { startTime, endTime, minKwh, maxKwh, minDurationS, maxDurationS } = restrictions;
    const clocks = [startTime, endTime, "00:00"].flatMap((clock) =>
      clock === undefined || !isLocal
        ? []
        : [startMs + ((minuteOf(clock) - local + DAY_MINUTES) % DAY_MINUTES) * MINUTE_MS],
    );
    const energies = [minKwh, maxKwh].flatMap((kwh) =>
      kwh === undefined || energyWh <= 0 ? [] : [startMs + ((kwh * 1000 - beforeWh) / energyWh) * (endMs - startMs)],
    );
    const durations = [minDurationS, maxDurationS].flatMap((s) =>
      s === undefined ? [] : [startMs + s * 1000 - beforeMs],
    );
    return [...clocks, ...energies, ...durations];
  });
  const inside = cuts.map(Math.round).filter((ms) => ms > startMs && ms < endMs);
  return [...new Set(inside)].sort((a, b) => a - b);
}

function piecesOf(tariff: TariffConfiguration, periods: readonly Period[], timeZone: string): Piece[] {
  const pieces: Piece[] = [];
  let beforeWh = 0;
  const beganMs = periods[0]?.startMs ?? 0;
  for (const period of periods) {
    const whole: Piece = { ...period, beforeWh, beforeMs: period.startMs - beganMs };
    const edges = [period.startMs, ...cutsOf(tariff, whole, timeZone), period.endMs];
    const lengthMs = Math.max(1, period.endMs - period.startMs);
    for (let index = 0; index + 1 < edges.length; index++) {
      const [startMs, endMs] = [edges[index]!, edges[index + 1]!];
      const share = period.endMs === period.startMs ? 1 : (endMs - startMs) / lengthMs;
      pieces.push({
        startMs,
        endMs,
        energyWh: period.energyWh * share,
        chargingMs: period.chargingMs * share,
        parkingMs: period.parkingMs * share,
        maxPowerW: period.maxPowerW,
        beforeWh: beforeWh + (period.energyWh * (startMs - period.startMs)) / lengthMs,
        beforeMs: startMs - beganMs,
      });
    }
    beforeWh += period.energyWh;
  }
  return pieces;
}

class Sum {
  excl = 0;
  vat = 0;
  #vatKnown = true;
  used = false;
  add(component: Component, volume: number): void {
    const excl = component.price * volume;
    this.used = true;
    this.excl += excl;
    if (component.vatPercent === undefined) this.#vatKnown = false;
    else this.vat += (excl * component.vatPercent) / 100;
  }
  get money(): Money {
    const exclVat = cents(this.excl);
    return this.#vatKnown ? { exclVat, inclVat: cents(this.excl + this.vat) } : { exclVat };
  }
}

function cents(amount: number): number {
  return Math.round(amount * 10_000) / 10_000;
}

/** Volume of a piece for a kind of price: kWh, or hours. */
function volumeOf(kind: Kind, piece: Piece): number {
  if (kind === "ENERGY") return piece.energyWh / 1000;
  return (kind === "TIME" ? piece.chargingMs : piece.parkingMs) / HOUR_MS;
}

/** What a whole step is billed above what was taken. */
function stepRest(total: number, step: number): number {
  const steps = total / step;
  return Math.abs(steps - Math.round(steps)) < 1e-6 ? 0 : Math.ceil(steps) * step - total;
}

function between(amount: number, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY): number {
  return Math.min(most, Math.max(least, amount));
}

/** Limits with and without VAT both hold, each for its own amount. */
function bounded(total: Money, tariff: TariffConfiguration): Money {
  const exclVat = between(total.exclVat, tariff.minPrice, tariff.maxPrice);
  if (total.inclVat === undefined) return { exclVat };
  const factor = exclVat === total.exclVat || total.exclVat === 0 ? 1 : exclVat / total.exclVat;
  const base = total.exclVat === 0 && exclVat !== 0 ? exclVat : total.inclVat * factor;
  return { exclVat, inclVat: cents(between(base, tariff.minPriceInclVat, tariff.maxPriceInclVat)) };
}

/** The cost of periods in the order of time. */
export function costOf(tariff: TariffConfiguration, periods: readonly Period[], timeZone: string): Cost {
  const sums: Record<Kind, Sum> = { ENERGY: new Sum(), TIME: new Sum(), PARKING_TIME: new Sum(), FLAT: new Sum() };
  const pieces = piecesOf(tariff, periods, timeZone);
  const last: Partial<Record<"energy" | "time", Component>> = {};
  const total = { ENERGY: 0, TIME: 0, PARKING_TIME: 0 };
  for (const piece of pieces)
    for (const kind of ["ENERGY", "TIME", "PARKING_TIME", "FLAT"] as const) {
      if (kind === "FLAT" ? sums.FLAT.used : volumeOf(kind, piece) === 0) continue;
      const element = tariff.elements.find(
        ({ components, restrictions }) =>
          components.some(({ type }) => type === kind) && holds(restrictions, piece, timeZone),
      );
      const component = element?.components.find(({ type }) => type === kind);
      if (!component) continue;
      sums[kind].add(component, kind === "FLAT" ? 1 : volumeOf(kind, piece));
      if (kind === "FLAT") continue;
      last[kind === "ENERGY" ? "energy" : "time"] = component;
      total[kind] += volumeOf(kind, piece);
    }
  // Of charging and parking only the one that came last is rounded, over all that there was of it.
  for (const component of [last.energy, last.time]) {
    if (!component || component.type === "FLAT") continue;
    const perUnit = component.type === "ENERGY" ? 1000 : 3600;
    const rest = stepRest(total[component.type] * perUnit, component.stepSize);
    sums[component.type].add(component, rest / perUnit);
  }
  return summed(sums, tariff);
}

function summed(sums: Readonly<Record<Kind, Sum>>, tariff: TariffConfiguration): Cost {
  const used = Object.values(sums).filter((sum) => sum.used);
  const monies = used.map((sum) => sum.money);
  const exclVat = cents(monies.reduce((sum, money) => sum + money.exclVat, 0));
  const known = monies.length > 0 && monies.every((money) => money.inclVat !== undefined);
  const inclVat = cents(monies.reduce((sum, money) => sum + (money.inclVat ?? 0), 0));
  return {
    total: bounded(known ? { exclVat, inclVat } : { exclVat }, tariff),
    ...(sums.ENERGY.used ? { energy: sums.ENERGY.money } : {}),
    ...(sums.TIME.used ? { time: sums.TIME.money } : {}),
    ...(sums.PARKING_TIME.used ? { parking: sums.PARKING_TIME.money } : {}),
    ...(sums.FLAT.used ? { fixed: sums.FLAT.money } : {}),
  };
}
