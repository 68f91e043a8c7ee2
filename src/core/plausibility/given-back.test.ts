/** A meter beside cars that give energy back: they do so before their own meters say it, and no longer than their lease. */
import { expect, test } from "vitest";
import { plan } from "../control/planned.test-kit.ts";
import { siteOf } from "../control/site.test-kit.ts";
import {
  deadL3,
  doubts,
  type Lie,
  lively,
  lyingPlant,
  scaled,
  tellPowerAlone,
  turned,
} from "./plausibility.test-kit.ts";

/** A van that gives back what a car beside it takes. */
function vanAndCar(tells: "currents" | "power alone" = "currents") {
  const evses = [{ id: "van", givesW: 11_040 }, { id: "car" }];
  const { plant, lies } = lyingPlant({ site: siteOf({ mainFuseA: 63, evses }), building: lively, meterEveryS: 5 });
  if (tells === "power alone") tellPowerAlone(plant);
  const van = plant.plug("van", { socPercent: 80 });
  const car = plant.plug("car");
  plan(plant, [{ evseId: "car", transactionId: car, currentA: [16, 16, 16] }]);
  plant.run(200);
  const waits = { evseId: "van", transactionId: van, currentA: [0, 0, 0] };
  const givesBack = (backA = 16) =>
    plan(plant, [
      { ...waits, dischargeA: [backA, backA, backA] },
      { evseId: "car", transactionId: car, currentA: [16, 16, 16] },
    ]);
  const stops = () => plan(plant, [{ evseId: "car", transactionId: car, currentA: [16, 16, 16] }, waits]);
  return { plant, lies, givesBack, stops };
}

test.each([
  "currents",
  "power alone",
] as const)("a sound meter is not doubted while a van that began to give back has not reported it, where charge points tell %s", (tells) => {
  const { plant, givesBack } = vanAndCar(tells);
  givesBack();
  plant.run(5);
  plant.station("van").fault = { ...plant.station("van").fault, mute: true };
  let gaveUnsaidS = 0;
  plant.run(120, () => {
    const { currentA, powerW = 0 } = plant.station("van").reading!;
    if (plant.drawsA("van") === -16 && (currentA?.[0] ?? powerW) >= 0) gaveUnsaidS++;
    expect(doubts(plant)).toEqual([]);
  });
  expect(gaveUnsaidS).toBeGreaterThan(20);
});

test("a van that did not hear that it should stop goes on until its lease ends, longer than its last report counts: a sound meter is not doubted", () => {
  const { plant, givesBack, stops } = vanAndCar();
  givesBack();
  // Its lease has just been renewed.
  plant.run(85);
  plant.station("van").fault = { offline: true };
  stops();
  let gaveS = 0;
  plant.run(200, () => {
    if (plant.drawsA("van") === -16) gaveS++;
    expect(doubts(plant)).toEqual([]);
  });
  expect(gaveS).toBeGreaterThan(150);
});

test("a van that was told to give more in the second in which it was lost may give that: a sound meter is not doubted", () => {
  const { plant, givesBack } = vanAndCar();
  givesBack(2);
  plant.run(60);
  expect(plant.drawsA("van")).toBe(-2);
  givesBack(16);
  while (plant.state.limits.byEvse.van?.dischargeA !== 16 && plant.second < 400) plant.run(1);
  // The word is on its way as the network fails.
  const data = { chargePointId: "cp-van", reason: "gone" };
  plant.record({ type: "charge-point-disconnected", source: "test", data });
  plant.run(1);
  plant.station("van").fault = { offline: true };
  let gaveS = 0;
  plant.run(200, () => {
    if (plant.drawsA("van") === -16) gaveS++;
    expect(doubts(plant)).toEqual([]);
  });
  expect(gaveS).toBeGreaterThan(100);
});

test("a van that is back after its lease is not thought to give: a meter of a tenth is found out at once", () => {
  const { plant, lies, givesBack, stops } = vanAndCar();
  givesBack();
  plant.run(60);
  plant.disconnect("van");
  stops();
  plant.run(200);
  expect(plant.drawsA("van")).toBe(6);
  lies.set("grid-meter", scaled(0.1));
  plant.connect("van");
  plant.run(60);
  expect(doubts(plant)).toContainEqual({ deviceId: "grid-meter", kind: "less-than-cars" });
});

test.each([
  ["its network fails", () => {}],
  ["the controller starts again", (plant: ReturnType<typeof vanAndCar>["plant"]) => plant.restart()],
] as const)("a van that is gone since %s ends its lease by itself: a meter of a tenth is found out by the car beside it", (_, happens) => {
  const { plant, lies, givesBack } = vanAndCar();
  givesBack();
  plant.run(60);
  expect(plant.drawsA("van")).toBe(-16);
  plant.disconnect("van");
  happens(plant);
  if (plant.station("car").fault.offline) plant.connect("car");
  lies.set("grid-meter", scaled(0.1));
  plant.run(120);
  // It may still give what the car takes.
  expect(doubts(plant)).toEqual([]);
  plant.run(180);
  expect(plant.drawsA("van")).toBe(6);
  expect(doubts(plant)).toContainEqual({ deviceId: "grid-meter", kind: "less-than-cars" });
});

interface GarageOfTwo {
  readonly lie?: Lie;
  /** Of the van, which is told to give 16 A. */
  readonly givesAtMostA?: number;
  /** Of the car. */
  readonly takesA?: number;
}

/** A van and a car alone in a garage: the van gives the car what it takes, to the ampere, unless it is said otherwise. */
function garageOfTwo({ lie, givesAtMostA = 16, takesA = 16 }: GarageOfTwo = {}) {
  const evses = [
    { id: "van", givesW: 11_040, circuit: "garage", safeCurrentA: 0 },
    { id: "car", circuit: "garage", safeCurrentA: 0 },
  ];
  const circuits = [{ id: "garage", fuseA: 40, meter: "garage-meter" }];
  const site = siteOf({ mainFuseA: 63, circuits, evses });
  const { plant, lies } = lyingPlant({ site, building: lively, meterEveryS: 15 });
  if (lie) lies.set("garage-meter", lie);
  const van = plant.plug("van", { socPercent: 80, givesAtMostA });
  const car = plant.plug("car");
  const charges = { evseId: "car", transactionId: car, currentA: [takesA, takesA, takesA] };
  const gives = { evseId: "van", transactionId: van, currentA: [0, 0, 0], dischargeA: [16, 16, 16] };
  plan(plant, [charges, gives]);
  plant.run(300);
  expect([plant.drawsA("van"), plant.drawsA("car")]).toEqual([-givesAtMostA, takesA]);
  return {
    plant,
    lies,
    stop: () =>
      plan(plant, [
        { ...charges, currentA: [0, 0, 0] },
        { ...gives, dischargeA: [0, 0, 0] },
      ]),
  };
}

test("a phase is not dead on which a van gave what a car took, and stopped with it", () => {
  const { plant, stop } = garageOfTwo();
  expect(plant.meters.get("garage-meter")!.currentA).toEqual([0, 0, 0]);
  stop();
  plant.run(120, () => expect(doubts(plant)).toEqual([]));
  expect([plant.drawsA("van"), plant.drawsA("car")]).toEqual([0, 0]);
});

test("a phase is dead that shows nothing of a car that stops beside a van that gives nothing any more", () => {
  const { plant, stop } = garageOfTwo({ lie: deadL3 });
  plant.unplug("van");
  plant.run(150);
  stop();
  plant.run(60);
  expect(doubts(plant)).toContainEqual({ deviceId: "garage-meter", kind: "dead-phase", phases: [2] });
});

test("a meter is believed again beside a van that gives less than it is told, as it shows what that leaves of a car", () => {
  const { plant, lies } = garageOfTwo({ givesAtMostA: 2, takesA: 8 });
  lies.set("garage-meter", turned);
  plant.run(120);
  expect(doubts(plant)).toContainEqual({ deviceId: "garage-meter", kind: "less-than-cars" });
  lies.delete("garage-meter");
  plant.run(400);
  expect([plant.drawsA("van"), plant.drawsA("car")]).toEqual([-2, 8]);
  expect(doubts(plant)).toEqual([]);
});
