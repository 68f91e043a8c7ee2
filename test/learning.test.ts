/** What the controller learns of stays makes its forecast of them better: measured cars, each forecast from those before. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { leftByChance } from "../src/core/drivers/outlook.ts";
import type { Stay } from "../src/core/state/stays.ts";
import { numberCell, parseCsv, timeCell } from "../src/study/csv.ts";

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;

interface Seen extends Stay {
  readonly endedMs: number;
}

function staysOf(file: string): Seen[] {
  const url = new URL(`../config/scenarios/data/${file}`, import.meta.url);
  return parseCsv(readFileSync(url, "utf8"))
    .rows.flatMap((row): Seen[] => {
      const [startedMs, endedMs] = [timeCell(row.arrival_utc), timeCell(row.departure_utc)];
      const kwh = numberCell(row.energy_kwh);
      if (startedMs === undefined || endedMs === undefined || kwh === undefined) return [];
      const token = /user=([^;]+)/.exec(row.extra ?? "")?.[1];
      const saidUtc = timeCell(row.est_departure_utc);
      const said = saidUtc !== undefined && saidUtc > startedMs + 120_000;
      return [
        {
          evseId: row.station_id ?? "",
          ...(token === undefined ? {} : { token }),
          startedMs,
          endedMs,
          stayMs: endedMs - startedMs,
          energyWh: kwh * 1000,
          cutShort: false,
          ...(said ? { saidMs: saidUtc - startedMs, keptMs: endedMs - startedMs } : {}),
        },
      ];
    })
    .sort((a, b) => a.startedMs - b.startedMs);
}

/** Mean square error of the chances to have left in the hours to come, asked on arrival and an hour and three later. */
function errorOf(cars: readonly Seen[], stays: (car: Seen) => readonly Stay[], assumedStayMs: number): number {
  let [sum, count] = [0, 0];
  for (const car of cars) {
    const before = stays(car);
    for (const agoH of [0, 1, 3]) {
      const nowMs = car.startedMs + agoH * HOUR_MS;
      if (nowMs >= car.endedMs) continue;
      const said =
        car.saidMs === undefined ? {} : { said: { departureMs: car.startedMs + car.saidMs, statedMs: car.startedMs } };
      const chance = leftByChance({ stays: before, visit: car, nowMs, assumedStayMs, timeZone: "UTC", ...said });
      for (const hours of [1, 2, 4, 8]) {
        const left = car.endedMs < nowMs + hours * HOUR_MS ? 1 : 0;
        sum += (chance(nowMs + hours * HOUR_MS) - left) ** 2;
        count++;
      }
    }
  }
  return sum / count;
}

describe.each([
  ["apartments, where nobody says anything", "apartments-sessions.csv", 10],
  ["a public site, where nobody says anything", "public-sessions.csv", 4],
  ["a workplace, where words are often wrong", "workplace-sessions.csv", 8],
])("%s", (_, file, assumedHours) => {
  const all = staysOf(file);
  const beganMs = all[0]!.startedMs;
  const week = (from: number, to: number) =>
    all.filter(({ startedMs }) => startedMs >= beganMs + from * WEEK_MS && startedMs < beganMs + to * WEEK_MS);
  const learned = (car: Seen) => all.filter(({ endedMs }) => endedMs <= car.startedMs).slice(-600);
  const error = (cars: readonly Seen[], stays: (car: Seen) => readonly Stay[]) =>
    errorOf(cars, stays, assumedHours * HOUR_MS);

  it("the first week is forecast no worse with what was learned than without", () => {
    expect(error(week(0, 1), learned)).toBeLessThan(error(week(0, 1), () => []) * 1.02);
  });

  it("the weeks after it much better", () => {
    expect(error(week(1, 4), learned)).toBeLessThan(error(week(1, 4), () => []) * 0.9);
  });
});
