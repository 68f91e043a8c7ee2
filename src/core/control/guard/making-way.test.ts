/** Stories of a car that begins where phases may not differ much, and has not shown yet which of them it loads. */
import { describe, expect, it } from "vitest";
import { watched } from "../checker.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

const stalls = ["a", "b", "c", "d"].map((id) => ({
  id,
  maxCurrentA: 32,
  phases: ["L1", "L2", "L3"] as ("L1" | "L2" | "L3")[],
}));

function street(safeCurrentA = 6) {
  const evses = stalls.map((stall) => ({ ...stall, safeCurrentA }));
  const told = watched({ site: siteOf({ country: "DE", mainFuseA: 80, evses }) });
  const onL1 = (ids: readonly string[]) => ids.reduce((sumA, id) => sumA + told.plant.drawsA(id), 0);
  return { ...told, onL1 };
}

describe("where one phase may carry 20 A more than another, a car that begins", () => {
  it.each([
    [0, 0, "waits until another one has made way on the phase that it may load alone"],
    [6, 6, "has others make way at once where its charge point lets it begin by itself"],
  ])("%i A of its own, %i s: %s", (safeCurrentA, mostSeconds) => {
    const { plant, checker, run, onL1 } = street(safeCurrentA);
    plant.plug("a", { phases: 1 });
    run(300);
    expect(plant.drawsA("a")).toBeGreaterThanOrEqual(18);
    plant.plug("b", { phases: 1 });
    let unevenS = 0;
    for (let second = 0; second < 300; second++) {
      run(1);
      if (onL1(["a", "b"]) > 20.5) unevenS++;
    }
    expect(unevenS).toBeLessThanOrEqual(mostSeconds);
    expect(plant.drawsA("b")).toBeGreaterThanOrEqual(6);
    expect(checker.violations).toEqual([]);
  });

  it("gives back what was made way when it shows that it loads all phases", () => {
    const { plant, run } = street();
    plant.plug("a", { phases: 1 });
    run(300);
    plant.plug("b", { phases: 3 });
    let leastA = Number.POSITIVE_INFINITY;
    for (let second = 0; second < 120; second++) {
      run(1);
      leastA = Math.min(leastA, plant.limitA("a"));
    }
    expect(leastA).toBeGreaterThanOrEqual(6);
    expect(leastA).toBeLessThanOrEqual(13);
    run(300);
    expect(plant.drawsA("a")).toBeGreaterThanOrEqual(18);
    expect(plant.drawsA("b")).toBeGreaterThan(28);
  });

  it("stops nobody for it: where all are at their least it begins beside them, and is one of them when it is seen", () => {
    const { plant, run, onL1 } = street();
    for (const id of ["a", "b", "c"]) plant.plug(id, { phases: 1 });
    run(600);
    expect(onL1(["a", "b", "c"])).toBeLessThanOrEqual(20);
    plant.plug("d", { phases: 3 });
    for (let second = 0; second < 300; second++) {
      run(1);
      for (const id of ["a", "b", "c"]) expect(plant.limitA(id)).toBeGreaterThanOrEqual(6);
    }
    expect(plant.drawsA("d")).toBeGreaterThan(28);
  });

  it("waits where all are at their least until the turn of one is over, and begins in its place", () => {
    const { plant, run, onL1 } = street(0);
    for (const id of ["a", "b", "c"]) plant.plug(id, { phases: 1 });
    run(600);
    expect(onL1(["a", "b", "c"])).toBeGreaterThanOrEqual(18);
    plant.plug("d", { phases: 1 });
    let drewForS = 0;
    for (let second = 0; second < 1200; second++) {
      run(1);
      expect(onL1(["a", "b", "c", "d"])).toBeLessThanOrEqual(20);
      if (plant.drawsA("d") > 0) drewForS++;
    }
    expect(drewForS).toBeGreaterThanOrEqual(300);
  });

  it("begins when all have come down as far as they do, also where the least of one of them is more than its share", () => {
    const [a, ...others] = stalls.map((stall) => ({ ...stall, safeCurrentA: 0 }));
    const evses = [{ ...a!, minCurrentA: 14, maxCurrentA: 14 }, ...others];
    const { plant, run } = watched({ site: siteOf({ unbalanceLimitA: 32, mainFuseA: 80, evses }) });
    for (const id of ["a", "b"]) plant.plug(id, { phases: 1 });
    run(600);
    expect(plant.drawsA("a") + plant.drawsA("b")).toBeGreaterThan(26);
    plant.plug("c", { phases: 1 });
    run(120);
    expect(plant.drawsA("c")).toBeGreaterThanOrEqual(6);
  });
});
