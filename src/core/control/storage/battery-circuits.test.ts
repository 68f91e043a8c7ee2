import { describe, expect, test } from "vitest";
import { Checker } from "../checker.test-kit.ts";
import { plan } from "../planned.test-kit.ts";
import { Plant } from "../plant.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

describe("a battery on a nested circuit", () => {
  const site = siteOf({
    mainFuseA: 63,
    worstBuildingLoadA: 20,
    battery: { maxW: 8000, circuit: "cellar" },
    circuits: [{ id: "cellar", fuseA: 20, meter: "cellar-meter", worstBuildingLoadA: 12 }],
    evses: [{ id: "a", circuit: "cellar" }],
  });
  const pumps = (fromS: number) => (second: number) =>
    second < fromS ? ([4, 4, 4] as const) : ([12, 12, 12] as const);

  function mostAOf(plant: Plant, circuitId: string, seconds: number): number {
    let mostA = 0;
    plant.run(seconds, () => {
      mostA = Math.max(mostA, ...plant.trueA(circuitId).map(Math.abs));
    });
    return mostA;
  }

  test("charges up to what the fuse of that circuit bears, beside a car", () => {
    const plant = new Plant({ site, circuitLoads: { cellar: pumps(0) } });
    plan(plant, [], [8000, 8000]);
    const mostA = mostAOf(plant, "cellar", 200);
    expect(mostA).toBeLessThanOrEqual(20);
    expect(mostA).toBeGreaterThan(19);
    plant.plug("a");
    const checker = new Checker(plant);
    plant.run(200, () => checker.look());
    expect(checker.violations).toEqual([]);
    expect(plant.trueA("cellar")[0]).toBeLessThanOrEqual(20);
  });

  test("stops when others overload that circuit, before it opens", () => {
    const plant = new Plant({ site, circuitLoads: { cellar: pumps(100) } });
    plan(plant, [], [8000, 8000]);
    plant.run(99);
    expect(plant.batteryActualW).toBeGreaterThan(7900);
    plant.run(5);
    expect(plant.trueA("cellar")[0]).toBeLessThanOrEqual(20);
    const word = plant.factsOf("battery-setpoint-changed").at(-1)!.data.reason;
    expect(word).toBe("cellar is overloaded: charging the battery stops");
  });

  test("gives no more than the fuse of that circuit carries back", () => {
    const plant = new Plant({ site, circuitLoads: { cellar: () => [-12, -12, -12] } });
    plan(plant, [], [-8000, -8000]);
    const mostA = mostAOf(plant, "cellar", 200);
    expect(mostA).toBeLessThanOrEqual(20);
    expect(mostA).toBeGreaterThan(19);
  });
});

test("a battery looks at the phases on which no car charges, too", () => {
  const site = siteOf({
    mainFuseA: 25,
    worstBuildingLoadA: 19,
    battery: { maxW: 8000 },
    evses: [{ id: "a", phases: ["L1"] }],
  });
  const plant = new Plant({ site, building: () => [2, 19, 2] });
  plant.plug("a", { phases: 1, takesA: () => 6 });
  plan(plant, [], [8000, 8000]);
  let mostA = 0;
  plant.run(200, () => {
    mostA = Math.max(mostA, ...plant.trueA("grid"));
  });
  expect(mostA).toBeLessThanOrEqual(25);
  expect(mostA).toBeGreaterThan(24);
});
