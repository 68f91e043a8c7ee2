import { describe, expect, test } from "vitest";
import type { ChargePointCommand, LimitSchedule } from "../../charge-point-input.ts";
import type { PerPhase } from "../../quantity.ts";
import { watched } from "../checker.test-kit.ts";
import { plan, SLOT_MS } from "../planned.test-kit.ts";
import { type Plant, START_MS } from "../plant.test-kit.ts";
import { siteOf, VOLTAGE_V } from "../site.test-kit.ts";

function schedules(plant: Plant, evseId: string): { second: number; schedule: LimitSchedule }[] {
  return plant.commands.flatMap(({ second, command }) =>
    command.type === "set-limit" && command.evseId === evseId ? [{ second, schedule: command.schedule }] : [],
  );
}

function typesIn(plant: Plant, second: number): ChargePointCommand["type"][] {
  return plant.commands.filter((entry) => entry.second === second).map(({ command }) => command.type);
}

describe("leases", () => {
  test("a limit is renewed three times in its life, and a renewal is no fact", () => {
    const { plant, checker, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }) });
    const transactionId = plant.plug("a");
    run(60);
    const facts = plant.factsOf("limit-changed").length;
    const before = schedules(plant, "a").length;
    run(600);
    const renewals = schedules(plant, "a").slice(before);
    expect(renewals).toHaveLength(10);
    expect(plant.factsOf("limit-changed").length - facts).toBeLessThanOrEqual(1);
    const { second, schedule } = renewals[0]!;
    expect(schedule).toMatchObject({ transactionId, phases: 3, voltageV: VOLTAGE_V });
    expect(schedule.startMs).toBe(START_MS + second * 1000 - 30_000);
    expect(schedule.periods).toEqual([
      { offsetS: 0, currentA: 16 },
      { offsetS: 30 + 180, currentA: 6 },
    ]);
    expect(schedule.durationS).toBe(30 + 180 + 3600);
    expect(checker.violations).toEqual([]);
  });

  test("when the controller dies, the car is at its safe current three minutes later", () => {
    const { plant, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }) });
    plant.plug("a");
    run(120);
    expect(plant.offeredA("a")).toBe(16);
    const { second } = schedules(plant, "a").at(-1)!;
    plant.second = second + 181;
    expect(plant.offeredA("a")).toBe(6);
  });

  test("the safe default is installed at every connection and boot, before the first limit", () => {
    const { plant, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }) });
    run(3);
    expect(typesIn(plant, 1)).toEqual(["install-safe-default"]);
    plant.plug("a");
    run(60);
    expect(plant.commands.filter(({ command }) => command.type === "install-safe-default")).toHaveLength(1);
    plant.disconnect("a");
    run(10);
    plant.connect("a");
    run(1);
    expect(typesIn(plant, plant.second)).toEqual(["install-safe-default", "set-limit"]);
    run(20);
    plant.record({
      type: "charge-point-booted",
      source: "test",
      data: { chargePointId: "cp-a", vendor: "v", model: "m" },
    });
    run(1);
    expect(typesIn(plant, plant.second)).toEqual(["install-safe-default", "set-limit"]);
  });

  test("an EVSE without a transaction gets no limit, only its safe default", () => {
    const { plant, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }) });
    run(300);
    expect(plant.commands.map(({ command }) => command.type)).toEqual(["install-safe-default"]);
    expect(plant.decision("a")).toEqual({ evseId: "a", currentA: 6, reason: { kind: "no-transaction" } });
  });

  test("a slot in which the plan pauses is in the schedule before it comes; one that gives more is not", () => {
    const { plant, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }) });
    const transactionId = plant.plug("a");
    plan(plant, [{ evseId: "a", transactionId, currentA: [10, 0, 16] }]);
    run(840);
    const { second, schedule } = schedules(plant, "a").at(-1)!;
    expect(schedule.periods).toEqual([
      { offsetS: 0, currentA: 10 },
      { offsetS: 30 + 900 + 10 - second, currentA: 0 },
      { offsetS: 30 + 180, currentA: 6 },
    ]);
    run(880);
    const later = schedules(plant, "a").at(-1)!;
    expect(later.schedule.periods.map(({ currentA }) => currentA)).toEqual([0, 6]);
  });
});

describe("what a car should get", () => {
  test("the plan: its current in the slot, or a pause with the time and the price of the next slot", () => {
    const { plant, checker, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }) });
    const transactionId = plant.plug("a");
    plan(plant, [{ evseId: "a", transactionId, currentA: [0, 0, 12] }]);
    run(120);
    expect(plant.limitA("a")).toBe(0);
    expect(plant.decision("a").reason).toEqual({
      kind: "plan",
      limitA: 0,
      untilMs: START_MS + 2 * SLOT_MS,
      priceEurPerKwh: 0.4,
      laterEurPerKwh: 0.2,
    });
    run(900);
    plan(plant, [{ evseId: "a", transactionId, currentA: [0, 12] }]);
    run(900);
    expect(plant.limitA("a")).toBe(12);
    expect(plant.decision("a").reason).toEqual({ kind: "plan", limitA: 12 });
    expect(checker.violations).toEqual([]);
  });

  test("an override beats the plan, but not the fuse", () => {
    const { plant, checker, run } = watched({
      site: siteOf({ mainFuseA: 25, worstBuildingLoadA: 15, evses: [{ id: "a" }] }),
      building: () => [12, 5, 5],
    });
    const transactionId = plant.plug("a");
    plan(plant, [{ evseId: "a", transactionId, currentA: [0, 0, 16] }]);
    run(60);
    expect(plant.limitA("a")).toBe(0);
    plant.record({ type: "override-changed", source: "api", data: { evseId: "a", active: true, by: "driver" } });
    run(150);
    expect(plant.limitA("a")).toBe(12);
    expect(plant.decision("a").reason).toMatchObject({ kind: "circuit", phase: 0 });
    expect(checker.violations).toEqual([]);
  });

  test("a plan that is too old is not followed: fair share", () => {
    const { plant, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }) });
    const transactionId = plant.plug("a");
    plan(plant, [{ evseId: "a", transactionId, currentA: [0, 0, 0, 0, 0, 0, 0, 0] }]);
    run(1795);
    expect(plant.limitA("a")).toBe(0);
    run(60);
    expect(plant.limitA("a")).toBe(16);
    expect(plant.decision("a").reason.kind).toBe("maximum");
  });

  test("a car that the plan does not know is served by fair share", () => {
    const { plant, run } = watched({ site: siteOf({ evses: [{ id: "a" }, { id: "b" }] }) });
    const transactionId = plant.plug("a");
    plan(plant, [{ evseId: "a", transactionId, currentA: [0, 0, 16] }]);
    plant.plug("b");
    run(60);
    expect([plant.limitA("a"), plant.limitA("b")]).toEqual([0, 16]);
  });

  test("a car that waits for a cheaper slot takes the sun that would be exported", () => {
    const sun = (second: number): PerPhase => (second > 200 && second < 900 ? [-9, -9, -9] : [2, 2, 2]);
    const { plant, run } = watched({ site: siteOf({ pv: true, evses: [{ id: "a" }] }), building: sun });
    const transactionId = plant.plug("a");
    plan(plant, [{ evseId: "a", transactionId, currentA: [0, 0, 0, 16] }]);
    run(195);
    expect(plant.limitA("a")).toBe(0);
    run(30);
    expect(plant.limitA("a")).toBe(0);
    run(150);
    expect(plant.limitA("a")).toBe(9);
    expect(plant.decision("a").reason).toEqual({ kind: "solar" });
    expect(Math.abs(plant.trueA("grid")[0])).toBeLessThanOrEqual(1);
    run(700);
    expect(plant.limitA("a")).toBe(0);
  });

  test("the sun never gives a car more than its EVSE can", () => {
    const sun = (): PerPhase => [-40, -40, -40];
    const { plant, checker, run } = watched({ site: siteOf({ pv: true, evses: [{ id: "a" }] }), building: sun });
    const transactionId = plant.plug("a");
    plan(plant, [{ evseId: "a", transactionId, currentA: [10, 10, 10, 10] }]);
    run(300);
    expect(plant.limitA("a")).toBe(16);
    expect(checker.violations).toEqual([]);
  });

  test("a car that takes less than its limit has its limit follow, and climbs again when it takes more", () => {
    const { plant, checker, run } = watched({
      site: siteOf({ evses: [{ id: "a", maxCurrentA: 32 }] }),
    });
    plant.plug("a", { takesA: (second) => (second < 400 ? 10 : 20) });
    run(300);
    expect(plant.limitA("a")).toBe(12);
    expect(plant.decision("a").reason.kind).toBe("vehicle");
    run(300);
    expect(plant.limitA("a")).toBeGreaterThanOrEqual(20);
    expect(plant.limitA("a")).toBeLessThanOrEqual(23);
    expect(plant.drawsA("a")).toBe(20);
    expect(checker.violations).toEqual([]);
  });

  test("a full car leaves what it does not take to the others", () => {
    const { plant, run } = watched({
      site: siteOf({ mainFuseA: 32, worstBuildingLoadA: 10, evses: [{ id: "a" }, { id: "b" }] }),
      building: () => [9, 9, 9],
    });
    plant.plug("a", { takesA: (second) => (second < 300 ? 16 : 0) });
    plant.plug("b");
    run(290);
    expect(plant.limitA("b")).toBeLessThanOrEqual(12);
    run(400);
    expect(plant.limitA("a")).toBe(6);
    expect(plant.limitA("b")).toBe(16);
  });
});

describe("the ledger is spared", () => {
  test("ten EVSEs at a fuse, with a building that flickers: less than a limit fact a minute", () => {
    const ids = Array.from({ length: 10 }, (_, index) => `e${index}`);
    // A building that breathes by 4 A and flickers by 2 A.
    const flicker = (second: number, phase: number) =>
      20 + 2 * Math.sin(second / 900 + phase) + ((second * (7 + phase)) % 13) / 6.5;
    const { plant, checker, run } = watched({
      site: siteOf({ mainFuseA: 125, evses: ids.map((id) => ({ id })) }),
      building: (second) => [flicker(second, 0), flicker(second, 1), flicker(second, 2)],
    });
    for (const id of ids) plant.plug(id, { takesA: () => 11 + (id.charCodeAt(1) % 6) });
    run(900);
    const before = plant.facts.length;
    run(3600);
    const facts = plant.facts.slice(before);
    expect(facts.filter(({ type }) => type === "limit-changed").length).toBeLessThan(60);
    expect(facts.filter(({ type }) => type === "site-mode-changed").length).toBeLessThanOrEqual(12);
    expect(facts.filter(({ type }) => type === "guard-intervened").length).toBeLessThanOrEqual(2);
    expect(checker.violations).toEqual([]);
  });
});
