import { describe, expect, test } from "vitest";
import { watched } from "./checker.test-kit.ts";
import { siteOf } from "./site.test-kit.ts";

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
    const ids = ["a", "b"];
    const { plant, checker, run } = watched({
      site: siteOf({ mainFuseA: 63, evses: ids.map((id) => ({ id })) }),
      building: () => [15, 15, 15],
    });
    const sumA = () => plant.limitA("a") + plant.limitA("b");
    run(20);
    for (const id of ids) plant.plug(id);
    // One has been raised, the other is next.
    run(8);
    plant.deadMeters.add("grid-meter");
    run(6);
    const inGap = sumA();
    expect(inGap).toBeLessThan(32);
    run(3);
    expect(sumA()).toBe(inGap);
    plant.deadMeters.delete("grid-meter");
    run(60);
    expect(sumA()).toBe(32);
    expect(checker.violations).toEqual([]);
  });

  test("a limit of the grid operator is held also by who is at a safe current for want of the garage's meter", () => {
    const garage = { circuit: "garage", safeCurrentA: 6 };
    const { plant, checker, run } = watched({
      site: siteOf({
        circuits: [{ id: "garage", fuseA: 40, meter: "garage-meter" }],
        evses: [{ id: "a", ...garage }, { id: "b" }],
      }),
      building: () => [2, 2, 2],
    });
    plant.plug("a");
    plant.plug("b");
    run(60);
    plant.deadMeters.add("garage-meter");
    run(300);
    expect(plant.limitA("a")).toBe(6);
    const limit = (limitW?: number) =>
      plant.record({
        type: "grid-limit-received",
        source: "test",
        data: { by: "api", ...(limitW === undefined ? {} : { limitW }) },
      });
    limit(7000);
    run(30);
    expect([plant.limitA("a"), plant.limitA("b")]).toEqual([6, 0]);
    limit(3000);
    run(30);
    expect([plant.limitA("a"), plant.limitA("b")]).toEqual([0, 0]);
    expect(plant.decision("a").reason).toMatchObject({ kind: "paused", limitW: 3000, by: "api" });
    run(300);
    expect(plant.limitA("a")).toBe(0);
    limit();
    run(60);
    expect(plant.limitA("a")).toBe(6);
    expect(checker.violations).toEqual([]);
  });

  test("who has to pause at a safe current pauses for a minute at least, and is not switched on and off", () => {
    const { plant, run } = watched({ site: siteOf({ country: "DE", evses: [{ id: "a", maxCurrentA: 32 }] }) });
    plant.plug("a", { phases: 1 });
    run(60);
    plant.deadMeters.add("grid-meter");
    run(240);
    expect(plant.limitA("a")).toBe(6);
    // Its own meter shows more than the phases may differ by.
    plant.station("a").fault = { stubbornA: 32 };
    let stops = 0;
    let beforeA = plant.limitA("a");
    plant.run(300, () => {
      if (beforeA > 0 && plant.limitA("a") === 0) stops++;
      beforeA = plant.limitA("a");
    });
    expect(stops).toBeGreaterThanOrEqual(1);
    expect(stops).toBeLessThanOrEqual(3);
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
