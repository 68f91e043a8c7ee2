import { describe, expect, test } from "vitest";
import type { ChargePointCommand } from "../charge-point-input.ts";
import { Checker } from "./checker.test-kit.ts";
import { Plant, type PlantOptions, siteOf } from "./plant.test-kit.ts";

function watched(options: PlantOptions) {
  const plant = new Plant(options);
  const checker = new Checker(plant);
  return { plant, checker, run: (seconds: number) => plant.run(seconds, () => checker.look()) };
}

function limitsOf(command: ChargePointCommand): unknown {
  return command.type === "set-limit" ? command.schedule.periods.map(({ currentA }) => currentA) : undefined;
}

describe("the meter dies", () => {
  test("every EVSE is at its safe current within 15 s, the page knows why, and power returns slowly", () => {
    const { plant, checker, run } = watched({
      site: siteOf({ mainFuseA: 63, evses: [{ id: "a" }, { id: "b" }] }),
      building: () => [10, 12, 9],
    });
    plant.plug("a");
    plant.plug("b");
    run(180);
    expect([plant.limitA("a"), plant.limitA("b")]).toEqual([16, 16]);
    plant.deadMeters.add("grid-meter");
    run(10);
    expect(plant.limitA("a")).toBe(16);
    run(5);
    expect([plant.offeredA("a"), plant.offeredA("b")]).toEqual([6, 6]);
    expect(plant.decision("a").reason).toEqual({ kind: "safe-mode", circuitId: "grid", deviceId: "grid-meter" });
    expect(plant.state.site).toMatchObject({
      mode: "safe",
      modeReason: { kind: "meter-absent", deviceId: "grid-meter", circuitId: "grid" },
    });
    run(100);
    plant.deadMeters.delete("grid-meter");
    run(29);
    expect([plant.limitA("a"), plant.limitA("b")]).toEqual([6, 6]);
    expect(plant.decision("a").reason.kind).toBe("safe-mode");
    expect(plant.state.site.modeReason?.kind).toBe("meter-recovering");
    run(60);
    expect([plant.limitA("a"), plant.limitA("b")]).toEqual([16, 16]);
    expect(plant.state.site.mode).toBe("normal");
    expect(checker.violations).toEqual([]);
  });

  test("a gap of some seconds only stops raising", () => {
    const { plant, checker, run } = watched({
      site: siteOf({ mainFuseA: 40, evses: [{ id: "a", maxCurrentA: 32 }] }),
      building: () => [15, 15, 15],
    });
    run(20);
    plant.plug("a");
    run(8);
    const before = plant.limitA("a");
    expect(before).toBeLessThan(24);
    plant.deadMeters.add("grid-meter");
    run(4);
    const inGap = plant.limitA("a");
    run(5);
    expect(plant.limitA("a")).toBe(inGap);
    plant.deadMeters.delete("grid-meter");
    run(60);
    expect(plant.limitA("a")).toBeGreaterThan(inGap);
    expect(checker.violations).toEqual([]);
  });

  test("only the garage goes to safe currents when the garage's meter is lost", () => {
    const { plant, run } = watched({
      site: siteOf({
        circuits: [{ id: "garage", fuseA: 40, meter: "garage-meter", worstBuildingLoadA: 5 }],
        evses: [{ id: "a", circuit: "garage" }, { id: "b" }],
      }),
    });
    plant.plug("a");
    plant.plug("b");
    run(120);
    plant.deadMeters.add("garage-meter");
    run(14);
    expect([plant.limitA("a"), plant.limitA("b")]).toEqual([6, 16]);
    expect(plant.decision("a").reason).toMatchObject({ circuitId: "garage", deviceId: "garage-meter" });
  });

  test("a paused car gets its safe current when every lease of before has run out", () => {
    const { plant, run } = watched({
      site: siteOf({ mainFuseA: 32, worstBuildingLoadA: 20, evses: [{ id: "a" }, { id: "b" }] }),
      building: (second) => (second < 300 ? [24, 24, 24] : [10, 10, 10]),
    });
    plant.plug("a");
    plant.plug("b");
    run(120);
    const limits = [plant.limitA("a"), plant.limitA("b")];
    expect(limits.filter((currentA) => currentA === 0)).toHaveLength(1);
    const paused = limits[0] === 0 ? "a" : "b";
    plant.deadMeters.add("grid-meter");
    run(150);
    expect(plant.limitA(paused)).toBe(0);
    run(60);
    expect(plant.limitA(paused)).toBe(6);
  });

  test("a meter that measures only power guards no three-phase fuse", () => {
    const { plant, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }) });
    plant.plug("a");
    run(60);
    expect(plant.limitA("a")).toBe(16);
    const set = plant.meters.set.bind(plant.meters);
    plant.meters.set = (id, { currentA: _, ...reading }) => set(id, reading);
    run(3);
    expect(plant.limitA("a")).toBe(6);
    expect(plant.decision("a").reason.kind).toBe("safe-mode");
  });

  test("on one phase, power is current", () => {
    const { plant, checker, run } = watched({
      site: siteOf({ phases: 1, mainFuseA: 25, worstBuildingLoadA: 15, evses: [{ id: "a", maxCurrentA: 32 }] }),
      building: () => [5, 0, 0],
    });
    const set = plant.meters.set.bind(plant.meters);
    plant.meters.set = (id, { currentA: _, ...reading }) => set(id, reading);
    plant.plug("a", { phases: 1 });
    run(180);
    expect(plant.limitA("a")).toBe(19);
    expect(checker.violations).toEqual([]);
  });
});

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

describe("charge points that are not what they should be", () => {
  test("an offline charge point keeps its lease reserved, then its safe current", () => {
    const { plant, checker, run } = watched({
      site: siteOf({ mainFuseA: 40, worstBuildingLoadA: 20, evses: [{ id: "a" }, { id: "b" }] }),
      building: () => [10, 10, 10],
    });
    plant.plug("a");
    plant.plug("b", { takesA: () => 16 });
    run(240);
    expect(plant.limitA("a") + plant.limitA("b")).toBeGreaterThanOrEqual(28);
    plant.disconnect("a");
    run(100);
    expect(plant.decision("a").reason).toEqual({ kind: "offline" });
    // Its lease may run for three minutes: nobody takes its current before.
    expect(plant.limitA("b")).toBeLessThanOrEqual(15);
    run(200);
    expect(plant.drawsA("a")).toBe(6);
    expect(plant.limitA("b")).toBe(16);
    plant.connect("a");
    run(2);
    expect(
      plant.commands.filter(({ second }) => second === plant.second - 1).map(({ command }) => command.type),
    ).toEqual(["install-safe-default", "set-limit"]);
    run(240);
    expect(plant.limitA("a")).toBeGreaterThanOrEqual(13);
    checker.steady();
    expect(checker.violations).toEqual([]);
  });

  test("a car that does not obey: a fact, the others make room, and the profiles are cleared and set again", () => {
    const { plant, run } = watched({
      site: siteOf({ mainFuseA: 32, worstBuildingLoadA: 15, evses: [{ id: "a" }, { id: "b" }] }),
      building: () => [4, 4, 4],
    });
    plant.plug("a");
    plant.plug("b");
    run(200);
    plant.station("b").fault = { stubbornA: 16 };
    plant.record({
      type: "grid-limit-received",
      source: "grid",
      data: { limitW: 14_000, by: "dso" },
    });
    run(60);
    const [fact] = plant.factsOf("limit-obedience-changed");
    expect(fact!.data).toMatchObject({ evseId: "b", obeyed: false, measuredA: 16 });
    expect(plant.decision("b").reason).toMatchObject({ kind: "not-obeyed", readingA: 16 });
    expect(plant.trueA("grid")[0]).toBeLessThanOrEqual(32);
    const healing = plant.commands.filter(({ command }) => command.type === "clear-limits");
    expect(healing.length).toBeGreaterThanOrEqual(1);
    const at = healing[0]!.second;
    expect(plant.commands.filter(({ second }) => second === at).map(({ command }) => command.type)).toEqual([
      "clear-limits",
      "install-safe-default",
      "set-limit",
    ]);
    run(300);
    expect(plant.commands.some(({ command }) => command.type === "stop-transaction")).toBe(false);
    expect(plant.commands.filter(({ command }) => command.type === "clear-limits").length).toBeLessThanOrEqual(14);
    plant.station("b").fault = {};
    run(60);
    expect(plant.factsOf("limit-obedience-changed").at(-1)!.data).toMatchObject({ evseId: "b", obeyed: true });
  });

  test("its transaction is stopped when it keeps a fuse overloaded and three attempts have not helped", () => {
    const { plant, run } = watched({
      site: siteOf({ mainFuseA: 25, worstBuildingLoadA: 15, evses: [{ id: "a" }] }),
      building: (second) => (second < 100 ? [4, 4, 4] : [14, 14, 14]),
    });
    plant.plug("a");
    run(99);
    plant.station("a").fault = { stubbornA: 16 };
    run(40);
    expect(plant.commands.some(({ command }) => command.type === "stop-transaction")).toBe(false);
    run(120);
    expect(plant.commands.some(({ command }) => command.type === "stop-transaction")).toBe(true);
    expect(plant.trueA("grid")[0]).toBe(14);
  });

  test("a refused limit is tried again after 5, 15 and 60 s, and what it had stays reserved", () => {
    const { plant, run } = watched({
      site: siteOf({ mainFuseA: 40, worstBuildingLoadA: 20, evses: [{ id: "a" }, { id: "b" }] }),
      building: (second) => (second < 200 ? [8, 8, 8] : [14, 14, 14]),
    });
    plant.plug("a", { takesA: (second) => (second < 190 ? 16 : 7) });
    run(190);
    expect(plant.limitA("a")).toBe(16);
    plant.station("a").fault = { refuses: true };
    plant.plug("b");
    run(5);
    const from = plant.second;
    plant.record({
      type: "override-changed",
      source: "api",
      data: { evseId: "b", active: true, by: "test" },
    });
    run(150);
    const sent = plant.commands.filter(
      ({ second, command }) => second > from && command.type === "set-limit" && command.evseId === "a",
    );
    const again = sent.flatMap(({ second, command }, index) => {
      const before = sent[index - 1];
      const same = before && JSON.stringify(limitsOf(before.command)) === JSON.stringify(limitsOf(command));
      return same ? [second - before.second] : [];
    });
    expect(again.slice(-3)).toEqual([5, 15, 60]);
    expect(plant.decision("a").reason.kind).toBe("not-obeyed");
    expect(plant.limitA("b") + 16 + 14).toBeLessThanOrEqual(40);
    plant.station("a").fault = {};
    run(90);
    expect(plant.decision("a").reason.kind).not.toBe("not-obeyed");
  });
});

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

  test("a pause for want of current lasts five minutes", () => {
    const { plant, run } = watched({
      site: siteOf({ mainFuseA: 25, worstBuildingLoadA: 15, evses: [{ id: "a" }] }),
      building: (second) => (second >= 100 && second < 130 ? [22, 22, 22] : [5, 5, 5]),
    });
    plant.plug("a");
    run(110);
    expect(plant.limitA("a")).toBe(0);
    run(280);
    expect(plant.limitA("a")).toBe(0);
    run(40);
    expect(plant.limitA("a")).toBeGreaterThanOrEqual(6);
  });
});

describe("a restart", () => {
  test("starts at safe currents, reserves what may be in force, and is back within a minute", () => {
    const { plant, checker, run } = watched({
      site: siteOf({ mainFuseA: 40, worstBuildingLoadA: 20, evses: [{ id: "a" }, { id: "b" }] }),
      building: () => [10, 10, 10],
    });
    plant.plug("a");
    plant.plug("b");
    run(240);
    const before = plant.limitA("a") + plant.limitA("b");
    expect(before).toBeGreaterThanOrEqual(28);
    plant.restart();
    run(1);
    expect([plant.limitA("a"), plant.limitA("b")]).toEqual([6, 6]);
    // Only one finds its way back: the other's lease goes on for minutes.
    plant.connect("b");
    run(60);
    expect(plant.limitA("b")).toBeLessThanOrEqual(16);
    expect(plant.drawsA("a") + plant.limitA("b") + 10).toBeLessThanOrEqual(40);
    plant.connect("a");
    run(120);
    expect(plant.limitA("a") + plant.limitA("b")).toBeGreaterThanOrEqual(28);
    expect(checker.violations).toEqual([]);
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
    run(90);
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
