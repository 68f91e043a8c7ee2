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

describe("batteries on a circuit without a meter", () => {
  const behind = (fuseA: number, pvCircuit: string) => {
    const site = siteOf({
      mainFuseA: 63,
      battery: { maxW: 6000, circuit: "garage" },
      moreBatteries: ["second"],
      pv: true,
      pvCircuit,
      circuits: [{ id: "garage", fuseA, worstBuildingLoadA: 18 }],
      evses: [{ id: "a" }],
    });
    const plant = new Plant({ site });
    plan(plant, [], [-6000, -6000]);
    plant.run(60);
    return plant.batteries.currentA("garage")[0];
  };

  test("give back together what its fuse carries beside the sun, which nobody sees there", () => {
    // 2 x 8.7 A, and 14.5 A of sun.
    expect(behind(25, "garage")).toBeCloseTo(-10.5, 0);
    expect(behind(16, "grid")).toBeCloseTo(-16, 0);
    expect(behind(12, "garage")).toBeCloseTo(0, 5);
    expect(behind(20, "grid")).toBeCloseTo(-17.4, 1);
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
