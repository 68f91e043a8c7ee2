/** Stories of phases that may not differ by more than the country allows. */
import { describe, expect, test } from "vitest";
import { watched } from "../checker.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

const stalls = [
  { id: "a", maxCurrentA: 32, phases: ["L1", "L2", "L3"] },
  { id: "b", maxCurrentA: 32, phases: ["L2", "L3", "L1"] },
  { id: "c", maxCurrentA: 32, phases: ["L3", "L1", "L2"] },
] as const;

describe("cars on one phase each", () => {
  test.each([
    ["DE", 20],
    ["AT", 16],
    ["CH", 16],
    ["NL", 32],
  ])("alone, in %s, get %i A", (country, currentA) => {
    const { plant, checker, run } = watched({ site: siteOf({ country, mainFuseA: 80, evses: stalls }) });
    plant.plug("a", { phases: 1 });
    run(300);
    expect(plant.limitA("a")).toBeLessThanOrEqual(currentA);
    expect(plant.limitA("a")).toBeGreaterThanOrEqual(currentA - 2);
    expect(checker.violations).toEqual([]);
  });

  test("make room for each other, and take it back when one of them leaves", () => {
    const { plant, checker, run } = watched({ site: siteOf({ country: "DE", mainFuseA: 80, evses: stalls }) });
    for (const { id } of stalls) plant.plug(id, { phases: 1 });
    run(600);
    for (const { id } of stalls) expect(plant.drawsA(id)).toBeGreaterThan(28);
    plant.unplug("c");
    run(30);
    for (const id of ["a", "b"]) {
      expect(plant.drawsA(id)).toBeLessThanOrEqual(20);
      expect(plant.decision(id).reason.kind).toBe("unbalance");
    }
    run(300);
    expect(checker.violations).toEqual([]);
  });

  test("a car on two phases counts on both", () => {
    const { plant, checker, run } = watched({ site: siteOf({ country: "AT", mainFuseA: 80, evses: stalls }) });
    plant.plug("a", { phases: 2 });
    run(300);
    expect(plant.limitA("a")).toBeLessThanOrEqual(16);
    plant.plug("c", { phases: 1 });
    run(600);
    // L3 carries the other car: L1 and L2 may have more.
    expect(plant.drawsA("a")).toBeGreaterThan(25);
    expect(checker.violations).toEqual([]);
  });
});

test("who is left out for it is told so, although the fuse is used up by others too", () => {
  const onL1 = ["b", "c", "d", "e"].map((id, index) => ({ id, phases: ["L1"] as const, priority: 9 - index }));
  const evses = [{ id: "a", maxCurrentA: 32, priority: 1 }, ...onL1];
  const { plant, run } = watched({ site: siteOf({ country: "DE", mainFuseA: 50, worstBuildingLoadA: 20, evses }) });
  for (const { id } of evses) plant.plug(id);
  run(400);
  expect(plant.drawsA("a")).toBeGreaterThan(25);
  expect(plant.limitA("e")).toBe(0);
  expect(plant.decision("e").reason).toMatchObject({ kind: "paused", circuitId: "grid", phase: 0, limitA: 20 });
});

test("a car of which nothing is measured evens nothing out", () => {
  const { plant, run } = watched({ site: siteOf({ country: "DE", mainFuseA: 80, evses: stalls }) });
  for (const { id } of stalls) plant.plug(id, { phases: 1 });
  run(600);
  plant.station("c").fault = { mute: true };
  delete plant.station("c").car;
  run(200);
  for (const id of ["a", "b"]) expect(plant.drawsA(id)).toBeLessThanOrEqual(20);
});

test("a car that shows on other phases than its EVSE is wired for may load any of them", () => {
  const { plant, run } = watched({ site: siteOf({ country: "DE", mainFuseA: 80, evses: stalls }) });
  for (const id of ["a", "b"]) plant.plug(id, { phases: 1 });
  plant.record({
    type: "meter-doubted",
    source: "test",
    data: { deviceId: "grid-meter", kind: "swapped", evseId: "b", phases: [1], seenOn: [0], active: true },
  });
  run(600);
  expect(plant.drawsA("a") + plant.drawsA("b")).toBeLessThanOrEqual(20);
  expect(plant.drawsA("a")).toBeGreaterThanOrEqual(6);
  expect(plant.drawsA("b")).toBeGreaterThanOrEqual(6);
});

test("a charge point that is gone before its car was seen to draw may go on with one on any phase", () => {
  const evses = stalls.map((stall) => ({ ...stall, safeCurrentA: stall.id === "b" ? 6 : 0 }));
  const { plant, run } = watched({ site: siteOf({ country: "DE", mainFuseA: 80, evses }) });
  plant.plug("a", { phases: 1 });
  run(300);
  expect(plant.drawsA("a")).toBeGreaterThanOrEqual(18);
  plant.disconnect("b");
  plant.plug("b", { phases: 1 });
  run(120);
  expect(plant.drawsA("a")).toBeLessThanOrEqual(14);
});

test("who waits for room keeps its claim while that is made: others do not take it and give it back for ever", () => {
  const site = siteOf({
    mainFuseA: 40,
    country: "DE",
    evses: [
      { id: "a", phases: ["L2", "L3", "L1"], priority: 5 },
      { id: "b", phases: ["L2", "L3", "L1"], maxCurrentA: 20, priority: 9 },
      { id: "d", maxCurrentA: 6, priority: 9 },
      { id: "e", phases: ["L1"], maxCurrentA: 20, priority: 3 },
      { id: "c", priority: 4 },
    ],
  });
  const peak = (second: number) => second > 300 && second < 330;
  const building = (second: number) => (peak(second) ? ([27, 27, 27] as const) : ([4, 3, 5] as const));
  const { plant, checker, run } = watched({ site, building, meterEveryS: 30 });
  plant.plug("a");
  plant.plug("b", { phases: 1, obeyS: 1 });
  plant.plug("d", { phases: 2 });
  plant.plug("e", { phases: 1, obeyS: 1 });
  run(120);
  plant.plug("c", { phases: 2 });
  run(900);
  for (const { id } of site.evses) expect(plant.limitA(id)).toBeGreaterThanOrEqual(6);
  const facts = plant.factsOf("limit-changed").length;
  run(600);
  expect(plant.factsOf("limit-changed").length - facts).toBeLessThan(5);
  expect(checker.violations).toEqual([]);
});
