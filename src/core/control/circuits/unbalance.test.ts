/** Stories of phases that may not differ by more than the country allows. */

import { describe, expect, test } from "vitest";
import fc from "../../../../test/fast-check.ts";
import { watched } from "../checker.test-kit.ts";
import { plan } from "../planned.test-kit.ts";
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

test("charge points that give a tenth more than they are told load a phase with that too", () => {
  const evses = ["a", "b", "c"].map((id) => ({ id, maxCurrentA: 32, phases: ["L1"] as const }));
  const { plant, run } = watched({ site: siteOf({ country: "DE", mainFuseA: 80, evses }) });
  for (const { id } of evses) plant.plug(id);
  run(300);
  const sumA = () => evses.reduce((sum, { id }) => sum + plant.drawsA(id), 0);
  expect(sumA()).toBeGreaterThan(18);
  for (let s = 0; s < 300; s++) {
    for (const { id } of evses) plant.station(id).fault = { stubbornA: 1.1 * plant.offeredA(id) };
    run(1);
    if (s > 60) expect(sumA()).toBeLessThanOrEqual(20);
  }
  expect(sumA()).toBeGreaterThan(18);
});

test("a car that is lowered in the moment in which another is raised evens out no more than it keeps", () => {
  const evses = [
    { id: "a", maxCurrentA: 32, phases: ["L1"] as const },
    { id: "b", maxCurrentA: 32, phases: ["L2"] as const },
    { id: "c", maxCurrentA: 32, phases: ["L3"] as const },
  ];
  const { plant, run } = watched({ site: siteOf({ country: "DE", mainFuseA: 80, evses }), meterEveryS: 15 });
  // A plan counts its amperes on three phases.
  const planned = (evseId: string, currentA: number[]) => {
    return { evseId, transactionId: plant.plug(evseId), currentA: currentA.map((value) => value / 3) };
  };
  plan(plant, [planned("a", [18, 30, 30]), planned("b", [28, 6, 6]), planned("c", [18, 18, 18])]);
  run(600);
  expect(plant.drawsA("a")).toBe(18);
  expect(plant.drawsA("b")).toBe(28);
  let unevenS = 0;
  for (let second = 0; second < 600; second++) {
    run(1);
    if (plant.drawsA("a") - plant.drawsA("b") > 20.5) unevenS++;
  }
  expect(plant.drawsA("b")).toBe(6);
  expect(plant.drawsA("a")).toBeGreaterThanOrEqual(24);
  expect(unevenS).toBe(0);
});

test("a car that was raised a moment ago and has not told yet what it draws makes way when another stops to even it out", () => {
  const evses = [
    { id: "a", maxCurrentA: 32, phases: ["L1"] as const },
    { id: "b", maxCurrentA: 32, phases: ["L2"] as const },
    { id: "c", maxCurrentA: 32, phases: ["L3"] as const },
  ];
  const { plant, run } = watched({ site: siteOf({ country: "DE", mainFuseA: 80, evses }), meterEveryS: 30 });
  const ids = evses.map(({ id }) => ({ evseId: id, transactionId: plant.plug(id) }));
  // A plan counts its amperes on three phases.
  const planned = (...currentsA: number[]) =>
    plan(
      plant,
      ids.map((car, index) => ({ ...car, currentA: new Array<number>(3).fill(currentsA[index]! / 3) })),
    );
  planned(18, 28, 28);
  run(600);
  expect([plant.drawsA("a"), plant.drawsA("b")]).toEqual([18, 28]);
  planned(32, 28, 28);
  while (plant.limitA("a") <= 27) run(1);
  planned(32, 6, 28);
  let unevenS = 0;
  for (let second = 0; second < 60; second++) {
    run(1);
    if (plant.drawsA("a") - plant.drawsA("b") > 20.5) unevenS++;
  }
  expect([plant.drawsA("a"), plant.drawsA("b")]).toEqual([25, 6]);
  expect(unevenS).toBeLessThanOrEqual(4);
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

describe("a car on two phases that pauses", () => {
  // L3 carries all four, L2 two of them, L1 only the one that pauses.
  const site = siteOf({
    mainFuseA: 40,
    country: "DE",
    evses: [
      { id: "a", phases: ["L2", "L3", "L1"], priority: 8 },
      { id: "c", phases: ["L2", "L3", "L1"], priority: 8 },
      { id: "d", phases: ["L3", "L1", "L2"], priority: 6 },
      { id: "b", phases: ["L3", "L1", "L2"], priority: 4 },
    ],
  });
  const building = (second: number) => (second > 400 && second < 460 ? ([4, 4, 20] as const) : ([4, 4, 4] as const));

  test("comes back: it would load the phase that has least as much as the one that has most", () => {
    const { plant, checker, run } = watched({ site, building });
    for (const id of ["a", "c", "b"]) plant.plug(id, { phases: 2 });
    plant.plug("d", { phases: 1 });
    run(400);
    expect(plant.drawsA("b")).toBeGreaterThanOrEqual(6);
    run(40);
    expect(plant.limitA("b")).toBe(0);
    run(600);
    for (const { id } of site.evses) expect(plant.drawsA(id)).toBeGreaterThanOrEqual(6);
    expect(checker.violations).toEqual([]);
  });
});

test("a car that goes over from three phases to one counts on that one, and on three when it is back on them", () => {
  const { plant, checker, run } = watched({ site: siteOf({ country: "DE", mainFuseA: 80, evses: stalls }) });
  plant.plug("a");
  run(200);
  expect(plant.drawsA("a")).toBe(32);
  const { car } = plant.station("a");
  car!.phases = 1;
  run(40);
  expect(plant.drawsA("a")).toBeLessThanOrEqual(20);
  car!.phases = 3;
  run(120);
  expect(plant.drawsA("a")).toBe(32);
  expect(checker.violations).toEqual([]);
});

describe("a car on three phases that went to one, where that one is full", () => {
  const onL1 = ["b", "c", "d"].map((id) => ({ id, phases: ["L1"] as const, priority: 9 }));
  const evses = [{ id: "a", maxCurrentA: 32, priority: 1, safeCurrentA: 0 }, ...onL1];

  /** It waits on one phase; how often it was stopped until then. */
  function waiting() {
    const story = watched({ site: siteOf({ country: "DE", mainFuseA: 80, evses }) });
    const { plant, run } = story;
    for (const { id } of evses) plant.plug(id);
    // It waits a turn first: nobody has seen it on three phases yet.
    run(900);
    expect(plant.drawsA("a")).toBe(32);
    plant.station("a").car!.phases = 1;
    run(120);
    expect(plant.limitA("a")).toBe(0);
    return story;
  }

  test("is tried on all of them again after a while", () => {
    const { plant, checker, run } = waiting();
    plant.station("a").car!.phases = 3;
    run(1200);
    expect(plant.drawsA("a")).toBe(32);
    expect(checker.violations).toEqual([]);
  });

  test("is tried more and more seldom while it stays on one", () => {
    const { plant, checker, run } = waiting();
    const begins = () =>
      plant.factsOf("limit-changed").filter(({ data }) => data.evseId === "a" && data.currentA > 0).length;
    const before = begins();
    run(8 * 3600);
    expect(begins() - before).toBeGreaterThan(2);
    expect(begins() - before).toBeLessThan(12);
    for (const { id } of onL1) expect(plant.drawsA(id)).toBeGreaterThanOrEqual(6);
    expect(checker.violations).toEqual([]);
  });
});

describe("a car that nobody has seen draw", () => {
  const evses = stalls.map((stall) => ({ ...stall, phases: ["L2", "L3", "L1"] as const }));
  const site = siteOf({ country: "DE", mainFuseA: 80, evses });

  test("shows which phases it loads before it is raised: it may load the one that carries most", () => {
    const { plant, checker, run } = watched({ site, meterEveryS: 30 });
    plant.plug("a", { phases: 1, takesA: () => 16 });
    run(120);
    plant.plug("b", { phases: 1 });
    for (let second = 0; second < 60; second++) {
      run(1);
      expect(plant.drawsA("a") + plant.drawsA("b")).toBeLessThanOrEqual(16 + 6);
    }
    run(60);
    expect(plant.drawsA("a") + plant.drawsA("b")).toBeLessThanOrEqual(20);
    expect(checker.violations).toEqual([]);
  });

  test("has all that it wants once it has shown that it loads three", () => {
    const { plant, run } = watched({ site, meterEveryS: 30 });
    plant.plug("a");
    run(20);
    expect(plant.limitA("a")).toBe(19);
    run(70);
    expect(plant.limitA("a")).toBe(32);
  });

  test("is taken to load three when its charge point never tells", () => {
    const { plant, run } = watched({ site });
    plant.station("a").fault = { mute: true };
    plant.plug("a");
    run(200);
    expect(plant.limitA("a")).toBe(32);
  });
});

describe("whatever phases cars load", () => {
  const WIRES = [["L1"], ["L2"], ["L3"], ["L1", "L2"], ["L2", "L3"], ["L3", "L1"]] as const;
  const LIMIT_A = 20;
  const LEAST_A = 6;
  const car = fc.record({
    phases: fc.constantFrom(...WIRES),
    priority: fc.nat({ max: 9 }),
    maxCurrentA: fc.constantFrom(10, 16, 32),
  });

  function differenceA(loads: readonly { readonly phases: readonly string[]; readonly currentA: number }[]): number {
    const onA = ["L1", "L2", "L3"].map((phase) =>
      loads.reduce((sumA, { phases, currentA }) => sumA + (phases.includes(phase) ? currentA : 0), 0),
    );
    return Math.max(...onA) - Math.min(...onA);
  }

  test("phases differ by no more than they may, and nobody waits who could charge", () => {
    fc.assert(
      fc.property(fc.array(car, { minLength: 3, maxLength: 8 }), (cars) => {
        const evses = cars.map((options, index) => ({ ...options, id: `e${index}` }));
        const building = (second: number) =>
          second > 150 && second < 180 ? ([118, 118, 118] as const) : ([1, 1, 1] as const);
        const site = siteOf({
          country: "DE",
          mainFuseA: 125,
          worstBuildingLoadA: 118,
          evses: evses.map((of) => ({ ...of, safeCurrentA: 0 })),
        });
        const { plant, checker, run } = watched({ site, building });
        for (const { id, phases } of evses) plant.plug(id, { phases: phases.length });
        run(900);
        expect(checker.violations).toEqual([]);
        const loads = evses.map(({ id, phases }) => ({ id, phases, currentA: plant.drawsA(id) }));
        expect(differenceA(loads)).toBeLessThanOrEqual(LIMIT_A);
        for (const { id } of loads.filter(({ currentA }) => currentA === 0)) {
          const withIt = loads.map((load) => (load.id === id ? { ...load, currentA: LEAST_A } : load));
          expect(differenceA(withIt), `${id} waits beside ${JSON.stringify(loads)}`).toBeGreaterThan(LIMIT_A - 1);
        }
      }),
      { numRuns: Number(process.env.RUNS ?? 25), seed: 20261121, endOnFailure: true },
    );
  });
});
