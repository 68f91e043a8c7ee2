import { describe, expect, test } from "vitest";
import type { Plant } from "../control/plant.test-kit.ts";
import { siteOf } from "../control/site.test-kit.ts";
import type { PerPhase } from "../quantity.ts";
import { doubts, type Lie, lyingPlant, scaled, tellPowerAlone } from "./plausibility.test-kit.ts";

const FUSE_A = 40;
const REPORTS_EVERY_S = 30;
const IDS = ["a", "b", "c"];

/** Cars report every half minute; the building draws 4 A. */
function plantOf(ids: readonly string[], mainFuseA = FUSE_A) {
  const site = siteOf({ mainFuseA, worstBuildingLoadA: 20, evses: ids.map((id) => ({ id, safeCurrentA: 0 })) });
  return lyingPlant({ site, building: () => [4, 4, 4], meterEveryS: REPORTS_EVERY_S });
}

describe("a meter that has not shown a car yet", () => {
  test.each([
    [0.1, "all"],
    [0, "all"],
    [0.1, "power alone"],
    [-1, "power alone"],
  ] as const)("and shows %f of the truth lets the cars rise to its fuse, not to what it says is left; told is %s", (factor, told) => {
    const ids = ["a", "b", "c", "d", "e"];
    const { plant, lies } = plantOf(ids);
    if (told === "power alone") tellPowerAlone(plant);
    lies.set("grid-meter", scaled(factor));
    let mostA = 0;
    plant.run(400, () => {
      const due = (plant.second - 20) / 9;
      if (Number.isInteger(due) && ids[due]) plant.plug(ids[due]);
      mostA = Math.max(mostA, ...plant.trueA("grid"));
    });
    expect(mostA).toBeLessThanOrEqual(FUSE_A + 4 + 1);
    expect(Math.max(...plant.trueA("grid"))).toBeLessThan(FUSE_A);
  });

  /** One car takes nothing any more from just after its report on, and another comes: when it may begin, s. */
  function beginsAfterS(before: (plant: Plant) => void): number {
    const { plant } = plantOf(["a", "b"]);
    before(plant);
    const stopsS = Math.ceil((plant.second + 90) / REPORTS_EVERY_S) * REPORTS_EVERY_S + 1;
    plant.plug("a", { takesA: (second) => (second < stopsS ? 32 : 0) });
    plant.run(stopsS + 2 - plant.second);
    expect(plant.drawsA("a")).toBe(0);
    plant.plug("b");
    for (let s = 1; s < 120; s++) {
      plant.run(1);
      if (plant.limitA("b") > 0) return s;
    }
    return Number.POSITIVE_INFINITY;
  }

  test("and is right lets a car that comes wait for the next report of one that went down, no longer", () => {
    expect(beginsAfterS(() => {})).toBeLessThanOrEqual(REPORTS_EVERY_S);
  });

  test.each([
    ["all", 3],
    ["power alone", 3],
    ["power alone", 1],
  ] as const)("lets nobody wait once it has shown one, where charge points tell %s of one on %i phases", (told, phases) => {
    const shown = (plant: Plant) => {
      if (told === "power alone") tellPowerAlone(plant);
      plant.plug("a", { phases });
      plant.run(120);
      plant.unplug("a");
      plant.run(3600);
    };
    expect(beginsAfterS(shown)).toBe(1);
  });

  /** One that charges is lowered since its report of a minute, and another comes: what that has before the next, A. */
  function hasBesideLoweredA(lie?: Lie): number {
    const ids = ["a", "b"];
    const site = siteOf({ mainFuseA: 32, worstBuildingLoadA: 30, evses: ids.map((id) => ({ id, safeCurrentA: 0 })) });
    const building = (second: number): PerPhase => (second > 65 && second < 75 ? [24, 24, 24] : [4, 4, 4]);
    const { plant, lies } = lyingPlant({ site, building, meterEveryS: 60 });
    plant.plug("a");
    plant.run(69);
    expect(plant.limitA("a")).toBe(8);
    if (lie) lies.set("grid-meter", lie);
    plant.plug("b");
    plant.run(50);
    expect(plant.station("a").reading).toMatchObject({ atMonoMs: 60_000, currentA: [16, 16, 16] });
    return plant.limitA("b");
  }

  test("and is right lets nobody wait for a report of one that was lowered since its last", () => {
    expect(hasBesideLoweredA()).toBeGreaterThanOrEqual(6);
  });

  test("and shows a tenth lets a car wait that comes beside one that was lowered since its last report", () => {
    expect(hasBesideLoweredA(scaled(0.1))).toBe(0);
  });

  /** The controller starts again while cars charge, and all charge points come back ten seconds later. */
  function restart(plant: Plant, ids: readonly string[]): void {
    for (const id of ids.slice(0, 2)) plant.plug(id);
    plant.run(40);
    for (const id of ids.slice(2)) plant.plug(id);
    plant.restart();
    plant.run(10);
    for (const id of ids) plant.connect(id);
  }

  test("and shows a tenth lets nothing rise by what charge points tell that are back, which may be old", () => {
    const ids = ["a", "b", "c", "d", "e"];
    const { plant, lies } = plantOf(ids);
    lies.set("grid-meter", scaled(0.1));
    restart(plant, ids);
    let mostA = 0;
    plant.run(300, () => {
      mostA = Math.max(mostA, ...plant.trueA("grid"));
    });
    expect(mostA).toBeLessThanOrEqual(FUSE_A + 4 + 1);
    expect(Math.max(...plant.trueA("grid"))).toBeLessThan(FUSE_A);
  });

  test("and is right lets all cars rise after a restart before their charge points are back for long", () => {
    const ids = ["a", "b", "c"];
    const { plant } = plantOf(ids, 80);
    restart(plant, ids);
    plant.run(100);
    expect(ids.map((id) => plant.limitA(id))).toEqual([16, 16, 16]);
  });

  /** A meter of a tenth seems to show too little, and before it is found out the controller starts again. */
  function restartSuspicious() {
    const { plant, lies } = lyingPlant({
      site: siteOf({ mainFuseA: FUSE_A, worstBuildingLoadA: 20, evses: IDS.map((id) => ({ id, safeCurrentA: 0 })) }),
      building: () => [4, 4, 4],
      meterEveryS: 60,
    });
    lies.set("grid-meter", scaled(0.1));
    plant.plug("a");
    plant.plug("b");
    plant.run(122);
    expect(doubts(plant)).toEqual([]);
    plant.restart();
    plant.run(10);
    for (const id of IDS) plant.connect(id);
    return { plant, lies };
  }

  test("and shows a tenth leaves room for the worst load of the building after a restart, before any car has reported", () => {
    const { plant } = restartSuspicious();
    plant.plug("c");
    plant.run(10);
    let mostA = 0;
    plant.run(35, () => {
      mostA = Math.max(mostA, ...plant.trueA("grid"));
    });
    expect(IDS.map((id) => plant.station(id).reading)).toEqual([undefined, undefined, undefined]);
    expect(mostA).toBeGreaterThan(10);
    expect(mostA).toBeLessThanOrEqual(FUSE_A - 20 + 4);
  });

  test("and was put right before a restart is used in full seven minutes after it, and no longer suspected when it has shown a car", () => {
    const { plant, lies } = restartSuspicious();
    lies.clear();
    plant.run(60);
    expect(plant.limitA("a") + plant.limitA("b")).toBeLessThanOrEqual(20);
    plant.run(440);
    expect([plant.limitA("a"), plant.limitA("b")]).toEqual([16, 16]);
    plant.unplug("b");
    plant.run(10);
    plant.plug("b");
    plant.run(180);
    expect(plant.factsOf("meter-suspected").map(({ data }) => data.active)).toEqual([true, false]);
  });
});
