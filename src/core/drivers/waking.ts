/** Cars leave by day: how much of a time counts, by the hour on the wall. */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * How many of the cars that are there leave in an hour, as a part of those that leave in an hour of the day, by hour from midnight:
 * measured in seventeen garages of apartments and at twenty public sites.
 */
const LEAVING = [
  0.06, 0.05, 0.03, 0.03, 0.04, 0.03, 0.4, 1.3, 0.8, 0.8, 0.9, 0.9, 1, 1, 1, 1, 0.95, 1, 0.7, 0.5, 0.4, 0.35, 0.25,
  0.15,
] as const;
const sums = [0];
for (const part of LEAVING) sums.push(sums.at(-1)! + part);

/** Hours that count from a midnight long ago until the clock on the wall shows a time (as if it were UTC, epoch ms). */
function countedHours(wallMs: number): number {
  const day = Math.floor(wallMs / DAY_MS);
  const hours = (wallMs - day * DAY_MS) / HOUR_MS;
  const hour = Math.floor(hours);
  return day * sums.at(-1)! + sums[hour]! + (hours - hour) * LEAVING[hour]!;
}

/** How much of the time between two moments counts for leaving, ms; times as the clock on the wall shows them. */
export function wakingMs(fromWallMs: number, toWallMs: number): number {
  return Math.max(0, countedHours(toWallMs) - countedHours(fromWallMs)) * HOUR_MS;
}
