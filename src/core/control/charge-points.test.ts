import { describe, expect, test } from "vitest";
import type { ChargePointCommand } from "../charge-point-input.ts";
import { watched } from "./checker.test-kit.ts";
import { siteOf } from "./site.test-kit.ts";

function limitsOf(command: ChargePointCommand): unknown {
  return command.type === "set-limit" ? command.schedule.periods.map(({ currentA }) => currentA) : undefined;
}

describe("the next car at an EVSE", () => {
  test("is not taken for the one before it: it loads all phases until its own readings say otherwise", () => {
    const { plant, checker, run } = watched({
      site: siteOf({
        circuits: [{ id: "garage", fuseA: 20 }],
        evses: [
          { id: "a", circuit: "garage", safeCurrentA: 0 },
          { id: "b", circuit: "garage", safeCurrentA: 0, phases: ["L2"] },
        ],
      }),
      meterEveryS: 60,
    });
    plant.plug("a", { phases: 1 });
    plant.plug("b");
    run(300);
    expect([plant.drawsA("a"), plant.drawsA("b")]).toEqual([16, 16]);
    plant.unplug("a");
    run(5);
    plant.plug("a", { phases: 3 });
    run(50);
    expect(plant.trueA("garage")[1]).toBeLessThanOrEqual(20);
    run(100);
    expect(checker.violations).toEqual([]);
  });
});

describe("cars without meter values that are said to charge and draw nothing yet", () => {
  test("are given no more together than the meter shows to be free: the fuse bears it when all begin", () => {
    const ids = ["a", "b", "c", "d", "e", "f"];
    const evses = ids.map((id) => ({ id, maxCurrentA: 32 }));
    const { plant, run } = watched({ site: siteOf({ evses }), building: () => [5, 5, 5] });
    for (const id of ids) {
      plant.station(id).fault = { mute: true };
      plant.plug(id, { takesA: (second) => (second < 400 ? 0 : 32) });
    }
    run(399);
    expect(ids.reduce((sum, id) => sum + plant.limitA(id), 0)).toBeLessThanOrEqual(63);
    let mostA = 0;
    plant.run(60, () => {
      mostA = Math.max(mostA, ...plant.trueA("grid"));
    });
    expect(mostA).toBeLessThanOrEqual(68);
  });
});

describe("a car whose transaction the disk refuses", () => {
  test("is left what its own meter shows, also on a circuit that has none", () => {
    const { plant, run } = watched({
      site: siteOf({
        circuits: [{ id: "garage", fuseA: 20 }],
        evses: [
          { id: "a", circuit: "garage", safeCurrentA: 6 },
          { id: "b", circuit: "garage", safeCurrentA: 6 },
        ],
      }),
    });
    plant.plug("a", { recorded: false });
    plant.plug("b");
    run(240);
    expect(plant.drawsA("a")).toBe(6);
    expect(plant.limitA("b")).toBeGreaterThanOrEqual(12);
    expect(Math.max(...plant.trueA("garage"))).toBeLessThanOrEqual(20);
  });

  test.each([
    "comes first",
    "comes after another",
  ])("and that %s, without meter values, counts by its status", (when) => {
    const garage = { circuit: "garage", safeCurrentA: 6 };
    const evses = ["a", "b", "c"].map((id) => ({ id, ...garage }));
    const { plant, run } = watched({ site: siteOf({ circuits: [{ id: "garage", fuseA: 24 }], evses }) });
    if (when !== "comes first") {
      plant.plug("a");
      run(60);
      plant.unplug("a");
    }
    plant.plug("b");
    plant.plug("c");
    run(300);
    expect([plant.drawsA("b"), plant.drawsA("c")]).toEqual([12, 12]);
    plant.station("a").fault = { mute: true };
    plant.plug("a", { recorded: false });
    run(10);
    expect(plant.drawsA("a")).toBe(6);
    expect(Math.max(...plant.trueA("garage"))).toBeLessThanOrEqual(24);
  });

  test("stops for the grid operator when all others have, by its safe default, and goes on when there is room", () => {
    const evses = [{ id: "a" }, { id: "b" }];
    const { plant, run } = watched({ site: siteOf({ evses }), building: () => [3, 3, 3] });
    plant.plug("a", { recorded: false });
    plant.plug("b");
    run(120);
    const limit = (limitW?: number) =>
      plant.record({
        type: "grid-limit-received",
        source: "api",
        data: { by: "api", ...(limitW === undefined ? {} : { limitW }) },
      });
    // Room for the one without a transaction, and for nobody else.
    limit(7_000);
    run(10);
    expect([plant.drawsA("a"), plant.drawsA("b")]).toEqual([6, 0]);
    limit(3_000);
    run(10);
    expect([plant.drawsA("a"), plant.drawsA("b")]).toEqual([0, 0]);
    expect(plant.decision("a").reason).toMatchObject({ kind: "paused", by: "api", limitW: 3_000 });
    run(200);
    expect(plant.drawsA("a")).toBe(0);
    limit();
    run(120);
    expect(plant.drawsA("a")).toBe(6);
    expect(plant.decision("a").reason.kind).toBe("no-transaction");
    const installed = plant.commands.flatMap(({ command }) =>
      command.type === "install-safe-default" && command.evseId === "a" ? [command.currentA] : [],
    );
    expect(installed).toEqual([6, 0, 6]);
  });

  test("who stopped so has its safe default again when its transaction is on record, or another car comes", () => {
    const { plant, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }), building: () => [3, 3, 3] });
    plant.plug("a", { recorded: false });
    run(30);
    plant.record({ type: "grid-limit-received", source: "api", data: { by: "api", limitW: 0 } });
    run(20);
    expect(plant.station("a").safeA).toBe(0);
    plant.plug("a");
    run(3);
    expect(plant.station("a").safeA).toBe(6);
    expect(plant.limitA("a")).toBe(0);
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

  test("one that is gone without a car keeps its safe current reserved where no meter shows one that comes", () => {
    const garage = { circuit: "garage", safeCurrentA: 6 };
    const evses = ["a", "b", "c"].map((id) => ({ id, ...garage }));
    const { plant, run } = watched({ site: siteOf({ circuits: [{ id: "garage", fuseA: 30 }], evses }) });
    plant.plug("c");
    run(30);
    plant.unplug("c");
    plant.plug("a");
    plant.plug("b");
    run(200);
    expect([plant.drawsA("a"), plant.drawsA("b")]).toEqual([15, 15]);
    plant.disconnect("c");
    run(20);
    plant.plug("c", { recorded: false });
    plant.record({
      type: "evse-status-changed",
      source: "test",
      data: { chargePointId: "cp-c", evseId: "c", status: "available" },
    });
    run(20);
    expect(plant.drawsA("c")).toBe(6);
    expect(Math.max(...plant.trueA("garage"))).toBeLessThanOrEqual(30);
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

  test("one that was stopped for not obeying rests a minute as after any stop, and does not begin and stop all the time", () => {
    const { plant, run } = watched({
      site: siteOf({ unbalanceLimitA: 16, evses: [{ id: "a", phases: ["L1"], maxCurrentA: 32 }] }),
      building: () => [4, 4, 4],
    });
    plant.plug("a", { phases: 1 });
    run(150);
    plant.station("a").fault = { stubbornA: 24 };
    while (plant.limitA("a") > 0) run(1);
    expect(plant.decision("a").reason.kind).toBe("not-obeyed");
    plant.station("a").fault = {};
    run(55);
    expect(plant.limitA("a")).toBe(0);
    expect(plant.decision("a").reason.kind).toBe("paused");
    run(60);
    expect(plant.limitA("a")).toBeGreaterThan(6);
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

describe("a charge point that does not take its safe default", () => {
  test("is asked again after 5, 15, 60 and 300 s, each time with its limit after it, and no more when it has taken it", () => {
    const { plant, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }) });
    plant.station("a").fault = { refusesDefault: true };
    plant.plug("a");
    run(400);
    const installs = () => plant.commands.filter(({ command }) => command.type === "install-safe-default");
    const pauses = installs().map(({ second }, index, all) => second - (all[index - 1]?.second ?? second));
    expect(pauses).toEqual([0, 5, 15, 60, 300]);
    for (const { second } of installs())
      expect(plant.commands.some((sent) => sent.second === second && sent.command.type === "set-limit")).toBe(true);
    expect(plant.factsOf("safe-default-answered")).toHaveLength(1);
    plant.station("a").fault = {};
    run(2000);
    expect(installs()).toHaveLength(6);
    expect(plant.factsOf("safe-default-answered").map(({ data }) => data.answer)).toEqual(["rejected", "accepted"]);
  });

  test("is left all that it can draw when it is gone, because nothing limits it then", () => {
    const { plant, run } = watched({
      site: siteOf({ mainFuseA: 40, worstBuildingLoadA: 20, evses: [{ id: "a" }, { id: "b" }] }),
      building: () => [14, 14, 14],
    });
    plant.station("b").fault = { refusesDefault: true };
    plant.plug("a");
    plant.plug("b");
    run(120);
    plant.disconnect("b");
    run(400);
    expect(plant.limitA("a") + 16 + 14).toBeLessThanOrEqual(40);
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
