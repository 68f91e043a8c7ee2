import { describe, expect, test } from "vitest";
import { watched } from "../checker.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

describe("phases", () => {
  test("a one-phase car on an EVSE wired L2-L3-L1 loads L2, and only L2 limits it", () => {
    const { plant, checker, run } = watched({
      site: siteOf({ mainFuseA: 32, worstBuildingLoadA: 26, evses: [{ id: "a", phases: ["L2", "L3", "L1"] }] }),
      // L1 is nearly full: that is no business of a car on L2.
      building: (second) => (second < 300 ? [26, 4, 4] : [26, 20, 4]),
    });
    plant.plug("a", { phases: 1 });
    run(240);
    expect(plant.trueA("grid")).toEqual([26, 20, 4]);
    expect(plant.limitA("a")).toBe(16);
    run(80);
    expect(plant.decision("a").reason).toMatchObject({ kind: "circuit", phase: 1 });
    expect(plant.limitA("a")).toBe(12);
    expect(checker.violations).toEqual([]);
  });

  test("until a car has shown its phases, all of them count", () => {
    const { plant, run } = watched({
      site: siteOf({ mainFuseA: 32, worstBuildingLoadA: 26, evses: [{ id: "a" }] }),
      building: () => [24, 4, 4],
    });
    plant.plug("a", { phases: 1, takesA: () => 0 });
    run(100);
    expect(plant.limitA("a")).toBeLessThanOrEqual(8);
  });

  test("cars on one phase may not differ from the others by more than the country allows", () => {
    const { plant, run } = watched({
      site: siteOf({
        unbalanceLimitA: 20,
        evses: [
          { id: "a", maxCurrentA: 32 },
          { id: "b", maxCurrentA: 32 },
        ],
      }),
    });
    plant.plug("a", { phases: 1 });
    run(240);
    expect(plant.limitA("a")).toBeLessThanOrEqual(20);
    expect(plant.limitA("a")).toBeGreaterThanOrEqual(18);
    expect(plant.decision("a").reason).toMatchObject({ kind: "unbalance", phase: 0 });
    plant.plug("b", { phases: 3 });
    run(240);
    // A car on three phases loads all of them alike: it neither helps nor hurts.
    expect(plant.limitA("b")).toBe(32);
    expect(plant.limitA("a")).toBeLessThanOrEqual(20);
  });
});

describe("circuits", () => {
  test("a 40 A garage below 63 A: its own fuse binds its cars, the house has the rest", () => {
    const { plant, checker, run } = watched({
      site: siteOf({
        mainFuseA: 63,
        worstBuildingLoadA: 30,
        circuits: [{ id: "garage", fuseA: 40, meter: "garage-meter", worstBuildingLoadA: 4 }],
        evses: [
          { id: "a", circuit: "garage", maxCurrentA: 32 },
          { id: "b", circuit: "garage", maxCurrentA: 32 },
          { id: "c" },
        ],
      }),
      building: () => [5, 5, 5],
      circuitLoads: { garage: (second) => (second > 400 ? [4, 4, 4] : [0, 0, 0]) },
    });
    for (const id of ["a", "b", "c"]) plant.plug(id);
    run(400);
    expect(plant.limitA("a") + plant.limitA("b")).toBeGreaterThanOrEqual(38);
    expect(plant.limitA("a") + plant.limitA("b")).toBeLessThanOrEqual(40);
    expect(Math.abs(plant.limitA("a") - plant.limitA("b"))).toBeLessThanOrEqual(2);
    expect(plant.decision("a").reason).toMatchObject({ kind: "circuit", circuitId: "garage" });
    run(100);
    expect(plant.limitA("a") + plant.limitA("b")).toBeLessThanOrEqual(36);
    expect(plant.limitA("c")).toBe(16);
    expect(checker.violations).toEqual([]);
  });

  test("a circuit without a meter leaves its worst load free, always", () => {
    const { plant, run } = watched({
      site: siteOf({
        circuits: [{ id: "garage", fuseA: 32, worstBuildingLoadA: 10 }],
        evses: [
          { id: "a", circuit: "garage" },
          { id: "b", circuit: "garage" },
        ],
      }),
    });
    plant.plug("a");
    plant.plug("b");
    run(300);
    expect(plant.limitA("a") + plant.limitA("b")).toBe(22);
    expect(Math.abs(plant.limitA("a") - plant.limitA("b"))).toBe(0);
  });

  test("who came first gives way to who came later, until both have the same", () => {
    const { plant, checker, run } = watched({
      site: siteOf({ mainFuseA: 32, worstBuildingLoadA: 12, evses: [{ id: "a" }, { id: "b" }] }),
      building: () => [9, 9, 9],
    });
    plant.plug("a");
    run(120);
    expect(plant.limitA("a")).toBe(16);
    plant.plug("b");
    run(300);
    expect(Math.abs(plant.limitA("a") - plant.limitA("b"))).toBeLessThanOrEqual(1);
    expect(plant.limitA("a") + plant.limitA("b")).toBeGreaterThanOrEqual(21);
    checker.steady();
    expect(checker.violations).toEqual([]);
  });

  test("a contracted import limit in W holds for the whole site", () => {
    const { plant, checker, run } = watched({
      site: siteOf({ importLimitW: 11_000, evses: [{ id: "a" }] }),
      building: (second) => (second < 200 ? [3, 3, 3] : [8, 8, 8]),
    });
    plant.plug("a");
    run(199);
    // 11 kW less 2.07 kW are 12.9 A on three phases, less the margin.
    expect(plant.limitA("a")).toBe(12);
    expect(plant.decision("a").reason).toMatchObject({ kind: "circuit", circuitId: "grid", limitW: 11_000 });
    run(60);
    expect(plant.limitA("a")).toBeLessThanOrEqual(7);
    expect(plant.meters.get("grid-meter")!.powerW).toBeLessThanOrEqual(11_000);
    expect(checker.violations).toEqual([]);
  });

  test("the grid operator's limit holds until it ends, and is the reason", () => {
    const { plant, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }), building: () => [2, 2, 2] });
    plant.plug("a");
    run(60);
    plant.record({
      type: "grid-limit-received",
      source: "grid",
      data: { limitW: 6000, untilMs: plant.nowMs() + 300_000, by: "dso" },
    });
    run(20);
    expect(plant.meters.get("grid-meter")!.powerW).toBeLessThanOrEqual(6000);
    expect(plant.decision("a").reason).toMatchObject({ kind: "grid-operator", limitW: 6000 });
    expect(plant.state.site).toMatchObject({ mode: "limited", modeReason: { kind: "grid-operator" } });
    run(400);
    expect(plant.limitA("a")).toBe(16);
    expect(plant.state.site.mode).toBe("normal");
  });
});

test.each([
  10, 15, 30,
])("who was just raised is not lowered again because its meter, every %i s, has yet to say so", (meterEveryS) => {
  const site = siteOf({
    mainFuseA: 63,
    circuits: [{ id: "garage", fuseA: 40 }],
    evses: [
      { id: "a", circuit: "garage", phases: ["L2"], maxCurrentA: 32 },
      { id: "b", circuit: "garage", maxCurrentA: 32 },
    ],
  });
  const { plant, checker, run } = watched({ site, building: () => [41.7, 4.5, 41.7], meterEveryS });
  plant.plug("a", { phases: 1 });
  plant.plug("b");
  run(600);
  expect(plant.limitA("a") + plant.limitA("b")).toBe(40);
  const facts = plant.factsOf("limit-changed").length;
  run(600);
  expect(plant.factsOf("limit-changed")).toHaveLength(facts);
  expect(checker.violations).toEqual([]);
});

test("an overload is shed in one round by those who load the phase; a car that went over to another one goes on there", () => {
  const evses = [{ id: "a" }, { id: "b" }, { id: "c", phases: ["L2", "L3", "L1"] as const }];
  const site = siteOf({ mainFuseA: 50, worstBuildingLoadA: 32, evses });
  const { plant, checker, run } = watched({ site, building: (second) => [second < 300 ? 2 : 26, 2, 2] });
  for (const { id } of evses) plant.plug(id);
  run(150);
  plant.station("c").car!.phases = 1;
  run(148);
  let overS = 0;
  for (let second = 0; second < 60; second++) {
    run(1);
    if (plant.trueA("grid")[0] > 50) overS++;
  }
  expect(overS).toBeGreaterThan(0);
  expect(overS).toBeLessThan(8);
  expect(plant.limitA("c")).toBeGreaterThan(12);
  expect(checker.violations).toEqual([]);
});

test("a limit of power is kept in one round also by a car that went over to one phase: it relieves it by that alone", () => {
  let buildingA = 1;
  const site = siteOf({ importLimitW: 9000, evses: ["a", "b"].map((id) => ({ id })) });
  const { plant, run } = watched({ site, building: () => [buildingA, 0, 0] });
  plant.plug("a");
  run(100);
  plant.station("a").car!.phases = 1;
  plant.plug("b", { phases: 1 });
  run(200);
  buildingA = 38;
  run(1);
  run(7);
  const importW = plant.trueA("grid").reduce((sumA, currentA) => sumA + currentA, 0) * 230;
  expect(importW).toBeLessThanOrEqual(9000);
});
