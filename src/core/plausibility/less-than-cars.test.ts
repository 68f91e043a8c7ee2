/** A meter that shows less than the cars below it draw, by their own meters. */
import { expect, test } from "vitest";
import { siteOf } from "../control/site.test-kit.ts";
import {
  booted,
  doubts,
  garageEvses,
  lively,
  lyingPlant,
  one,
  rotated,
  scaled,
  tellPowerAlone,
  turned,
  two,
} from "./plausibility.test-kit.ts";

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

test("a nested meter whose phases are exchanged is found out by EVSEs of one phase whose charge points tell power alone", () => {
  const circuits = [{ id: "garage", fuseA: 25, meter: "garage-meter" }];
  const evses = ["a", "b"].map((id) => ({ id, circuit: "garage", safeCurrentA: 0, phases: ["L1"] as const }));
  const { plant, lies } = lyingPlant({ site: siteOf({ circuits, evses }), building: lively });
  tellPowerAlone(plant);
  lies.set("garage-meter", rotated);
  plant.plug("a");
  plant.run(120);
  plant.plug("b");
  let overS = 0;
  plant.run(600, () => {
    if (plant.trueA("garage")[0] > 25.1) overS++;
  });
  expect(overS).toBe(0);
  expect(doubts(plant)).not.toEqual([]);
});

test("a nested meter of a tenth is found out, and believed again when put right, also where charge points tell power alone", () => {
  const fuseA = 32;
  const circuits = [{ id: "garage", fuseA, meter: "garage-meter", worstBuildingLoadA: 16 }];
  const { plant, lies } = lyingPlant({
    site: siteOf({ mainFuseA: 80, worstBuildingLoadA: 20, circuits, evses: garageEvses }),
    building: lively,
    circuitLoads: { garage: () => [14, 14, 14] },
  });
  tellPowerAlone(plant);
  lies.set("garage-meter", scaled(0.1));
  plant.run(30);
  plant.plug("a");
  plant.run(60);
  plant.plug("b");
  let mostA = 0;
  plant.run(600, () => {
    mostA = Math.max(mostA, plant.trueA("garage")[0]);
  });
  expect(mostA).toBeLessThanOrEqual(fuseA);
  expect(doubts(plant)).toEqual([{ deviceId: "garage-meter", kind: "less-than-cars" }]);
  lies.clear();
  plant.run(400);
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
