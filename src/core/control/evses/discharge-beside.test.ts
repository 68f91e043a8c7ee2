/** Cars that give back where nobody knows on which phase. */
import { expect, test } from "vitest";
import { plan } from "../planned.test-kit.ts";
import { Plant } from "../plant.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";
import { controlStep } from "../step.ts";
import { gives } from "./discharge.test-kit.ts";

/** A van that gives on L1 what its charge point tells as power alone or with currents, and a car on L2, behind 32 A. */
function vanAndCar(tells: "currents" | "power alone") {
  const evses = [
    { id: "van", givesW: 11_040 },
    { id: "car", phases: ["L2"] as const },
  ];
  const site = siteOf({ mainFuseA: 32, worstBuildingLoadA: 20, evses });
  const plant = new Plant({ site, building: () => [12, 12, 12], meterEveryS: 5 });
  if (tells === "power alone") plant.station("van").fault = { powerAlone: true };
  const van = plant.plug("van", { phases: 1, socPercent: 80 });
  plan(plant, [gives(van, 16)]);
  plant.run(120);
  expect(plant.drawsA("van")).toBe(-16);
  const car = plant.plug("car", { phases: 1 });
  const charges = { evseId: "car", transactionId: car, currentA: [16, 16, 16] };
  plan(plant, [gives(van, 16), charges]);
  return { plant };
}

test("a van that may give on any phase, as its charge point tells power alone, gives what leaves room to a car that wants to charge, for as long as that does", () => {
  const { plant } = vanAndCar("power alone");
  plant.run(180);
  expect(plant.drawsA("car")).toBe(16);
  plant.run(600, () => {
    expect(plant.drawsA("car")).toBe(16);
    expect(plant.drawsA("van")).toBe(-3);
  });
  plant.unplug("car");
  plant.run(180);
  expect(plant.drawsA("van")).toBe(-16);
});

test("a van of which its meter shows the phase gives all that is planned beside a car on another", () => {
  const { plant } = vanAndCar("currents");
  plant.run(180);
  plant.run(120, () => {
    expect(plant.drawsA("car")).toBe(16);
    expect(plant.drawsA("van")).toBe(-16);
  });
});

test("a van gives nothing where another car may be there by now, of which nobody could be told", () => {
  const site = siteOf({ mainFuseA: 32, worstBuildingLoadA: 20, evses: [{ id: "van", givesW: 11_040 }] });
  const untoldCars = new Map<string, number>();
  const plant = new Plant({
    site,
    building: () => [12, 12, 12],
    meterEveryS: 5,
    step: (input, memory) => controlStep({ ...input, image: { ...input.image, untoldCars } }, memory),
  });
  const van = plant.plug("van", { socPercent: 80 });
  plan(plant, [gives(van, 10)]);
  plant.run(120);
  expect(plant.drawsA("van")).toBe(-10);
  untoldCars.set("van", plant.second * 1000);
  plant.run(15);
  expect(plant.drawsA("van")).toBe(0);
});
