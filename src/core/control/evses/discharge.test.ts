import { describe, expect, test } from "vitest";
import fc from "../../../../test/fast-check.ts";
import type { PerPhase } from "../../quantity.ts";
import { Checker } from "../checker.test-kit.ts";
import { plan } from "../planned.test-kit.ts";
import { Plant } from "../plant.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";
import { depot, gives } from "./discharge.test-kit.ts";

const lastSchedule = (plant: Plant) =>
  plant.commands
    .flatMap(({ command }) => (command.type === "set-limit" && command.evseId === "van" ? [command] : []))
    .at(-1)!.schedule;

describe("a car that gives back as planned", () => {
  test("is told so by a lease that ends in its safe current, and the fact says so", () => {
    const { plant, van } = depot(() => 20);
    plan(plant, [gives(van, 10)]);
    plant.run(120);
    expect(plant.drawsA("van")).toBe(-10);
    expect(plant.trueA("grid")[0]).toBe(10);
    const { periods } = lastSchedule(plant);
    expect(periods[0]?.currentA).toBe(-10);
    expect(periods.at(-1)?.currentA).toBe(6);
    expect(plant.factsOf("limit-changed").at(-1)?.data).toMatchObject({ evseId: "van", currentA: 0, dischargeA: 10 });
    // The controller is gone: the lease runs out, and the van charges with its safe current.
    plant.second += 200;
    expect(plant.offeredA("van")).toBe(6);
  });

  test("gives all that is planned where an EVSE takes a little less than whole amperes, and no message more for it", () => {
    const { plant, van } = depot(() => 20);
    plan(plant, [gives(van, 15.94)]);
    plant.run(120);
    expect(plant.drawsA("van")).toBeCloseTo(-15.9, 5);
    const told = plant.commands.flatMap(({ command }) =>
      command.type === "set-limit" && command.evseId === "van" ? [command.schedule.periods[0]!.currentA] : [],
    );
    expect(new Set(told.filter((currentA) => currentA < 0))).toEqual(new Set([-15.9]));
  });

  test("gives the least that it can where at least half of that is planned, and nothing below, nor where none may be exported", () => {
    const evening = depot(() => 1);
    plan(evening.plant, [gives(evening.van, 0.6)]);
    evening.plant.run(120);
    expect(evening.plant.drawsA("van")).toBe(-1);
    const night = depot(() => 1);
    plan(night.plant, [gives(night.van, 0.4)]);
    night.plant.run(120);
    expect(night.plant.drawsA("van")).toBe(0);
    const closed = depot(() => 0.6, { exportLimitW: 0 });
    plan(closed.plant, [gives(closed.van, 0.6)]);
    closed.plant.run(120);
    expect(closed.plant.drawsA("van")).toBe(0);
  });

  test("makes no room for others: when it stops at once, the fuse still holds", () => {
    const { plant, van } = depot(() => 20);
    plan(plant, [gives(van, 16)]);
    plant.run(60);
    expect(plant.drawsA("van")).toBe(-16);
    const car = plant.plug("car");
    plan(plant, [gives(van, 16), { evseId: "car", transactionId: car, currentA: [16, 16, 16] }]);
    let highestA = 0;
    plant.run(300, () => {
      highestA = Math.max(highestA, plant.drawsA("car"));
    });
    // 32 A less 20 A of the building; the 16 A that flow back are not counted on.
    expect(highestA).toBeGreaterThan(6);
    expect(highestA).toBeLessThanOrEqual(12);
    plant.unplug("van");
    plant.run(30, () => expect(plant.trueA("grid")[0]).toBeLessThanOrEqual(32));
  });

  test("is no load that is only hidden any more, when it is gone for longer than its lease", () => {
    const { plant, van } = depot(() => 10);
    const car = plant.plug("car");
    plan(plant, [gives(van, 10), { evseId: "car", transactionId: car, currentA: [16, 16, 16] }]);
    plant.run(120);
    plant.disconnect("van");
    plant.run(100);
    expect(plant.drawsA("van")).toBe(-10);
    plant.run(200);
    // 32 A carry the 10 A of the building, and both.
    expect([plant.drawsA("van"), plant.drawsA("car")]).toEqual([6, 16]);
  });

  test("holds the export limit every second, also when the load that it fed goes away", () => {
    const building = (second: number) => (second < 200 ? 14 : 2);
    const { plant, van } = depot(building, { exportLimitW: 690 });
    plan(plant, [gives(van, 16)]);
    let over = 0;
    plant.run(400, () => {
      if (plant.trueA("grid")[0] < -1.01) over++;
      if (plant.second > 60 && plant.second < 200) expect(plant.drawsA("van")).toBe(-15);
    });
    // The time of a reading, a command and the car.
    expect(over).toBeLessThanOrEqual(8);
    expect(plant.drawsA("van")).toBe(-3);
  });

  test("begins with what is left when the car beside it has stopped, where one ends in the second in which the other begins", () => {
    const { plant, van } = depot(() => 2, { exportLimitW: 690 });
    const car = plant.plug("car");
    plan(plant, [gives(van, 0), { evseId: "car", transactionId: car, currentA: [16, 16, 16] }]);
    plant.run(240);
    expect(plant.drawsA("car")).toBe(16);
    plan(plant, [gives(van, 16), { evseId: "car", transactionId: car, currentA: [0, 0, 0] }]);
    plant.run(120, () => expect(plant.trueA("grid")[0]).toBeGreaterThanOrEqual(-1.01));
    expect(plant.drawsA("van")).toBe(-3);
  });

  test("that gives already is lowered in the second in which the car that it feeds is told to stop", () => {
    const { plant, van } = depot(() => 2, { exportLimitW: 690 });
    const car = plant.plug("car");
    const charges = (currentA: number) => ({ evseId: "car", transactionId: car, currentA: [currentA, 0, 0] });
    plan(plant, [gives(van, 16), charges(16)]);
    plant.run(240);
    expect([plant.drawsA("van"), plant.drawsA("car")]).toEqual([-16, 16]);
    plan(plant, [gives(van, 16), charges(0)]);
    plant.run(120, () => expect(plant.trueA("grid")[0]).toBeGreaterThanOrEqual(-1.01));
    expect(plant.drawsA("van")).toBe(-3);
  });

  test("feeds back no more than its circuits carry, whatever the sun adds", () => {
    const narrow = depot(() => -20);
    plan(narrow.plant, [gives(narrow.van, 16)]);
    narrow.plant.run(120, () => expect(narrow.plant.trueA("grid")[0]).toBeGreaterThanOrEqual(-32));
    expect(narrow.plant.drawsA("van")).toBe(-12);
  });

  test("is not taken for sun where its charge point tells currents alone: it goes on giving", () => {
    const { plant, van } = depot(() => 10, { pv: true });
    plan(plant, [gives(van, 16)]);
    plant.run(300);
    expect(plant.drawsA("van")).toBe(-16);
  });

  test("leaves the fuse of a circuit without a meter to what its inverter may feed in", () => {
    const garage = { id: "garage", fuseA: 25 };
    const evses = [{ id: "van", givesW: 11_040, circuit: "garage" }, { id: "car" }];
    const behind = (pvCircuit: string) =>
      depot(() => 10, { evses, circuits: [garage], mainFuseA: 63, pv: true, pvCircuit });
    // 10 kW of sun may be 14.5 A on each of its phases.
    const shared = behind("garage");
    plan(shared.plant, [gives(shared.van, 16)]);
    shared.plant.run(120, () => expect(shared.plant.drawsA("van")).toBeGreaterThanOrEqual(-25 + 14.5));
    expect(shared.plant.drawsA("van")).toBe(-10);
    const alone = behind("grid");
    plan(alone.plant, [gives(alone.van, 16)]);
    alone.plant.run(120);
    expect(alone.plant.drawsA("van")).toBe(-16);
  });

  test("stops at its reserve, without a meter, when its driver wants to charge or does not allow it, and where it was not configured", () => {
    const empty = depot(() => 10, {}, 50);
    plan(empty.plant, [gives(empty.van, 10)]);
    empty.plant.run(60);
    expect(empty.plant.drawsA("van")).toBe(0);
    const { plant, van } = depot(() => 10);
    plan(plant, [gives(van, 10)]);
    plant.run(60);
    expect(plant.drawsA("van")).toBe(-10);
    plant.deadMeters.add("grid-meter");
    plant.run(60);
    expect(plant.drawsA("van")).toBeGreaterThanOrEqual(0);
    plant.deadMeters.clear();
    plant.run(120);
    const data = { evseId: "van", active: true, by: "driver" };
    plant.record({ type: "override-changed", source: "test", data });
    plant.run(60);
    expect(plant.drawsA("van")).toBeGreaterThan(6);
    const asked = depot(() => 10);
    const wish = { evseId: "van", by: "driver", dischargeAllowed: false };
    asked.plant.record({ type: "wish-stated", source: "test", data: wish });
    plan(asked.plant, [gives(asked.van, 10)]);
    asked.plant.run(60);
    expect(asked.plant.drawsA("van")).toBe(0);
    const usual = depot(() => 10, { evses: [{ id: "van" }, { id: "car" }] });
    plan(usual.plant, [gives(usual.van, 10)]);
    usual.plant.run(60);
    expect(
      usual.plant.commands.every(
        ({ command }) => command.type !== "set-limit" || command.schedule.periods[0]!.currentA >= 0,
      ),
    ).toBe(true);
  });

  test.each([
    ["refuses it", { refusesBack: true }],
    ["charges instead", { losesSign: true }],
  ])("is not asked again and again by a charge point that %s, and charges afterwards", (_, fault) => {
    const { plant, van } = depot(() => 10);
    plant.station("van").fault = fault;
    plan(plant, [{ ...gives(van, 10), dischargeA: [10, 10, 10], currentA: [0, 0, 0, 16] }]);
    plant.run(1800);
    const asked = plant.commands.filter(
      ({ command }) =>
        command.type === "set-limit" && command.evseId === "van" && command.schedule.periods[0]!.currentA < 0,
    );
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.length).toBeLessThanOrEqual(3);
    expect(plant.drawsA("van")).toBe(0);
    plant.run(1000);
    expect(plant.drawsA("van")).toBeGreaterThan(10);
  });

  test.each([
    "currents",
    "power alone",
  ])("that gives less than it is told is lowered from what it gives, when the load that it fed goes away; told are %s", (told) => {
    const site = siteOf({
      mainFuseA: 32,
      worstBuildingLoadA: 20,
      exportLimitW: 690,
      evses: [{ id: "van", givesW: 11_040 }],
    });
    const building = (second: number): PerPhase => (second < 120 ? [15, 15, 15] : [3, 3, 3]);
    const plant = new Plant({ site, building, meterEveryS: 5 });
    plant.station("van").fault = { powerAlone: told === "power alone" };
    const van = plant.plug("van", { socPercent: 80, givesAtMostA: 9 });
    plant.run(10);
    plan(plant, [gives(van, 16)]);
    plant.run(109);
    expect(plant.drawsA("van")).toBe(-9);
    let over = 0;
    plant.run(200, () => {
      if (plant.trueA("grid")[0] < -1.01) over++;
    });
    expect(over).toBeLessThanOrEqual(8);
    expect(plant.drawsA("van")).toBe(-4);
  });

  test("that has shown to give less than it is told only when it was lowered once is lowered from what it gives all the same", () => {
    const evses = [{ id: "van", givesW: 11_040 }];
    const site = siteOf({ mainFuseA: 32, worstBuildingLoadA: 20, exportLimitW: 690, evses });
    // Told at 62, and it reports at 60 and 75: the load goes away between the two.
    const building = (second: number): PerPhase => (second < 73 ? [15, 15, 15] : [3, 3, 3]);
    const plant = new Plant({ site, building, meterEveryS: 15 });
    const van = plant.plug("van", { socPercent: 80, givesAtMostA: 6 });
    plan(plant, [gives(van, 0)]);
    plant.run(61);
    plan(plant, [gives(van, 16)]);
    let over = 0;
    plant.run(100, () => {
      if (plant.trueA("grid")[0] < -1.01) over++;
    });
    expect(over).toBeGreaterThan(0);
    expect(over).toBeLessThanOrEqual(14);
    expect(plant.drawsA("van")).toBe(-4);
  });

  test.each([
    ["on one phase", ["L1"], 16 / 3],
    ["on three phases", ["L1", "L2", "L3"], 16],
  ] as const)("that gives nothing, as its charge point tells by its power, %s is no hidden load: the car beside it has what is free", (_, phases, dischargeA) => {
    const evses = [{ id: "van", givesW: 11_040, phases }, { id: "car" }];
    const { plant, van } = depot(() => 10, { evses });
    plant.unplug("van");
    plant.station("van").fault = { powerAlone: true };
    const idle = plant.plug("van", { socPercent: 80, givesAtMostA: 0, phases: phases.length as 1 | 3 });
    expect(idle).not.toBe(van);
    const car = plant.plug("car");
    plan(plant, [gives(idle, dischargeA), { evseId: "car", transactionId: car, currentA: [16, 16, 16] }]);
    plant.run(300);
    expect(lastSchedule(plant).periods[0]?.currentA).toBeLessThan(0);
    expect(plant.drawsA("car")).toBe(16);
  });

  test("on one of its three phases, as its own meter shows, is no hidden load on the others: a car there has what is free", () => {
    const evses = [
      { id: "van", givesW: 11_040 },
      { id: "car", phases: ["L3"] as const },
    ];
    const { plant, van } = depot(() => 10, { evses, mainFuseA: 32 });
    plant.unplug("van");
    const single = plant.plug("van", { socPercent: 80, phases: 1 });
    expect(single).not.toBe(van);
    const car = plant.plug("car", { phases: 1 });
    plan(plant, [gives(single, 16), { evseId: "car", transactionId: car, currentA: [16, 16, 16] }]);
    plant.run(300);
    expect([plant.drawsA("van"), plant.drawsA("car")]).toEqual([-16, 16]);
  });

  test("on one phase is a hidden load on all, where its EVSE is known to show on other phases than it is configured for", () => {
    const evses = [
      { id: "van", givesW: 11_040 },
      { id: "car", phases: ["L3"] as const },
    ];
    const site = siteOf({ mainFuseA: 32, worstBuildingLoadA: 20, evses });
    const plant = new Plant({ site, building: () => [10, 10, 10], meterEveryS: 5 });
    const swapped = { deviceId: "grid-meter", kind: "swapped", evseId: "van", phases: [0], seenOn: [2] } as const;
    const data = { ...swapped, phases: [...swapped.phases], seenOn: [...swapped.seenOn], active: true };
    plant.record({ type: "meter-doubted", source: "test", data });
    const van = plant.plug("van", { socPercent: 80, phases: 1 });
    const car = plant.plug("car", { phases: 1 });
    plan(plant, [gives(van, 16), { evseId: "car", transactionId: car, currentA: [16, 16, 16] }]);
    plant.run(300);
    // 32 A less 10 A of the building and the 16 A of the van.
    expect([plant.drawsA("van"), plant.limitA("car") <= 6]).toEqual([-16, true]);
  });

  test("that is told to give more lowers nobody beside a car that rises, in the seconds in which it does not do so yet", () => {
    for (let afterS = 5; afterS <= 30; afterS++) {
      const evses = [{ id: "van", givesW: 11_040 }, { id: "car" }, { id: "bus" }];
      const { plant, van } = depot((second) => (second < 125 ? 17 : 5), { evses, mainFuseA: 40 });
      const rows = [{ evseId: "car", transactionId: plant.plug("car"), currentA: [16, 16, 16] }];
      plan(plant, [gives(van, 0), ...rows]);
      plant.run(111);
      rows.push({ evseId: "bus", transactionId: plant.plug("bus"), currentA: [16, 16, 16] });
      plan(plant, [gives(van, 0), ...rows]);
      plant.run(afterS);
      expect([plant.drawsA("car"), plant.drawsA("bus")]).toEqual([16, 6]);
      plan(plant, [gives(van, 14), ...rows]);
      plant.run(20, () => expect(plant.drawsA("car")).toBe(16));
      expect(plant.drawsA("van")).toBe(-14);
    }
  });

  test("two that share what may be exported do not take it from one another by turns", () => {
    const evses = ["van", "bus"].map((id) => ({ id, givesW: 11_040 }));
    const { plant, van } = depot(() => 13, { evses, exportLimitW: 690 });
    const bus = plant.plug("bus", { socPercent: 80 });
    plant.run(10);
    plan(plant, [gives(van, 16), { ...gives(bus, 16), evseId: "bus" }]);
    plant.run(200);
    const told = () =>
      plant.commands.flatMap(({ command }) =>
        command.type === "set-limit" ? [`${command.evseId} ${command.schedule.periods[0]!.currentA}`] : [],
      );
    const before = told().length;
    plant.run(500, () => expect(plant.trueA("grid")[0]).toBeGreaterThanOrEqual(-1.01));
    // Renewals tell the same again.
    expect(new Set(told().slice(before)).size).toBeLessThanOrEqual(2);
    expect(plant.drawsA("van") + plant.drawsA("bus")).toBe(-14);
  });

  test("whatever the load, and whenever it is unplugged: no fuse is longer above its limit than without it", () => {
    const step = fc.record({
      lastsS: fc.integer({ min: 20, max: 90 }),
      buildingA: fc.integer({ min: -15, max: 24 }),
      act: fc.constantFrom("none", "unplug", "plug", "car", "meter-dies", "meter-back", "plan-ends"),
    });
    let gave = 0;
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 4, maxLength: 10 }),
        fc.integer({ min: 4, max: 16 }),
        (steps, dischargeA) => {
          let loadA = 10;
          const { plant, van } = depot(() => loadA);
          plant.commands.splice(0);
          const checker = new Checker(plant);
          let at = van;
          let car: number | undefined;
          const planned = () =>
            plan(plant, [
              gives(at, dischargeA),
              ...(car === undefined ? [] : [{ evseId: "car", transactionId: car, currentA: [16, 16, 16] }]),
            ]);
          planned();
          for (const { lastsS, buildingA, act } of steps) {
            loadA = buildingA;
            if (act === "unplug") plant.unplug("van");
            if (act === "plug") at = plant.plug("van", { socPercent: 80 });
            if (act === "car") car = plant.plug("car");
            if (act === "meter-dies") plant.deadMeters.add("grid-meter");
            if (act === "meter-back") plant.deadMeters.clear();
            if (act === "plan-ends") plan(plant, []);
            else planned();
            plant.run(lastsS, () => {
              checker.look();
              if (plant.drawsA("van") < 0) gave++;
              // Backwards, too, but for the time of a reading, a command and the car.
              expect(plant.drawsA("van")).toBeGreaterThanOrEqual(-16);
            });
          }
          expect(checker.violations).toEqual([]);
        },
      ),
      { numRuns: Number(process.env.RUNS ?? 20), seed: 7 },
    );
    expect(gave).toBeGreaterThan(300);
  });
});
