/** Cars that give back where phases may not differ by much. */
import { describe, expect, test } from "vitest";
import { plan } from "../planned.test-kit.ts";
import { Plant } from "../plant.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";
import { gives } from "./discharge.test-kit.ts";

describe("a car that gives back as planned", () => {
  test("on one phase leaves the difference between phases within what is allowed to the car that charges on another", () => {
    const evses = [
      { id: "van", givesW: 3680, phases: ["L1"] as const },
      { id: "car", phases: ["L2"] as const },
    ];
    const site = siteOf({ mainFuseA: 63, worstBuildingLoadA: 20, evses, country: "DE" });
    const plant = new Plant({ site, building: () => [18, 5, 5], meterEveryS: 5 });
    const car = plant.plug("car", { phases: 1 });
    const van = plant.plug("van", { phases: 1, socPercent: 80 });
    plan(plant, [{ evseId: "car", transactionId: car, currentA: [16, 16, 16] }]);
    plant.run(120);
    expect(plant.drawsA("car")).toBe(16);
    plan(plant, [gives(van, 5), { evseId: "car", transactionId: car, currentA: [16, 16, 16] }]);
    plant.run(600, () => {
      expect(plant.drawsA("car") - plant.drawsA("van")).toBeLessThanOrEqual(20);
      expect(plant.drawsA("car")).toBe(16);
    });
    expect(plant.drawsA("van")).toBeLessThan(0);
  });

  /** A van that gives on L1 all that it can, where phases may not differ by more than 20 A, and an EVSE for a car. */
  function besideL1(carPhases: readonly ("L1" | "L2" | "L3")[]) {
    const evses = [
      { id: "van", givesW: 3680, phases: ["L1"] as const },
      { id: "car", phases: carPhases },
    ];
    const site = siteOf({ mainFuseA: 63, worstBuildingLoadA: 20, evses, country: "DE" });
    const plant = new Plant({ site, building: () => [18, 5, 5], meterEveryS: 30 });
    const van = plant.plug("van", { phases: 1, socPercent: 80 });
    plan(plant, [gives(van, 16 / 3)]);
    plant.run(212);
    expect(plant.drawsA("van")).toBe(-16);
    const comes = () => {
      const car = plant.plug("car", { phases: 1 });
      plan(plant, [gives(van, 16 / 3), { evseId: "car", transactionId: car, currentA: [16, 16, 16] }]);
    };
    return { plant, comes };
  }

  test.each([
    ["of one phase", ["L2"]],
    ["of three phases, where nobody knows yet which the car loads", ["L2", "L3", "L1"]],
  ] as const)("on one phase makes way for a car that comes to an EVSE %s: it does not wait, and has all that it wants", (_, phases) => {
    const { plant, comes } = besideL1(phases);
    comes();
    let apartS = 0;
    plant.run(120, () => {
      if (plant.drawsA("car") - plant.drawsA("van") > 20) apartS++;
      if (plant.drawsA("car") > 0) expect(plant.limitA("car")).toBeGreaterThanOrEqual(6);
    });
    expect([plant.drawsA("car"), plant.drawsA("van")]).toEqual([16, -3]);
    // The time of a step, a command and the van.
    expect(apartS).toBeLessThanOrEqual(10);
    expect(plant.factsOf("limit-changed").map(({ data }) => data.reason.kind)).not.toContain("paused");
  });

  test.each([
    ["does not obey", "stubborn"],
    ["is gone", "gone"],
  ] as const)("on one phase and %s makes no way: the car on another waits for the balance of phases", (_, is) => {
    const { plant, comes } = besideL1(["L2"]);
    if (is === "gone") plant.disconnect("van");
    else plant.station("van").fault = { stubbornA: -16 };
    comes();
    plant.run(60);
    plant.run(40, () => expect([plant.drawsA("car"), plant.drawsA("van")]).toEqual([0, -16]));
  });

  test.each([
    ["on one phase", { vanPhases: 1, busPhases: 1 }],
    ["of which one is on two phases", { vanPhases: 2, busPhases: 1 }],
  ] as const)("and has not charged before counts in the balance as well: two %s give no more together than phases may differ by", (_, {
    vanPhases,
    busPhases,
  }) => {
    const evses = ["van", "bus"].map((id) => ({ id, givesW: 11_040 }));
    const site = siteOf({ mainFuseA: 63, worstBuildingLoadA: 20, evses, country: "DE" });
    const plant = new Plant({ site, building: () => [18, 18, 18], meterEveryS: 10 });
    const van = plant.plug("van", { phases: vanPhases, socPercent: 80 });
    const bus = plant.plug("bus", { phases: busPhases, socPercent: 80 });
    plan(plant, [gives(van, 16), { ...gives(bus, 16), evseId: "bus" }]);
    plant.run(300, () => expect(plant.drawsA("van") + plant.drawsA("bus")).toBeGreaterThanOrEqual(-20));
    expect(plant.drawsA("van") + plant.drawsA("bus")).toBeLessThanOrEqual(-18);
  });
});
