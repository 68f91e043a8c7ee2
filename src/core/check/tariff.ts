/** Prices that cannot be known, or not as they were meant. */

import type { PriceSource, SiteConfiguration } from "../site/site.ts";
import type { CapacityTariff } from "../site/site-capacity.ts";
import type { Problem } from "./problem.ts";

type Path = readonly (string | number)[];
type TimeOfUse = Extract<PriceSource, { kind: "time-of-use" }>;
type Period = TimeOfUse["periods"][number];

const MINUTES_A_DAY = 1440;
const SLOT_MINUTES = 15;

function minuteOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return hours * 60 + minutes;
}

/** Minutes of the week, from Monday 00:00, that a period covers; over midnight it belongs to the day it begins. */
function spans({ from, to, days }: Period): (readonly [number, number])[] {
  const [begins, ends] = [minuteOf(from), minuteOf(to)];
  const length = ends > begins ? ends - begins : ends + MINUTES_A_DAY - begins;
  const week = 7 * MINUTES_A_DAY;
  return days.flatMap((day) => {
    const start = (day - 1) * MINUTES_A_DAY + begins;
    const end = start + length;
    return end <= week ? [[start, end] as const] : [[start, week] as const, [0, end - week] as const];
  });
}

function overlap(a: Period, b: Period): boolean {
  return spans(a).some(([from, to]) => spans(b).some(([start, end]) => from < end && start < to));
}

function periodProblems(source: TimeOfUse, path: Path): Problem[] {
  return source.periods.flatMap((period, index): Problem[] => {
    const at = [...path, "periods", index];
    const problems: Problem[] = [];
    const earlier = source.periods.slice(0, index).find((other) => overlap(period, other));
    if (earlier && earlier.eurPerKwh !== period.eurPerKwh)
      problems.push({
        severity: "warning",
        path: at,
        message: `${period.from} to ${period.to} overlaps with ${earlier.from} to ${earlier.to} at another price`,
        advice: "The one that is written first counts; let them meet instead",
      });
    const odd = [period.from, period.to].find((text) => minuteOf(text) % SLOT_MINUTES !== 0);
    if (odd !== undefined)
      problems.push({
        severity: "warning",
        path: at,
        message: `${odd} lies inside a quarter-hour: the price at its beginning counts for all of it`,
        advice: "Write full quarter-hours, such as 22:00 or 22:15",
      });
    return problems;
  });
}

function sourceProblems(source: PriceSource, path: Path): Problem[] {
  if (source.kind === "time-of-use") return periodProblems(source, path);
  if (source.kind === "day-ahead" && source.file === undefined && source.url === undefined)
    return [{ severity: "error", path, message: "Day-ahead prices need a source", advice: "Add file: or url:" }];
  return [];
}

function capacityProblems(tariff: CapacityTariff, path: Path): Problem[] {
  const problems: Problem[] = [];
  const { steps, eurPerKwMonth, name } = tariff;
  if (steps.length === 0 && eurPerKwMonth === 0)
    problems.push({
      severity: "warning",
      path,
      message: `${name} costs nothing: it has neither eurPerKwMonth nor steps`,
      advice: "Write what a kW costs a month, or what each step does; or leave the tariff out",
    });
  const falls = steps.findIndex((step, index) => {
    const before = steps[index - 1];
    return before !== undefined && (step.upToKw <= before.upToKw || step.eurPerMonth < before.eurPerMonth);
  });
  if (falls >= 0)
    problems.push({
      severity: "error",
      path: [...path, "steps", falls],
      message: `The steps of ${name} do not rise: a plan could not tell which of them counts`,
      advice: "Write the smallest first, each with a larger upToKw and at least the price of the one before",
    });
  const nothing = tariff.windows.every(({ weight }) => weight === 0) && tariff.otherwise.weight === 0;
  if (nothing)
    problems.push({
      severity: "error",
      path,
      message: `${name} never counts: the weight is 0 at all times`,
      advice: "Give a window, or otherwise, a weight above 0",
    });
  return problems;
}

/** Problems of both price sources and of the tariffs for power. What no period covers has `otherwiseEurPerKwh`: there are no gaps. */
export function tariffProblems({ tariff }: SiteConfiguration): Problem[] {
  return [
    ...sourceProblems(tariff.import, ["tariff", "import"]),
    ...(tariff.export ? sourceProblems(tariff.export, ["tariff", "export"]) : []),
    ...(tariff.capacity ?? []).flatMap((capacity, index) => capacityProblems(capacity, ["tariff", "capacity", index])),
  ];
}
