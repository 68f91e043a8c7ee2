import { describe, expect, test } from "vitest";
import type { PerPhase } from "../../quantity.ts";
import { Checker } from "../checker.test-kit.ts";
import { plan } from "../planned.test-kit.ts";
import { Plant } from "../plant.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

function watched(plant: Plant) {
  const checker = new Checker(plant);
  return { checker, run: (seconds: number) => plant.run(seconds, () => checker.look()) };
}

describe("a home with one car", () => {
  test("a car starts at its safe current and has full power within half a minute", () => {
    const plant = new Plant({ site: siteOf({ evses: [{ id: "a" }] }), building: () => [5, 5, 5] });
    const { checker, run } = watched(plant);
    run(10);
    plant.plug("a");
    expect(plant.offeredA("a")).toBe(6);
    run(30);
    expect(plant.limitA("a")).toBe(16);
    expect(plant.drawsA("a")).toBe(16);
    expect(plant.decision("a").reason.kind).toBe("maximum");
    expect(checker.violations).toEqual([]);
  });

  test("a kettle pushes L2 over the fuse: the whole overload is shed in the same second, and comes back slowly", () => {
    const kettle = (second: number) => (second >= 200 && second < 380 ? 9 : 0);
    const site = siteOf({ mainFuseA: 25, worstBuildingLoadA: 19, evses: [{ id: "a" }] });
    const plant = new Plant({ site, building: (second) => [4, 8 + kettle(second), 3] });
    const { checker, run } = watched(plant);
    plant.plug("a");
    run(199);
    expect(plant.limitA("a")).toBe(16);
    run(1);
    // 8 + 9 + 16 = 33 A on 25 A: 8 A have to go, all at once.
    expect(plant.limitA("a")).toBe(8);
    expect(plant.last!.urgent).toBe(true);
    expect(plant.commands.at(-1)!.command).toMatchObject({ type: "set-limit", evseId: "a" });
    run(30);
    expect(plant.limitA("a")).toBe(8);
    expect(plant.decision("a").reason).toMatchObject({ kind: "circuit", circuitId: "grid", phase: 1, limitA: 25 });
    expect(plant.trueA("grid")[1]).toBeLessThanOrEqual(25);
    expect(plant.factsOf("guard-intervened")).toHaveLength(1);
    expect(plant.factsOf("guard-intervened")[0]!.data).toMatchObject({
      circuitId: "grid",
      phase: 1,
      readingA: 33,
      limitA: 25,
      shedA: 8,
      evseIds: ["a"],
    });
    run(150);
    expect(plant.limitA("a")).toBe(8);
    run(20);
    expect(plant.limitA("a")).toBeLessThan(16);
    run(110);
    expect(plant.limitA("a")).toBe(16);
    expect(checker.violations).toEqual([]);
    expect(checker.longestOverS).toBeLessThanOrEqual(6);
  });
});

describe("a phase above its fuse also without its cars", () => {
  test("lets nothing rise, on no phase: others load it beyond what was said of them, or the meter shows cars where they are not", () => {
    const site = siteOf({ mainFuseA: 32, worstBuildingLoadA: 20, evses: [{ id: "a", phases: ["L1"] }] });
    let buildingA: PerPhase = [24, 5, 5];
    const plant = new Plant({ site, building: () => buildingA });
    const { run } = watched(plant);
    plant.plug("a", { phases: 1 });
    run(120);
    const heldA = plant.limitA("a");
    expect(heldA).toBeLessThan(9);
    buildingA = [5, 5, 36];
    run(120);
    expect(plant.limitA("a")).toBe(heldA);
    expect(plant.decision("a").reason).toEqual({
      kind: "circuit",
      circuitId: "grid",
      phase: 2,
      limitA: 32,
      readingA: 36,
    });
    buildingA = [5, 5, 5];
    run(120);
    expect(plant.limitA("a")).toBe(16);
  });
});

describe("a car that the plan stops", () => {
  test("leaves its current to the others when it has gone, not before: it still flows for seconds", () => {
    const site = siteOf({ mainFuseA: 32, worstBuildingLoadA: 10, evses: [{ id: "a" }, { id: "b" }, { id: "c" }] });
    const plant = new Plant({ site, building: () => [4, 4, 4] });
    const { checker, run } = watched(plant);
    const transactions = ["a", "b", "c"].map((id) => ({ evseId: id, transactionId: plant.plug(id, { obeyS: 5 }) }));
    const planned = (stopped: string) =>
      plan(
        plant,
        transactions.map((car) => ({ ...car, currentA: Array(8).fill(car.evseId === stopped ? 0 : 16) })),
      );
    planned("");
    run(400);
    const shared = plant.limitA("b") + plant.limitA("c");
    expect(plant.drawsA("a")).toBeGreaterThanOrEqual(8);
    planned("a");
    while (plant.limitA("a") > 0) run(1);
    while (plant.drawsA("a") > 0) {
      expect(plant.limitA("b") + plant.limitA("c")).toBe(shared);
      run(1);
    }
    run(60);
    expect(plant.limitA("b") + plant.limitA("c")).toBeGreaterThanOrEqual(shared + 8);
    expect(plant.factsOf("guard-intervened")).toEqual([]);
    expect([checker.longestOverS, checker.violations]).toEqual([0, []]);
  });
});

describe("behind a full fuse, with one car that needs every minute until its departure", () => {
  test("a kettle is paid for by the other, which has hours to make up for it", () => {
    const kettle = (second: number) => (second >= 300 && second < 480 ? 9 : 0);
    const site = siteOf({ mainFuseA: 40, worstBuildingLoadA: 20, evses: [{ id: "a" }, { id: "b" }] });
    const plant = new Plant({ site, building: (second) => [6 + kettle(second), 6, 6] });
    const { checker, run } = watched(plant);
    const cars = ["a", "b"].map((id) => ({ evseId: id, transactionId: plant.plug(id), currentA: Array(8).fill(16) }));
    // 16 A on three phases for eight hours are 88 kWh.
    plan(plant, [cars[0]!, { ...cars[1]!, needWh: 85_000 }]);
    run(299);
    expect([plant.limitA("a"), plant.limitA("b")]).toEqual([16, 16]);
    run(1);
    // 6 + 9 + 32 = 47 A on 40 A: 7 A have to go.
    expect([plant.limitA("a"), plant.limitA("b")]).toEqual([9, 16]);
    run(170);
    expect(plant.limitA("b")).toBe(16);
    run(130);
    expect([plant.limitA("a"), plant.limitA("b")]).toEqual([16, 16]);
    expect([checker.longestOverS <= 6, checker.violations]).toEqual([true, []]);
  });
});
