import { describe, expect, test } from "vitest";
import { watched } from "../checker.test-kit.ts";
import { plan } from "../planned.test-kit.ts";
import type { Plant } from "../plant.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

/** What is told in force now: current and number of phases of the schedule that was sent last. */
function told(plant: Plant, evseId: string) {
  const sent = plant.commands.filter(({ command }) => command.type === "set-limit" && command.evseId === evseId);
  const last = sent.at(-1)?.command;
  if (last?.type !== "set-limit") return undefined;
  const { periods, phases } = last.schedule;
  return {
    currentA: periods[0]!.currentA,
    phases: periods[0]!.phases ?? phases,
    endsOn: periods.at(-1)!.phases ?? phases,
  };
}

const SWITCHED = { id: "a", phaseSwitching: true } as const;

/** A car that charges on all phases, and whose plan has it on one from then on. */
function planned(
  options: Parameters<typeof siteOf>[0] = { evses: [SWITCHED] },
  building?: (second: number) => [number, number, number],
  meterEveryS = 10,
) {
  const { plant, checker, run } = watched({ site: siteOf(options), meterEveryS, ...(building ? { building } : {}) });
  run(30);
  const transactionId = plant.plug("a");
  plan(plant, [{ evseId: "a", transactionId, currentA: [10, 10] }]);
  run(120);
  expect(plant.phasesOf("a")).toEqual([0, 1, 2]);
  const wants = (currentA: number, onOne: boolean) =>
    plan(plant, [
      { evseId: "a", transactionId, currentA: [currentA, currentA], ...(onOne ? { onePhaseSlots: [0, 1] } : {}) },
    ]);
  return { plant, checker, run, transactionId, wants };
}

describe("a car whose plan has it on one phase", () => {
  test("pauses for a moment, goes on there, and the schedule ends in the safe current on all phases", () => {
    const { plant, checker, run, wants } = planned();
    wants(12, true);
    run(2);
    expect(plant.decision("a")).toMatchObject({ currentA: 0, reason: { kind: "phase-switch" } });
    run(120);
    expect(plant.phasesOf("a")).toEqual([0]);
    expect(told(plant, "a")).toEqual({ currentA: 12, phases: 1, endsOn: 3 });
    expect(plant.decision("a").reason).toMatchObject({ kind: "plan", onePhase: true });
    expect(checker.violations).toEqual([]);
  });

  test("is not switched back and forth: again after ten minutes at the earliest, and then to all its phases", () => {
    const { plant, run, wants } = planned();
    wants(12, true);
    run(120);
    wants(10, false);
    run(300);
    expect(told(plant, "a")).toMatchObject({ phases: 1, currentA: 16 });
    wants(10, false);
    run(400);
    expect(told(plant, "a")).toMatchObject({ phases: 3, currentA: 10 });
    expect(plant.phasesOf("a")).toEqual([0, 1, 2]);
  });

  test("whose driver is in a hurry has all phases within two minutes", () => {
    const { plant, run, wants } = planned();
    wants(12, true);
    run(120);
    plant.record({ type: "override-changed", source: "test", data: { evseId: "a", active: true } } as never);
    run(120);
    expect(plant.phasesOf("a")).toEqual([0, 1, 2]);
    expect(plant.limitA("a")).toBe(16);
  });

  test("changes over once it pauses for that, also where the plan has thought better of it meanwhile", () => {
    const { plant, run, wants } = planned();
    wants(12, true);
    run(2);
    wants(10, false);
    run(60);
    expect(told(plant, "a")).toMatchObject({ phases: 1 });
    expect(plant.memory.evses.get("a")!.stops).toBe(1);
  });

  test("is no car of one phase: on all of them it counts on all again", () => {
    const { plant, run, wants } = planned();
    wants(12, true);
    run(120);
    expect(plant.memory.evses.get("a")!.phases).toEqual([0, 1, 2]);
    plant.restart();
    run(5);
    plant.connect("a");
    run(100);
    // The number of phases goes on, what it shows on one is not learned.
    expect(told(plant, "a")).toMatchObject({ phases: 1 });
    expect(plant.memory.evses.get("a")!.phases).toBeUndefined();
  });

  test("a car that shows one of all its phases is one of one phase, and is not switched", () => {
    const { plant, run } = watched({ site: siteOf({ evses: [SWITCHED] }) });
    run(30);
    const transactionId = plant.plug("a", { phases: 1 });
    run(60);
    plan(plant, [{ evseId: "a", transactionId, currentA: [12, 12], onePhaseSlots: [0, 1] }]);
    run(60);
    expect(plant.memory.evses.get("a")!.phases).toEqual([0]);
    expect(told(plant, "a")).toEqual({ currentA: 12, phases: 3, endsOn: 3 });
  });

  test("without currents by phase of its EVSE it stays on all: nobody could see what it does", () => {
    const { plant, run, wants } = planned();
    plant.station("a").fault = { powerAlone: true };
    run(30);
    wants(12, true);
    run(120);
    expect(told(plant, "a")).toMatchObject({ phases: 3, currentA: 6 });
  });
});

describe("a charge point that ignores the number of phases", () => {
  test("never gets more on one phase than all phases bear", () => {
    const { plant, checker, run, wants } = planned(
      { mainFuseA: 25, worstBuildingLoadA: 15, evses: [{ ...SWITCHED, maxCurrentA: 32 }] },
      () => [2, 12, 2],
      30,
    );
    plant.station("a").fault = { ignoresPhases: true };
    wants(32, true);
    let mostA = 0;
    for (let second = 0; second < 300; second++) {
      run(1);
      mostA = Math.max(mostA, plant.trueA("grid")[1]);
    }
    expect(told(plant, "a")).toMatchObject({ phases: 1 });
    expect(plant.limitA("a")).toBeGreaterThanOrEqual(6);
    expect(mostA).toBeLessThanOrEqual(25);
    expect(checker.violations).toEqual([]);
  });

  test("behind a circuit without a meter a car counts on all phases, whatever it shows", () => {
    const { plant, run, wants } = planned({
      evses: [
        { ...SWITCHED, circuit: "garage" },
        { id: "b", circuit: "garage", phases: ["L2"] },
      ],
      circuits: [{ id: "garage", fuseA: 20, worstBuildingLoadA: 4 }],
    });
    wants(10, true);
    run(120);
    expect(plant.phasesOf("a")).toEqual([0]);
    plant.plug("b", { phases: 1 });
    run(120);
    // Of the 16 A of L2 the car on one phase may take its own at any moment.
    expect(plant.drawsA("a") + plant.drawsA("b")).toBe(16);
    plant.station("a").fault = { ignoresPhases: true };
    run(30);
    expect(plant.carsA("garage")[1]).toBeLessThanOrEqual(16);
  });

  test("that comes back to all phases is shed within seconds, and counts on all", () => {
    const { plant, checker, run, wants } = planned(
      { mainFuseA: 25, worstBuildingLoadA: 15, evses: [{ ...SWITCHED, maxCurrentA: 20 }] },
      () => [2, 12, 2],
    );
    wants(20, true);
    run(240);
    expect(plant.drawsA("a")).toBe(20);
    plant.station("a").fault = { ignoresPhases: true };
    run(60);
    expect(plant.trueA("grid")[1]).toBeLessThanOrEqual(25);
    expect(checker.violations).toEqual([]);
  });
});

describe("between phases that may not differ", () => {
  test("a car on one phase gets no more than they may differ by, whether it has shown that or not", () => {
    const { plant, checker, run, wants } = planned({
      unbalanceLimitA: 16,
      evses: [{ ...SWITCHED, maxCurrentA: 32 }],
    });
    wants(32, true);
    let mostA = 0;
    for (let second = 0; second < 240; second++) {
      run(1);
      if (plant.phasesOf("a").length === 1) mostA = Math.max(mostA, plant.drawsA("a"));
    }
    expect(mostA).toBeGreaterThan(12);
    expect(mostA).toBeLessThanOrEqual(16);
    expect(checker.violations).toEqual([]);
  });
});

describe("on little sun", () => {
  const sun = (sunA: number) => () => [-sunA, -sunA, -sunA] as [number, number, number];
  test("a car charges on one phase where the sun carries it there, and not on all", () => {
    const { plant, run } = watched({ site: siteOf({ pv: true, evses: [SWITCHED] }), building: sun(3) });
    run(30);
    const transactionId = plant.plug("a");
    plan(plant, [{ evseId: "a", transactionId, currentA: [0, 0, 0, 16] }]);
    run(300);
    expect(plant.decision("a").reason).toMatchObject({ kind: "solar", onePhase: true });
    expect(plant.phasesOf("a")).toEqual([0]);
    expect(plant.drawsA("a")).toBeGreaterThanOrEqual(8);
    expect(plant.drawsA("a")).toBeLessThanOrEqual(9);
  });

  test("where phases are not switched it waits", () => {
    const { plant, run } = watched({ site: siteOf({ pv: true, evses: [{ id: "a" }] }), building: sun(3) });
    run(30);
    const transactionId = plant.plug("a");
    plan(plant, [{ evseId: "a", transactionId, currentA: [0, 0, 0, 16] }]);
    run(300);
    expect(plant.drawsA("a")).toBe(0);
  });

  const DAY_S = 8 * 3600;
  /** Sun of eight hours, at most 14 A on each phase, with a cloud of two minutes every 37. */
  const dayOfSunA = (second: number) => {
    const clearA = 14 * Math.max(0, Math.sin((Math.PI * second) / DAY_S));
    return second % 2220 < 120 ? clearA / 3 : clearA;
  };

  test("a day long a car begins on one phase, goes on to all and back in the evening, and no cloud changes that", () => {
    const { plant, checker, run } = watched({
      site: siteOf({ pv: true, evses: [SWITCHED] }),
      building: (second) => sun(dayOfSunA(second))(),
    });
    run(30);
    const transactionId = plant.plug("a");
    const phases: number[] = [];
    let [sunWh, takenWh, boughtWh] = [0, 0, 0];
    while (plant.second < DAY_S) {
      if (plant.second % 900 === 30) plan(plant, [{ evseId: "a", transactionId, currentA: [0, 0, 0, 0] }]);
      run(1);
      const used = plant.phasesOf("a").length;
      const [drawsW, sunW] = [plant.drawsA("a") * used * 230, 3 * dayOfSunA(plant.second) * 230];
      sunWh += sunW / 3600;
      takenWh += drawsW / 3600;
      boughtWh += Math.max(0, drawsW - sunW) / 3600;
      if (drawsW > 0 && used !== phases.at(-1)) phases.push(used);
    }
    expect(phases).toEqual([1, 3, 1]);
    expect(plant.memory.evses.get("a")!.stops).toBeLessThan(6);
    expect(takenWh).toBeGreaterThan(0.95 * sunWh);
    expect(boughtWh).toBeLessThan(0.02 * sunWh);
    expect(checker.violations).toEqual([]);
  });
});
