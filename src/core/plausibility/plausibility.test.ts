/** Stories of meters that answer and are wrong, and of healthy ones that nobody may doubt. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { siteOf } from "../control/site.test-kit.ts";
import { live, world } from "../control/worlds.test-kit.ts";
import type { SiteFact } from "../facts/index.ts";
import type { PerPhase } from "../quantity.ts";
import {
  deadL3,
  examiningStep,
  type Lie,
  lyingPlant,
  rotated,
  scaled,
  swappedL1L2,
  turned,
  turnedL2,
} from "./plausibility.test-kit.ts";

/** A building that flickers by an ampere and has a fridge and a boiler. */
function lively(second: number): PerPhase {
  const flicker = (phase: number) => ((second * (7 + phase)) % 13) / 13;
  const boiler = second % 400 < 120 ? 9 : 0;
  return [4 + flicker(0), 3 + flicker(1) + boiler, 5 + flicker(2) + (second % 97 < 30 ? 1.5 : 0)];
}

type Plant = ReturnType<typeof lyingPlant>["plant"];

const doubts = (plant: Plant) => Object.values(plant.state.site.doubts).map(({ sinceMs: _, ...doubt }) => doubt);

/** Cars come and go one after the other; gives when something was doubted first, s. */
function comeAndGo(plant: Plant, until: number, cars: Record<string, 1 | 2 | 3>): number | undefined {
  const ids = Object.keys(cars);
  let found: number | undefined;
  plant.run(until, () => {
    const { second } = plant;
    ids.forEach((id, index) => {
      const turn = (second + index * 97) % 300;
      if (turn === 20 && !plant.station(id).car) plant.plug(id, { phases: cars[id]! });
      if (turn === 240 && plant.station(id).car) plant.unplug(id);
    });
    if (doubts(plant).length > 0) found ??= second;
  });
  return found;
}

const booted = (configurationHash: string) =>
  ({ type: "booted", source: "test", data: { release: "test", cleanStop: true, configurationHash } }) as const;
const garageEvses = ["a", "b"].map((id) => ({ id, circuit: "garage", safeCurrentA: 0 }));
const one = () => siteOf({ mainFuseA: 63, evses: [{ id: "a" }] });
const two = () => siteOf({ mainFuseA: 63, evses: [{ id: "a" }, { id: "b" }] });

describe("healthy meters", () => {
  test("are never doubted, whatever the site, the loads and the faults", () => {
    fc.assert(
      fc.property(world, (w) => {
        const doubted: SiteFact[] = [];
        const step = examiningStep();
        live(w, (input, memory) => {
          const result = step(input, memory);
          doubted.push(...(result.drafts.filter(({ type }) => type === "meter-doubted") as unknown as SiteFact[]));
          return result;
        });
        expect(doubted).toEqual([]);
      }),
      { numRuns: Number(process.env.RUNS ?? 50), seed: Number(process.env.SEED ?? 20261121), endOnFailure: true },
    );
  }, 600_000);

  test("are not doubted where cars of one phase come and go in a lively building", () => {
    const { plant } = lyingPlant({ site: two(), building: lively });
    expect(comeAndGo(plant, 6000, { a: 1, b: 1 })).toBeUndefined();
  });
});

describe("a meter that lies", () => {
  const cases: [string, Lie, Record<string, 1 | 2 | 3>, object[]][] = [
    ["is turned round", turned, { a: 3 }, [{ deviceId: "grid-meter", kind: "turned" }]],
    ["is turned round", turned, { a: 3, b: 3 }, [{ deviceId: "grid-meter", kind: "turned" }]],
    ["has one transformer turned", turnedL2, { a: 3 }, [{ deviceId: "grid-meter", kind: "turned-phase", phases: [1] }]],
    [
      "has L1 and L2 swapped",
      swappedL1L2,
      { a: 1 },
      [{ deviceId: "grid-meter", kind: "swapped", evseId: "a", phases: [0], seenOn: [1] }],
    ],
    [
      "has its phases rotated",
      rotated,
      { a: 2 },
      [{ deviceId: "grid-meter", kind: "swapped", evseId: "a", phases: [0, 1], seenOn: [1, 2] }],
    ],
    ["counts ten times too much", scaled(10), { a: 3 }, [{ deviceId: "grid-meter", kind: "scaled" }]],
    ["counts a tenth", scaled(0.1), { a: 3 }, [{ deviceId: "grid-meter", kind: "scaled" }]],
  ];
  test.each(cases)("%s: %#", (_, lie, cars, expected) => {
    const site = siteOf({ mainFuseA: 125, evses: Object.keys(cars).map((id) => ({ id })) });
    const { plant, lies } = lyingPlant({ site, building: lively });
    lies.set("grid-meter", lie);
    const found = comeAndGo(plant, 1500, cars);
    expect(doubts(plant)).toEqual(expect.arrayContaining(expected));
    expect(found).toBeLessThan(1500);
  });
});

describe("what is found", () => {
  test("a meter that is turned round is not used: cars are at their safe currents and the fact stays over a restart", () => {
    const site = siteOf({ mainFuseA: 63, worstBuildingLoadA: 20, evses: [{ id: "a" }, { id: "b" }] });
    const { plant, lies } = lyingPlant({ site, building: lively });
    lies.set("grid-meter", turned);
    comeAndGo(plant, 900, { a: 3, b: 3 });
    expect(doubts(plant)).toContainEqual({ deviceId: "grid-meter", kind: "turned" });
    plant.run(30);
    expect(plant.state.site.modeReason?.kind).toBe("meter-absent");
    for (const { currentA } of plant.last!.evses) expect(currentA).toBeLessThanOrEqual(6);
    plant.record(booted(""));
    expect(doubts(plant)).toEqual([{ deviceId: "grid-meter", kind: "turned" }]);
    plant.record(booted("corrected"));
    expect(doubts(plant)).toEqual([]);
  });

  test("is believed again when cars have shown three times that it is right now", () => {
    const { plant, lies } = lyingPlant({ site: one(), building: lively });
    lies.set("grid-meter", turned);
    comeAndGo(plant, 900, { a: 3 });
    lies.delete("grid-meter");
    comeAndGo(plant, 1200, { a: 3 });
    expect(doubts(plant)).toEqual([]);
    expect(plant.factsOf("meter-doubted").map(({ data }) => [data.kind, data.active])).toContainEqual([
      "turned",
      false,
    ]);
    plant.plug("a");
    plant.run(120);
    expect(plant.limitA("a")).toBe(16);
  });

  test("is let go after a day, and learned again if it is still so", () => {
    const { plant, lies } = lyingPlant({ site: one(), building: lively });
    lies.set("grid-meter", turned);
    plant.record({
      type: "meter-doubted",
      source: "test",
      data: { deviceId: "grid-meter", kind: "turned", active: true },
    });
    plant.second += 86_400;
    plant.run(5);
    expect(doubts(plant)).toEqual([]);
    comeAndGo(plant, 900, { a: 3 });
    expect(doubts(plant)).toContainEqual({ deviceId: "grid-meter", kind: "turned" });
  });

  test("a car that shows on another phase counts on all, so that no phase is overloaded without being cured", () => {
    const site = siteOf({ mainFuseA: 32, worstBuildingLoadA: 20, evses: [{ id: "a", maxCurrentA: 32 }] });
    const { plant, lies } = lyingPlant({ site, building: (second) => (second < 1500 ? [3, 3, 3] : [20, 3, 3]) });
    lies.set("grid-meter", swappedL1L2);
    comeAndGo(plant, 1200, { a: 1 });
    expect(doubts(plant)).toContainEqual(expect.objectContaining({ kind: "swapped", evseId: "a" }));
    if (!plant.station("a").car) plant.plug("a", { phases: 1 });
    plant.run(290);
    expect(plant.state.site.mode).not.toBe("safe");
    expect(plant.limitA("a")).toBeGreaterThan(20);
    plant.run(40);
    expect(plant.trueA("grid")[0]).toBeLessThanOrEqual(32.5);
  });

  test("a power that the currents cannot carry makes both worthless", () => {
    const { plant, lies } = lyingPlant({ site: one(), building: () => [5, 5, 5] });
    plant.plug("a");
    plant.run(60);
    lies.set("grid-meter", (reading) => ({ ...reading, powerW: reading.powerW * 10 }));
    plant.run(20);
    expect(doubts(plant)).toEqual([{ deviceId: "grid-meter", kind: "contradicts-itself" }]);
    expect(plant.limitA("a")).toBe(6);
  });

  test("a still meter of a still site is not frozen", () => {
    const { plant } = lyingPlant({ site: two(), building: () => [5, 5, 5] });
    plant.plug("a");
    plant.run(3600);
    expect(plant.factsOf("meter-doubted")).toEqual([]);
  });

  test("a transformer that came off leaves its phase dead", () => {
    const { plant, lies } = lyingPlant({ site: one(), building: lively });
    lies.set("grid-meter", deadL3);
    plant.run(100);
    plant.plug("a");
    plant.run(60);
    expect(doubts(plant)).toContainEqual({ deviceId: "grid-meter", kind: "dead-phase", phases: [2] });
    expect(plant.limitA("a")).toBe(6);
  });

  test("a phase on which a car should show that shows on another one is not dead: what is exchanged is said, and cars charge", () => {
    const circuits = [{ id: "garage", fuseA: 25, meter: "garage-meter" }];
    const { plant, lies } = lyingPlant({ site: siteOf({ circuits, evses: garageEvses }), building: lively });
    lies.set("garage-meter", rotated);
    plant.run(100);
    const kinds = new Set<string>();
    let chargedS = 0;
    for (let stay = 0; stay < 4; stay++) {
      plant.plug("a", { phases: 1 });
      plant.run(200, () => {
        for (const { kind } of doubts(plant)) kinds.add(kind);
        if (plant.drawsA("a") >= 6) chargedS++;
      });
      plant.unplug("a");
      plant.run(60);
    }
    expect([...kinds]).not.toContain("dead-phase");
    expect(chargedS).toBeGreaterThan(600);
    expect(doubts(plant)).toContainEqual({
      deviceId: "garage-meter",
      kind: "swapped",
      evseId: "a",
      phases: [0],
      seenOn: [1],
    });
  });

  test("a car that was told of late has drawn before: its first report is no step that the meter should have shown", () => {
    const circuits = [{ id: "garage", fuseA: 25, meter: "garage-meter" }];
    const { plant, lies } = lyingPlant({ site: siteOf({ circuits, evses: [{ id: "a", circuit: "garage" }] }) });
    lies.set("garage-meter", rotated);
    const atMs = plant.nowMs();
    const transactionId = plant.plug("a", { phases: 1, recorded: false });
    plant.run(120);
    const at = { chargePointId: "cp-a", evseId: "a", connectorId: 1 };
    const data = { ...at, transactionId, atMs, meterStartWh: 0, replayed: false };
    plant.record({ type: "transaction-started", source: "test", data });
    plant.run(20);
    expect(plant.drawsA("a")).toBeGreaterThanOrEqual(6);
    expect(doubts(plant).map(({ kind }) => kind)).not.toContain("dead-phase");
  });

  test("what a meter shows that is not believed is the least that flows: cars are not raised above it again and again", () => {
    const circuits = [{ id: "garage", fuseA: 39, meter: "garage-meter" }];
    const evses = [
      { id: "a", circuit: "garage", phases: ["L2"] as const },
      { id: "b", circuit: "garage" },
      { id: "c", circuit: "garage", phases: ["L1"] as const },
      { id: "f", circuit: "garage" },
    ];
    const { plant, lies } = lyingPlant({ site: siteOf({ circuits, evses }), building: lively });
    // The car of b loads L2, where it should load L1.
    lies.set("garage-meter", (reading) => {
      const [onL1, onL2, onL3] = reading.currentA!;
      const byA = plant.drawsA("b");
      return { ...reading, currentA: [onL1 - byA, onL2 + byA, onL3] };
    });
    plant.plug("a", { phases: 1 });
    plant.plug("b", { phases: 1, takesA: () => 15 });
    plant.plug("c", { phases: 1, takesA: () => 10 });
    plant.plug("f", { takesA: () => 10 });
    plant.run(500);
    expect(doubts(plant)).toEqual([{ deviceId: "garage-meter", kind: "less-than-cars" }]);
    const changes = plant.factsOf("limit-changed").length;
    plant.run(400, () => expect(plant.meters.get("garage-meter")!.currentA![1]).toBeLessThanOrEqual(39));
    expect(plant.factsOf("limit-changed").length - changes).toBeLessThan(5);
  });

  test("a phase on which the sun gives just what a car takes is not dead", () => {
    const { plant } = lyingPlant({ site: one(), building: () => [-16, -16, 4] });
    plant.plug("a");
    plant.run(900);
    expect(plant.meters.get("grid-meter")!.currentA).toEqual([0, 0, 20]);
    expect(doubts(plant).map(({ kind }) => kind)).not.toContain("dead-phase");
  });

  test("a generator that nobody named is spoken of, and cars have what the worst load of the building leaves", () => {
    const { plant } = lyingPlant({ site: two(), building: () => [-12, -12, -12] });
    plant.plug("a");
    plant.run(400);
    expect(doubts(plant)).toEqual([{ deviceId: "grid-meter", kind: "less-than-cars" }]);
    expect(plant.limitA("a")).toBe(16);
    plant.plug("b");
    plant.run(200);
    expect(plant.limitA("a") + plant.limitA("b")).toBeLessThanOrEqual(23);
    expect(plant.state.site.mode).not.toBe("safe");
  });

  test("a meter that shows less than the cars draw is no meter from their second report on, and is tried again later", () => {
    const circuits = [{ id: "garage", fuseA: 25, meter: "garage-meter" }];
    const evses = ["a", "b"].map((id) => ({ id, circuit: "garage", safeCurrentA: 0 }));
    const { plant, lies } = lyingPlant({ site: siteOf({ circuits, evses }), building: lively });
    lies.set("garage-meter", turned);
    plant.plug("a");
    plant.run(60);
    expect(doubts(plant)).toEqual([{ deviceId: "garage-meter", kind: "less-than-cars" }]);
    plant.plug("b");
    for (let look = 0; look < 60; look++) {
      plant.run(10);
      expect(plant.trueA("garage")[0]).toBeLessThanOrEqual(25.1);
    }
    lies.delete("garage-meter");
    plant.run(320);
    expect(doubts(plant)).toEqual([]);
  });

  test("a meter that showed less than the cars draw is not believed after a restart, until a car has shown otherwise", () => {
    const before = lyingPlant({ site: one(), building: lively });
    before.lies.set("grid-meter", turned);
    before.plant.plug("a");
    before.plant.run(60);
    before.plant.record(booted(""));
    expect(doubts(before.plant)).toEqual([{ deviceId: "grid-meter", kind: "less-than-cars" }]);
    const after = lyingPlant({ site: one(), building: lively });
    after.plant.state = before.plant.state;
    after.plant.run(60);
    expect(doubts(after.plant)).toEqual([{ deviceId: "grid-meter", kind: "less-than-cars" }]);
    after.plant.run(600);
    expect(doubts(after.plant)).toEqual([{ deviceId: "grid-meter", kind: "less-than-cars" }]);
    after.plant.connect("a");
    after.plant.plug("a");
    after.plant.run(500);
    expect(doubts(after.plant)).toEqual([]);
  });

  test("a meter of a tenth is not believed again because its cars rest, or the sun makes up for them", () => {
    const site = siteOf({ circuits: [{ id: "garage", fuseA: 25, meter: "garage-meter" }], evses: garageEvses });
    const { plant, lies } = lyingPlant({ site, building: lively });
    lies.set("garage-meter", scaled(0.1));
    plant.plug("a");
    plant.run(60);
    plant.unplug("a");
    plant.run(900);
    expect(doubts(plant)).toContainEqual({ deviceId: "garage-meter", kind: "less-than-cars" });
    plant.plug("a");
    plant.plug("b");
    for (let look = 0; look < 90; look++) {
      plant.run(10);
      expect(plant.trueA("garage")[0]).toBeLessThanOrEqual(25.1);
    }
  });

  test("a meter that was believed again too soon has to show it twice as long the next time", () => {
    const { plant, lies } = lyingPlant({ site: one(), building: lively });
    const rounds: number[] = [];
    for (let round = 0; round < 3; round++) {
      lies.set("grid-meter", scaled(0.1));
      plant.plug("a");
      plant.run(60);
      lies.delete("grid-meter");
      const from = plant.second;
      while (doubts(plant).length > 0 && plant.second < from + 3000) plant.run(10);
      rounds.push(plant.second - from);
      plant.unplug("a");
      plant.run(200);
    }
    expect(rounds[0]).toBeGreaterThanOrEqual(290);
    expect(rounds[1]).toBeGreaterThanOrEqual(590);
    expect(rounds[2]).toBeGreaterThanOrEqual(1190);
  });

  test("where the worst load leaves no car anything, a doubted meter is tried again after an hour", () => {
    const evses = [{ id: "a", safeCurrentA: 0 }];
    const { plant, lies } = lyingPlant({
      site: siteOf({ mainFuseA: 32, worstBuildingLoadA: 30, evses }),
      building: lively,
    });
    lies.set("grid-meter", scaled(0.1));
    plant.plug("a");
    plant.run(600);
    expect(plant.limitA("a")).toBe(0);
    lies.delete("grid-meter");
    plant.run(3700);
    expect(doubts(plant)).toEqual([]);
    expect(plant.limitA("a")).toBe(16);
  });

  test("the sun is at the grid connection: a nested meter is not excused by it, unless an inverter feeds in there", () => {
    const found = ["grid", "garage"].map((pvCircuit) => {
      const circuits = [{ id: "garage", fuseA: 25, meter: "garage-meter" }];
      const site = siteOf({ circuits, evses: garageEvses, pv: true, pvCircuit });
      const { plant, lies } = lyingPlant({ site, building: lively });
      lies.set("garage-meter", scaled(0.1));
      plant.plug("a");
      plant.run(90);
      return doubts(plant);
    });
    expect(found).toEqual([[{ deviceId: "garage-meter", kind: "less-than-cars" }], []]);
  });

  test("an EVSE that reports more than it can carry says nothing about a meter", () => {
    const { plant } = lyingPlant({ site: two(), building: lively, meterEveryS: 1000 });
    plant.plug("a");
    plant.plug("b");
    for (let second = 0; second < 400; second++) {
      plant.station("a").reading = { evseId: "a", atMonoMs: plant.second * 1000, currentA: [160, 160, 160] };
      plant.run(1);
    }
    expect(plant.factsOf("meter-doubted")).toEqual([]);
  });

  test("a car that stops without a word does not make its meter doubted", () => {
    const { plant } = lyingPlant({ site: two(), building: () => [0.5, 0.5, 0.5], meterEveryS: 60 });
    plant.plug("a", { takesA: (second) => (second < 305 ? 16 : 0) });
    plant.plug("b");
    plant.run(400);
    expect(plant.factsOf("meter-doubted")).toEqual([]);
  });

  test("what a charge point kept while it was away says nothing about a meter", () => {
    const { plant } = lyingPlant({ site: one(), building: () => [1, 1, 1] });
    plant.plug("a");
    plant.run(100);
    plant.disconnect("a");
    plant.run(280);
    plant.connect("a");
    for (let second = 0; second < 60; second++) {
      // What it drew before its lease had run out, told now.
      plant.station("a").reading = { evseId: "a", atMonoMs: plant.second * 1000, currentA: [16, 16, 16] };
      plant.run(1);
    }
    expect(plant.factsOf("meter-doubted")).toEqual([]);
  });

  test("a register that goes back is spoken of for an hour", () => {
    const { plant, lies } = lyingPlant({ site: one() });
    const counting =
      (from: number): Lie =>
      (reading, second) => ({ ...reading, importWh: from + second, exportWh: 0 });
    lies.set("grid-meter", counting(50_000));
    plant.run(60);
    lies.set("grid-meter", counting(0));
    plant.run(60);
    expect(doubts(plant)).toEqual([{ deviceId: "grid-meter", kind: "register-back" }]);
    plant.run(3600);
    expect(doubts(plant)).toEqual([]);
  });

  test("the garage's meter is judged by the garage's cars", () => {
    const site = siteOf({
      circuits: [{ id: "garage", fuseA: 40, meter: "garage-meter", worstBuildingLoadA: 5 }],
      evses: [{ id: "a", circuit: "garage" }, { id: "b" }],
    });
    const { plant, lies } = lyingPlant({ site, building: lively });
    lies.set("garage-meter", turned);
    comeAndGo(plant, 1500, { a: 3, b: 3 });
    expect(doubts(plant)).toEqual([{ deviceId: "garage-meter", kind: "turned" }]);
  });
});
