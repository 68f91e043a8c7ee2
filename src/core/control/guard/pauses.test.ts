import { describe, expect, test } from "vitest";
import { watched } from "../checker.test-kit.ts";
import { plan } from "../planned.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

describe("less than the minimum for everybody", () => {
  test("cars pause in turns of ten minutes, nobody for ever, nobody flaps", () => {
    const ids = ["a", "b", "c"];
    const { plant, checker, run } = watched({
      site: siteOf({
        mainFuseA: 25,
        worstBuildingLoadA: 11,
        evses: ids.map((id) => ({ id, safeCurrentA: 0 })),
      }),
      building: () => [11, 11, 11],
    });
    for (const id of ids) plant.plug(id);
    const charged = new Map(ids.map((id) => [id, 0]));
    const switches = new Map(ids.map((id) => [id, 0]));
    const before = new Map<string, boolean>();
    for (let s = 0; s < 3600; s++) {
      run(1);
      for (const id of ids) {
        const on = plant.limitA(id) > 0;
        if (on) charged.set(id, charged.get(id)! + 1);
        if (before.has(id) && before.get(id) !== on) switches.set(id, switches.get(id)! + 1);
        before.set(id, on);
      }
    }
    // Two of three have their 6 A at a time.
    for (const id of ids) expect(charged.get(id)).toBeGreaterThan(1500);
    for (const id of ids) expect(switches.get(id)).toBeLessThanOrEqual(9);
    const paused = plant.last!.evses.filter((entry) => entry.currentA === 0);
    expect(paused).toHaveLength(1);
    expect(paused[0]!.reason).toMatchObject({ kind: "paused", circuitId: "grid" });
    expect(checker.violations).toEqual([]);
  });

  test("the lowest priority pauses first, then who has most time for what is needed", () => {
    const { plant, run } = watched({
      site: siteOf({
        mainFuseA: 40,
        worstBuildingLoadA: 20,
        evses: [{ id: "a", priority: 1 }, { id: "b" }, { id: "c" }],
      }),
      building: (second) => (second < 120 ? [10, 10, 10] : second < 180 ? [27, 27, 27] : [33, 33, 33]),
    });
    for (const id of ["a", "b", "c"]) plant.plug(id);
    const wish = (evseId: string, hours: number) =>
      plant.record({
        type: "wish-stated",
        source: "api",
        data: { evseId, energyWh: 20_000, departureMs: plant.nowMs() + hours * 3_600_000, by: "test" },
      });
    wish("b", 9);
    wish("c", 3);
    run(119);
    run(50);
    expect(["a", "b", "c"].map((id) => plant.limitA(id) > 0)).toEqual([false, true, true]);
    run(60);
    expect(["a", "b", "c"].map((id) => plant.limitA(id) > 0)).toEqual([false, false, true]);
  });

  test("after a short peak the first pause lasts a minute and says so; each further one is longer, up to five", () => {
    const peaks = [100, 300, 600, 1000, 1500];
    const { plant, run } = watched({
      site: siteOf({ mainFuseA: 25, worstBuildingLoadA: 15, evses: [{ id: "a" }] }),
      building: (second) => (peaks.some((at) => second >= at && second < at + 30) ? [22, 22, 22] : [5, 5, 5]),
    });
    plant.plug("a");
    const lengthsS: number[] = [];
    for (const at of peaks) {
      run(at + 10 - plant.second);
      expect(plant.limitA("a")).toBe(0);
      let lengthS = 10;
      for (; plant.limitA("a") === 0; lengthS++) {
        const { reason } = plant.decision("a");
        if (plant.second === at + 55 && at === 100)
          expect(reason).toMatchObject({ kind: "paused", untilMs: plant.nowMs() + 5000 });
        run(1);
      }
      lengthsS.push(Math.round(lengthS / 10) * 10);
    }
    expect(lengthsS).toEqual([60, 120, 240, 300, 300]);
  });
});

describe("plans that change their mind", () => {
  test("let a car wait at once, but what they let charge again they do not stop before five minutes", () => {
    const { plant, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }), building: () => [5, 5, 5] });
    const transactionId = plant.plug("a");
    let stops = 0;
    let before = 0;
    for (let minute = 0; minute < 20; minute++) {
      plan(plant, [{ evseId: "a", transactionId, currentA: [minute % 2 === 0 ? 0 : 16] }]);
      run(60);
      const now = plant.limitA("a");
      if (before > 0 && now === 0) stops++;
      before = now;
      if (minute === 0) expect(now).toBe(0);
    }
    expect(stops).toBeGreaterThanOrEqual(2);
    expect(stops).toBeLessThanOrEqual(4);
    expect(plant.limitA("a")).toBeGreaterThanOrEqual(6);
  });
});

describe("a start with a full car park", () => {
  test("nobody is paused because the meter has to be seen good for some seconds first", () => {
    const ids = ["a", "b", "c"];
    const { plant, checker, run } = watched({
      site: siteOf({ evses: ids.map((id) => ({ id, safeCurrentA: 0 })) }),
      building: () => [6, 6, 6],
    });
    for (const id of ids) plant.plug(id);
    run(3);
    expect(ids.map((id) => plant.decision(id).reason.kind)).toEqual(["raising", "raising", "raising"]);
    run(150);
    expect(ids.map((id) => plant.limitA(id))).toEqual([16, 16, 16]);
    expect(plant.factsOf("site-mode-changed").map(({ data }) => data.mode)).toEqual(["normal"]);
    expect(checker.violations).toEqual([]);
  });

  test("a car that comes when nothing is free charges as soon as something is", () => {
    const { plant, run } = watched({
      site: siteOf({ mainFuseA: 25, worstBuildingLoadA: 20, evses: [{ id: "a", safeCurrentA: 0 }] }),
      building: (second) => (second < 100 ? [21, 21, 21] : [5, 5, 5]),
    });
    plant.plug("a");
    run(90);
    expect(plant.decision("a").reason).toMatchObject({ kind: "paused", circuitId: "grid", readingA: 21 });
    run(60);
    expect(plant.limitA("a")).toBeGreaterThanOrEqual(6);
  });

  test("a pause lasts its least duration also where a plan has the car wait meanwhile, and then go on", () => {
    const { plant, run } = watched({
      site: siteOf({ mainFuseA: 25, worstBuildingLoadA: 20, evses: [{ id: "a", safeCurrentA: 0 }] }),
      building: (second) => (second >= 100 && second < 104 ? [21, 21, 21] : [5, 5, 5]),
    });
    const transactionId = plant.plug("a");
    const planned = (currentA: number) => plan(plant, [{ evseId: "a", transactionId, currentA: [currentA, currentA] }]);
    planned(16);
    run(103);
    expect(plant.decision("a").reason.kind).toBe("paused");
    planned(0);
    run(33);
    expect(plant.decision("a").reason.kind).toBe("plan");
    planned(16);
    while (plant.second < 159) {
      run(1);
      expect(plant.limitA("a")).toBe(0);
    }
    run(20);
    expect(plant.limitA("a")).toBeGreaterThanOrEqual(6);
  });

  test("while power comes back, the reason is not a fuse that is free by now", () => {
    const { plant, run } = watched({
      site: siteOf({ mainFuseA: 25, worstBuildingLoadA: 15, evses: [{ id: "a" }] }),
      building: (second) => (second >= 100 && second < 130 ? [15, 15, 15] : [5, 5, 5]),
    });
    plant.plug("a");
    run(120);
    expect(plant.decision("a").reason).toMatchObject({ kind: "circuit", readingA: 25 });
    run(20);
    expect(plant.decision("a").reason).toEqual({ kind: "raising", limitA: 16 });
  });
});

test("room that is made for a car that waits is not taken by another while what was lowered still flows", () => {
  const inGarage = { circuit: "garage", safeCurrentA: 0 };
  const site = siteOf({
    mainFuseA: 80,
    circuits: [{ id: "garage", fuseA: 25 }],
    evses: [
      { id: "a", ...inGarage, maxCurrentA: 7, priority: 9 },
      { id: "b", ...inGarage, maxCurrentA: 6, priority: 8 },
      { id: "slow", ...inGarage, phases: ["L1"], priority: 3 },
      { id: "quick", ...inGarage, phases: ["L3"], priority: 3 },
      { id: "late", ...inGarage, priority: 5 },
    ],
  });
  const { plant, checker, run } = watched({ site, meterEveryS: 10 });
  plant.plug("a");
  plant.plug("b");
  plant.plug("slow", { phases: 1, obeyS: 8 });
  plant.plug("quick", { phases: 1, obeyS: 1 });
  run(180);
  plant.plug("late");
  run(300);
  const facts = plant.factsOf("limit-changed").length;
  run(600);
  expect(plant.limitA("late")).toBe(6);
  expect(plant.factsOf("limit-changed")).toHaveLength(facts);
  expect(checker.violations).toEqual([]);
});
