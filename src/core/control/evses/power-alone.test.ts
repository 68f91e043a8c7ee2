/** Stories of charge points that tell their power and no currents: how many phases a car loads they show, and not which. */
import { describe, expect, test } from "vitest";
import { watched } from "../checker.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

const evses = ["a", "b", "c"].map((id) => ({ id, maxCurrentA: 32, safeCurrentA: 6 }));

/** The site of a country, whose charge points all tell power alone. */
function tellingPower(country: string) {
  const story = watched({ site: siteOf({ country, mainFuseA: 80, evses }) });
  for (const { id } of evses) story.plant.station(id).fault = { powerAlone: true };
  return story;
}

describe("a charge point that tells power alone", () => {
  test("may have its car on any phase: cars on one phase differ from others by no more than they may", () => {
    const { plant, checker, run } = tellingPower("DE");
    for (const { id } of evses) plant.plug(id, { phases: 1 });
    run(120);
    for (let second = 0; second < 600; second++) {
      run(1);
      expect(evses.reduce((sumA, { id }) => sumA + plant.drawsA(id), 0)).toBeLessThanOrEqual(20);
    }
    for (const { id } of evses) expect(plant.drawsA(id)).toBeGreaterThanOrEqual(6);
    expect(checker.violations).toEqual([]);
  });

  test("shows by its power that a car loads all its phases: that one has all that it wants", () => {
    const { plant, checker, run } = tellingPower("DE");
    plant.plug("a");
    plant.plug("b", { takesA: () => 10 });
    run(300);
    expect(plant.drawsA("a")).toBe(32);
    expect(plant.drawsA("b")).toBe(10);
    const facts = plant.factsOf("limit-changed").length;
    run(600);
    expect(plant.factsOf("limit-changed").length).toBe(facts);
    expect(checker.violations).toEqual([]);
  });

  test("shows by its power that a car went over from three phases to one", () => {
    const { plant, checker, run } = tellingPower("DE");
    plant.plug("a");
    run(200);
    plant.station("a").car!.phases = 1;
    run(40);
    expect(plant.drawsA("a")).toBeLessThanOrEqual(20);
    expect(plant.drawsA("a")).toBeGreaterThanOrEqual(18);
    plant.station("a").car!.phases = 3;
    run(120);
    expect(plant.drawsA("a")).toBe(32);
    expect(checker.violations).toEqual([]);
  });

  test.each([
    1, 2,
  ] as const)("lets a car on %i phases have all that it takes: it does not take less than it may", (phases) => {
    const { plant, run } = tellingPower("NL");
    plant.plug("a", { phases });
    run(600);
    expect(plant.drawsA("a")).toBe(32);
    const facts = plant.factsOf("limit-changed").length;
    run(1200);
    expect(plant.factsOf("limit-changed").length).toBe(facts);
  });

  test("keeps nothing in vain for a car on three phases that takes less", () => {
    const { plant, run } = tellingPower("NL");
    plant.plug("a", { takesA: () => 10 });
    run(300);
    expect(plant.limitA("a")).toBe(12);
  });

  test("takes no more of a fuse than its car draws: beside a car on one phase another begins", () => {
    const story = watched({ site: siteOf({ mainFuseA: 20, worstBuildingLoadA: 1, evses: evses.slice(0, 2) }) });
    const { plant, checker, run } = story;
    for (const id of ["a", "b"]) plant.station(id).fault = { powerAlone: true };
    plant.plug("a", { phases: 1 });
    run(300);
    expect(plant.drawsA("a")).toBeGreaterThanOrEqual(16);
    plant.plug("b", { phases: 1 });
    run(600);
    for (const id of ["a", "b"]) expect(plant.drawsA(id)).toBeGreaterThanOrEqual(6);
    expect(plant.drawsA("a") + plant.drawsA("b")).toBeGreaterThanOrEqual(14);
    expect(checker.violations).toEqual([]);
  });

  test("takes no more of a fuse at the least current either: nobody charges with 4 A, so its 12 are of two phases", () => {
    const least = ["a", "b"].map((id) => ({ id, maxCurrentA: 6, safeCurrentA: 0 }));
    const site = siteOf({ mainFuseA: 14, worstBuildingLoadA: 1, evses: least });
    const { plant, checker, run } = watched({ site, building: () => [1, 1, 1] });
    for (const id of ["a", "b"]) plant.station(id).fault = { powerAlone: true };
    plant.plug("a", { phases: 2 });
    run(300);
    expect(plant.drawsA("a")).toBe(6);
    plant.plug("b", { phases: 2 });
    run(300);
    expect(plant.drawsA("b")).toBe(6);
    expect(checker.violations).toEqual([]);
  });

  test("may be on another phase than the one that is too full: all that may be needed goes with the reading that shows it", () => {
    let buildingA = 1;
    const phases = { a: ["L2", "L3", "L1"], b: ["L1", "L2", "L3"] } as const;
    const site = siteOf({
      mainFuseA: 40,
      evses: (["a", "b"] as const).map((id) => ({ id, phases: phases[id], safeCurrentA: 0 })),
    });
    const { plant, checker, run } = watched({ site, building: () => [buildingA, 1, 1] });
    for (const id of ["a", "b"]) {
      plant.station(id).fault = { powerAlone: true };
      plant.plug(id, { phases: 1 });
    }
    run(600);
    for (const id of ["a", "b"]) expect(plant.drawsA(id)).toBe(16);
    buildingA = 38;
    run(1);
    expect(plant.limitA("b")).toBe(0);
    run(60);
    expect(checker.violations).toEqual([]);
  });
});
