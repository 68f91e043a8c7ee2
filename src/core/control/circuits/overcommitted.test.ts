/** Limits that together are above what is free, while nothing is overloaded yet. */
import { describe, expect, test } from "vitest";
import { gives } from "../evses/discharge.test-kit.ts";
import { plan } from "../planned.test-kit.ts";
import { Plant } from "../plant.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

describe("limits that are above what is free, though nothing is overloaded", () => {
  /** Behind 40 A, with a car that charges with 16 A, and one that comes; the building takes 20 A more than 5 A from second 200 on. */
  function fedByVan() {
    const evses = [{ id: "van", givesW: 11_040 }, { id: "car" }, { id: "late" }];
    const site = siteOf({ mainFuseA: 40, worstBuildingLoadA: 26, evses });
    const load = (second: number) => (second < 200 ? 5 : 25);
    const plant = new Plant({ site, building: (second) => [load(second), load(second), load(second)], meterEveryS: 5 });
    const van = plant.plug("van", { socPercent: 80 });
    const car = plant.plug("car");
    const rows = [gives(van, 12), { evseId: "car", transactionId: car, currentA: [16, 16, 16] }];
    plan(plant, rows);
    plant.run(180);
    expect([plant.drawsA("van"), plant.drawsA("car")]).toEqual([-12, 16]);
    const comes = () => {
      plant.station("late").fault = { mute: true };
      plan(plant, [...rows, { evseId: "late", transactionId: plant.plug("late"), currentA: [6, 6, 6] }]);
    };
    return { plant, comes };
  }

  const hiddenA = (plant: Plant) => plant.trueA("grid")[0] - plant.drawsA("van");

  test("as a van gives back what they need, are lowered after twenty seconds, also while a car has not reported that cannot be all of it", () => {
    const { plant, comes } = fedByVan();
    comes();
    let aboveS = 0;
    plant.run(120, () => {
      if (hiddenA(plant) > 40) aboveS++;
    });
    expect(plant.drawsA("late")).toBe(6);
    expect(aboveS).toBeGreaterThan(10);
    expect(aboveS).toBeLessThanOrEqual(28);
  });

  test("stay while that may be what a car draws that has not reported: to the guard it looks like a load of the building", () => {
    const site = siteOf({ mainFuseA: 48, worstBuildingLoadA: 26, evses: [{ id: "car" }, { id: "late" }] });
    const plant = new Plant({ site, building: () => [17, 17, 17], meterEveryS: 5 });
    plant.plug("car", { takesA: () => 16 });
    plant.run(180);
    plant.station("late").fault = { mute: true };
    plant.plug("late", { takesA: () => 12 });
    plant.run(80, () => expect(plant.drawsA("car")).toBe(16));
    expect(plant.drawsA("late")).toBe(12);
  });

  test("stay while that may be a van that charges by now, and gave back by its last report", () => {
    const site = siteOf({
      mainFuseA: 40,
      worstBuildingLoadA: 26,
      evses: [{ id: "van", givesW: 11_040 }, { id: "car" }],
    });
    const plant = new Plant({ site, building: () => [8, 8, 8], meterEveryS: 5 });
    const van = plant.plug("van", { socPercent: 80 });
    const rows = [{ evseId: "car", transactionId: plant.plug("car"), currentA: [16, 16, 16] }];
    plan(plant, [gives(van, 12), ...rows]);
    plant.run(180);
    expect([plant.drawsA("van"), plant.drawsA("car")]).toEqual([-12, 16]);
    plant.station("van").fault = { mute: true };
    plan(plant, [{ evseId: "van", transactionId: van, currentA: [10, 10, 10] }, ...rows]);
    plant.run(80, () => expect(plant.drawsA("car")).toBe(16));
    expect(plant.drawsA("van")).toBeGreaterThanOrEqual(6);
  });
});
