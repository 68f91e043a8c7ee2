/** A meter that lies is found out, is not used, and is believed again when it is right. */
import { describe, expect, test } from "vitest";
import { siteOf } from "../control/site.test-kit.ts";
import {
  booted,
  comeAndGo,
  doubts,
  type Lie,
  lively,
  lyingPlant,
  one,
  rotated,
  scaled,
  swappedL1L2,
  turned,
  turnedL2,
} from "./plausibility.test-kit.ts";

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

  test.each([
    ["a battery that makes up for most of each car is no meter of a tenth", true, []],
    ["what no battery makes up for is", false, [{ deviceId: "grid-meter", kind: "scaled" }]],
  ])("%s", (_, hasBattery, expected) => {
    const site = siteOf({ mainFuseA: 63, evses: [{ id: "a" }], ...(hasBattery ? { battery: { maxW: 11_000 } } : {}) });
    const { plant, lies } = lyingPlant({ site, building: () => [4, 4, 4] });
    const ofCarW = () => (plant.station("a").car ? 0.9 * 3 * 230 * plant.drawsA("a") : 0);
    if (hasBattery) Object.defineProperty(plant, "batteryActualW", { get: () => -ofCarW(), set: () => {} });
    else lies.set("grid-meter", scaled(0.1));
    comeAndGo(plant, 1500, { a: 3 });
    expect(doubts(plant)).toEqual(expected);
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
});

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
