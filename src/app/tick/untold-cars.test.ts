import { expect, test } from "vitest";
import { siteOf } from "../../core/control/site.test-kit.ts";
import type { EvseReading } from "../../core/image.ts";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { untoldCars } from "./untold-cars.ts";

function watched() {
  const clock = new VirtualClock(Date.UTC(2026, 5, 10, 12));
  const readings: EvseReading[] = [];
  const site = siteOf({ evses: [{ id: "a", phases: ["L2"] }, { id: "b" }] });
  const untold = untoldCars({ site, clock, tell: (reading) => readings.push(reading) });
  return { clock, readings, untold };
}
const start = (chargePointId: string, replayed = false) =>
  ({
    type: "transaction-started",
    chargePointId,
    connector: 1,
    atMs: 0,
    replayed,
  }) as const;
const end = { type: "transaction-ended", chargePointId: "cp-a", atMs: 0, reason: "Local", replayed: false } as const;

test("a car that starts while the disk hangs counts with the safe default of its EVSE until the disk has taken it", async () => {
  const { clock, readings, untold } = watched();
  const told = untold(start("cp-a"), []);
  await clock.advance(400);
  expect(readings).toEqual([]);
  await clock.advance(60_000);
  expect(readings.map(({ evseId, currentA }) => [evseId, currentA])).toEqual([
    ["a", [0, 6, 0]],
    ["a", [0, 6, 0]],
  ]);
  told();
  await clock.advance(120_000);
  expect(readings).toHaveLength(2);
});

test("whose end the disk does not take may be followed by a car that nobody can tell of", async () => {
  const { clock, readings, untold } = watched();
  const told = untold(end, ["b"]);
  await clock.advance(9_000);
  expect(readings).toEqual([]);
  await clock.advance(2_000);
  expect(readings.map(({ currentA }) => currentA)).toEqual([[6, 6, 6]]);
  told();
});

test.each([
  ["of long ago", start("cp-a", true)],
  ["at a charge point that nobody knows", start("cp-x")],
])("a start %s is nobody's car", async (_, input) => {
  const { clock, readings, untold } = watched();
  untold(input, []);
  await clock.advance(60_000);
  expect(readings).toEqual([]);
});
