import { expect, test } from "vitest";
import { siteOf } from "../control/site.test-kit.ts";
import type { EvseTrack } from "./evses.ts";
import { type Shortage, shortage } from "./shortage.ts";

const { evses } = siteOf({ evses: [{ id: "a" }, { id: "b" }] });

/** Cars report every 30 s, each at its own second; the meter shows what they draw, or nothing of it. */
function live(
  drawsA: readonly ((second: number) => number)[],
  seconds: number,
  shows = 1,
  told = "all",
): Shortage | undefined {
  let found: Shortage | undefined;
  const tracks: EvseTrack[] = evses.map((evse, index) => ({ evse, transactionId: index, sinceMonoMs: 0 }));
  for (let second = 0; second < seconds; second++) {
    drawsA.forEach((draws, index) => {
      if (second % 30 !== index * 10) return;
      const a = draws(second);
      const currents = told === "power alone" ? {} : { currentA: [a, a, a] as const };
      tracks[index] = { ...tracks[index]!, last: { atMonoMs: second * 1000, powerW: 690 * a, ...currents } };
    });
    const a = shows * drawsA.reduce((sum, draws) => sum + draws(second), 0);
    const reading = { currentA: [a, a, a] as const, powerW: 690 * a };
    found = shortage(found, { ...reading, producedA: 0, producedW: 0, tracks, monoMs: second * 1000 });
    if (found?.found) return found;
  }
  return found;
}

test.each([
  "all",
  "power alone",
])("cars that stop one after the other, each just after its report, blame no meter; told is %s", (told) => {
  const until = (stopsS: number) => (second: number) => (second < stopsS ? 16 : 0);
  for (let first = 1; first < 60; first++)
    for (let second = 1; second < 60; second++)
      expect(live([until(first), until(second)], 120, 1, told)?.found ?? false).toBe(false);
});

test.each([
  "all",
  "power alone",
])("a meter that shows nothing of cars is found out by their third reports at the latest; told is %s", (told) => {
  expect(live([() => 16, () => 0], 90, 0, told)?.found).toBe(true);
  expect(live([() => 16, () => 16], 70, 0.1, told)?.found).toBe(true);
});
