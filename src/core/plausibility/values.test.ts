/** Values that contradict themselves or the ones before. */
import { expect, test } from "vitest";
import { doubts, type Lie, lyingPlant, one } from "./plausibility.test-kit.ts";

test("a power that the currents cannot carry makes both worthless", () => {
  const { plant, lies } = lyingPlant({ site: one(), building: () => [5, 5, 5] });
  plant.plug("a");
  plant.run(60);
  lies.set("grid-meter", (reading) => ({ ...reading, powerW: reading.powerW * 10 }));
  plant.run(20);
  expect(doubts(plant)).toEqual([{ deviceId: "grid-meter", kind: "contradicts-itself" }]);
  expect(plant.limitA("a")).toBe(6);
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
