/** Phases on which cars should show and do not: exchanged, or dead. */
import { expect, test } from "vitest";
import { siteOf } from "../control/site.test-kit.ts";
import {
  comeAndGo,
  deadL3,
  doubts,
  garageEvses,
  lively,
  lyingPlant,
  one,
  rotated,
  swappedL1L2,
} from "./plausibility.test-kit.ts";

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

test("a phase on which the sun gives just what a car takes is not dead", () => {
  const { plant } = lyingPlant({ site: one(), building: () => [-16, -16, 4] });
  plant.plug("a");
  plant.run(900);
  expect(plant.meters.get("grid-meter")!.currentA).toEqual([0, 0, 20]);
  expect(doubts(plant).map(({ kind }) => kind)).not.toContain("dead-phase");
});
