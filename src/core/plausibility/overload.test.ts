import { expect, test } from "vitest";
import { siteOf } from "../control/site.test-kit.ts";
import { doubtTexts } from "./doubt-texts.ts";
import type { EvseTrack } from "./evses.ts";
import { type Overload, unexplainedOverload } from "./overload.ts";
import { lyingPlant, rotated } from "./plausibility.test-kit.ts";

const { evses } = siteOf({ evses: [{ id: "a" }, { id: "b" }] });
const drawing = (currentA: number, phases: readonly number[]): EvseTrack => ({
  evse: evses[0]!,
  transactionId: 1,
  sinceMonoMs: 0,
  last: {
    atMonoMs: 0,
    powerW: 230 * currentA,
    currentA: [phases.includes(0) ? currentA : 0, phases.includes(1) ? currentA : 0, 0],
  },
});

/** Seconds until a meter that shows 70 A on L2 is found to be wrong. */
function foundAfterS(tracks: readonly EvseTrack[], showsA = 70): number | undefined {
  let overload: Overload | undefined;
  for (let second = 0; second < 120; second++) {
    const currentA = [5, showsA, 5] as const;
    overload = unexplainedOverload(overload, { currentA, limitA: 63, tracks, monoMs: second * 1000 });
    if (overload?.found) return second;
  }
  return undefined;
}

test("a building that alone takes more than its fuse bears is none, when cars draw on another phase", () => {
  expect(foundAfterS([drawing(16, [0])])).toBe(15);
});

test.each([
  ["cars on it are the cause", [drawing(16, [1])], 70],
  ["no car draws anywhere", [drawing(0, [])], 70],
  ["it is not above its rating", [drawing(16, [0])], 63],
] as const)("an overload is what the meter says when %s", (_, tracks, showsA) => {
  expect(foundAfterS(tracks, showsA)).toBeUndefined();
});

test("what cannot be cured on the phase that shows it is cured on the others", () => {
  const cars = ["a", "b", "c"].map((id) => ({ id, phases: ["L1"] as const }));
  const options = {
    site: siteOf({ mainFuseA: 63, worstBuildingLoadA: 37, evses: [...cars, { id: "d", phases: ["L2"] as const }] }),
    building: (second: number) => (second < 300 ? ([5, 5, 5] as const) : ([30, 30, 30] as const)),
    meterEveryS: 30,
  };
  const { plant, lies } = lyingPlant(options);
  for (const { id } of cars) plant.plug(id);
  plant.run(299);
  expect(plant.trueA("grid")[0]).toBeGreaterThan(50);
  lies.set("grid-meter", rotated);
  let overS = 0;
  const said = new Set<string>();
  plant.run(290, () => {
    if (plant.trueA("grid")[0] > 63) overS++;
    for (const text of doubtTexts(options.site, plant.state)) said.add(text);
  });
  // What is seen is said, on its phase: that the building draws too much there would show the same.
  expect([...said][0]).toMatch(/^L2 stood above the fuse, and no car there is the cause: other loads draw more on it/);
  expect(overS).toBeGreaterThan(5);
  expect(overS).toBeLessThan(25);
});

/** A meter with exchanged phases, and a load on L3 that nobody named: seconds above the rating before a restart, and after it. */
function unnamedLoad(atBootS: number, seconds: number) {
  const phases = ["L3"] as const;
  const { plant, lies } = lyingPlant({
    site: siteOf({ mainFuseA: 40, worstBuildingLoadA: 18, evses: [{ id: "a", maxCurrentA: 32, phases }] }),
    // More than was said of it: something that nobody named, a charge point that does not keep to its safe current.
    building: (second) => (second < 300 ? ([5, 5, 5] as const) : ([5, 5, 32] as const)),
  });
  lies.set("grid-meter", rotated);
  plant.plug("a");
  plant.run(299);
  expect(plant.trueA("grid")[2]).toBeGreaterThan(15);
  let before = 0;
  let after = 0;
  plant.run(seconds, () => {
    const isOver = plant.trueA("grid")[2] > 40;
    if (isOver && plant.second < atBootS) before++;
    if (isOver && plant.second >= atBootS) after++;
    if (plant.second === atBootS) plant.restart();
    if (plant.second === atBootS + 10) plant.connect("a");
  });
  return { plant, before, after };
}

test("where nothing is left to lower on the phase that shows an overload, cars on the others are lowered until it has gone", () => {
  const { plant, before } = unnamedLoad(Number.POSITIVE_INFINITY, 900);
  expect(before).toBeGreaterThan(10);
  expect(before).toBeLessThan(60);
  expect(plant.trueA("grid")[2]).toBeLessThanOrEqual(40);
});

test("a restart does not forget that cars may show on other phases", () => {
  const { plant, before, after } = unnamedLoad(600, 600);
  expect(before).toBeGreaterThan(10);
  expect(after).toBe(0);
  expect(plant.drawsA("a")).toBeGreaterThanOrEqual(6);
  // It is over only when it is known where the car shows.
  const said = plant.factsOf("meter-doubted").filter(({ data }) => data.phases);
  expect(said.map(({ data }) => [data.kind, data.active, data.phases])).toEqual([
    ["less-than-cars", true, [0]],
    ["swapped", true, [2]],
    ["less-than-cars", false, [0]],
  ]);
});
