import { describe, expect, test } from "vitest";
import type { ProcessImage } from "../../image.ts";
import { Checker } from "../checker.test-kit.ts";
import { plan } from "../planned.test-kit.ts";
import { Plant, type PlantOptions } from "../plant.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

/** Readings come late, those of the battery and those of the meter not by the same. */
class Lagging extends Plant {
  readonly #lag: { readonly batteryLagS: number; readonly meterLagS: number };
  readonly #images: ProcessImage[] = [];

  constructor(options: PlantOptions, lag: { readonly batteryLagS: number; readonly meterLagS: number }) {
    super(options);
    this.#lag = lag;
  }

  override image(): ProcessImage {
    const now = super.image();
    this.#images.push(now);
    const before = (lagS: number) => this.#images.at(-1 - lagS) ?? this.#images[0]!;
    const { batteryLagS, meterLagS } = this.#lag;
    return { ...now, batteries: before(batteryLagS).batteries, meters: before(meterLagS).meters };
  }
}

/** Its battery tells what it holds of 10 kWh, half of it at first. */
class Metered extends Plant {
  storedWh = 5000;

  override image(): ProcessImage {
    const now = super.image();
    const told = [...now.batteries].map(
      ([id, reading]) => [id, { ...reading, socPercent: this.storedWh / 100 }] as const,
    );
    return { ...now, batteries: new Map(told) };
  }
}

describe("the battery", () => {
  const site = siteOf({ mainFuseA: 32, worstBuildingLoadA: 20, battery: { maxW: 6000 }, evses: [{ id: "a" }] });

  test("follows the plan, is told every 20 s, and lives 60 s without us", () => {
    const plant = new Plant({ site, building: () => [2, 2, 2] });
    plan(plant, [], [-3000, 2000]);
    const sent: { second: number; powerW: number | undefined; expiresInMs: number }[] = [];
    plant.run(130, () => {
      for (const { powerW, expiresInMs } of plant.last!.batteries)
        sent.push({ second: plant.second, powerW, expiresInMs });
    });
    expect(sent[0]).toEqual({ second: 1, powerW: -3000, expiresInMs: 60_000 });
    expect(sent.map(({ second }) => second)).toEqual([1, 21, 41, 61, 81, 101, 121]);
    expect(plant.factsOf("battery-setpoint-changed")).toHaveLength(1);
    plant.run(800);
    expect(plant.batteryW).toBe(2000);
  });

  test("stops charging before a car is shed, and a car is shed when that is not enough", () => {
    const rising = (second: number) => (second < 300 ? 3 : second < 500 ? 10 : 18);
    const plant = new Plant({ site, building: (second) => [rising(second), rising(second), rising(second)] });
    plant.plug("a");
    plan(plant, [], [6000, 6000, 6000]);
    const checker = new Checker(plant);
    plant.run(299, () => checker.look());
    expect(plant.batteryActualW).toBeGreaterThan(5000);
    expect(plant.limitA("a")).toBe(16);
    plant.run(1, () => checker.look());
    expect(plant.batteryW).toBe(0);
    plant.run(7, () => checker.look());
    // 10 + 16 A fit below 32 A once the battery's 8.7 A are gone.
    expect(plant.limitA("a")).toBe(16);
    plant.run(185, () => checker.look());
    expect(plant.batteryActualW).toBeGreaterThan(1000);
    expect(plant.limitA("a")).toBe(16);
    expect(plant.factsOf("guard-intervened")).toHaveLength(0);
    plant.run(16, () => checker.look());
    expect(plant.limitA("a")).toBeLessThan(14);
    expect(plant.trueA("grid")[0]).toBeLessThanOrEqual(32);
    expect(plant.factsOf("guard-intervened")).toHaveLength(1);
    expect(checker.violations).toEqual([]);
  });

  test("that is to give no more gives less as cars make room: the fuse does not carry both", () => {
    const plant = new Plant({ site, building: () => [18, 18, 18] });
    plant.plug("a");
    plan(plant, [{ evseId: "a", transactionId: 1, currentA: [16, 16] }], [-4500, 4000]);
    const checker = new Checker(plant);
    plant.run(890, () => checker.look());
    expect(plant.batteryActualW).toBeLessThan(-4400);
    expect(plant.limitA("a")).toBe(16);
    // Without the battery the car's 16 A do not fit beside the building's 18.
    let highestA = 0;
    plant.run(100, () => {
      checker.look();
      highestA = Math.max(highestA, plant.trueA("grid")[0]);
    });
    expect(highestA).toBeLessThanOrEqual(32);
    expect(plant.batteryActualW).toBeGreaterThan(-150);
    expect(plant.limitA("a")).toBeGreaterThanOrEqual(12);
    expect(plant.factsOf("guard-intervened")).toHaveLength(0);
    expect(checker.violations).toEqual([]);
  });

  test.each([
    ["one on a single phase charges", [0], [], 8000],
    ["two charge", undefined, ["garage"], 8000],
    ["one on a single phase gives", [0], [], -8000],
    ["two give", undefined, ["garage"], -8000],
  ] as const)("%s up to what the fuse bears on each phase, and does not cross it again and again", (_, phases, more, planW) => {
    const large = { mainFuseA: 25, worstBuildingLoadA: 15, battery: { maxW: 8000 }, evses: [{ id: "a" }] };
    const charges = planW > 0;
    const plant = new Plant({
      site: siteOf({ ...large, moreBatteries: more }),
      building: () => (charges ? [10, 10, 10] : [-10, -10, -10]),
      ...(phases ? { batteryPhases: phases } : {}),
    });
    plan(plant, [], [planW, planW]);
    let mostA = 0;
    plant.run(300, () => {
      const currentA = plant.trueA("grid").map(Math.abs);
      mostA = Math.max(mostA, ...currentA);
    });
    expect(mostA).toBeLessThanOrEqual(25);
    expect(mostA).toBeGreaterThan(24);
  });

  test.each([
    ["the meter is two seconds behind it", 0, 2],
    ["its own reading is three seconds behind the meter", 3, 0],
  ])("on a single phase stays below the fuse where %s", (_, batteryLagS, meterLagS) => {
    const plant = new Lagging(
      {
        site: siteOf({ mainFuseA: 25, worstBuildingLoadA: 15, battery: { maxW: 8000 }, evses: [{ id: "a" }] }),
        building: () => [10, 10, 10],
        batteryPhases: [0],
      },
      { batteryLagS, meterLagS },
    );
    plan(plant, [], [8000, 8000]);
    let mostA = 0;
    plant.run(300, () => {
      mostA = Math.max(mostA, plant.trueA("grid")[0]);
    });
    expect(mostA).toBeLessThanOrEqual(25);
    expect(mostA).toBeGreaterThan(24);
  });

  test("two charge within the contracted power together", () => {
    const plant = new Plant({
      site: siteOf({ importLimitW: 10_000, battery: { maxW: 8000 }, moreBatteries: ["garage"], evses: [{ id: "a" }] }),
      building: () => [2, 2, 2],
    });
    plan(plant, [], [8000, 8000]);
    let mostA = 0;
    plant.run(300, () => {
      mostA = Math.max(mostA, plant.trueA("grid")[0]);
    });
    expect(mostA * 3 * 230).toBeLessThanOrEqual(10_000);
    expect(mostA * 3 * 230).toBeGreaterThan(9_700);
  });

  test("charges and discharges within the grid operator's limits, and says so", () => {
    const roomy = siteOf({ worstBuildingLoadA: 20, battery: { maxW: 6000 }, evses: [{ id: "a" }] });
    const plant = new Plant({ site: roomy, building: () => [2, 2, 2] });
    const limit = (data: { limitW?: number; exportLimitW?: number }) =>
      plant.record({ type: "grid-limit-received", source: "mqtt", data: { by: "mqtt", ...data } });
    plan(plant, [], [5000, -5000]);
    plant.run(60);
    expect(plant.batteryActualW).toBeGreaterThan(4900);
    limit({ limitW: 4000 });
    plant.run(60);
    // The building takes 1380 W.
    expect(plant.batteryActualW).toBeLessThanOrEqual(2620);
    expect(plant.batteryActualW).toBeGreaterThan(2400);
    expect(plant.factsOf("battery-setpoint-changed").at(-1)!.data.reason).toBe("the grid operator's limit");
    limit({ limitW: 0 });
    plant.run(60);
    expect(plant.batteryActualW).toBeLessThan(1);
    limit({ exportLimitW: 1000 });
    plant.run(780);
    expect(plant.batteryActualW).toBeLessThan(-2200);
    expect(plant.batteryActualW).toBeGreaterThanOrEqual(-2381);
    expect(plant.factsOf("battery-setpoint-changed").at(-1)!.data.reason).toBe(
      "the grid operator's limit of the export",
    );
    limit({});
    plant.run(60);
    expect(plant.batteryActualW).toBeLessThan(-4900);
  });

  test("charges within what a partner allows the site, while it does", () => {
    const roomy = siteOf({ worstBuildingLoadA: 20, battery: { maxW: 6000 }, evses: [{ id: "a" }] });
    const plant = new Plant({ site: roomy, building: () => [2, 2, 2] });
    plan(plant, [], [5000, 5000]);
    plant.run(60);
    const limitW = [{ startMs: 0, endMs: plant.nowMs() + 120_000, value: 4000 }];
    const data = { partnerId: "scsp", contextId: "1", eurPerKwh: [], limitW };
    plant.record({ type: "optimisation-context-received", source: "partner:scsp", data });
    plant.run(60);
    expect(plant.batteryActualW).toBeLessThanOrEqual(2620);
    expect(plant.factsOf("battery-setpoint-changed").at(-1)!.data.reason).toBe("a partner's limit of the site");
    plant.run(120);
    expect(plant.batteryActualW).toBeGreaterThan(4900);
  });

  test("covers what the site takes, no more, where the plan imports: it does not sell what it buys back", () => {
    const cooking = (second: number) => (second % 120 < 60 ? 12 : 2);
    const plant = new Plant({ site, building: (second) => [cooking(second), cooking(second), cooking(second)] });
    // 3 kW and no more: the rest is for the dearer quarter-hour.
    plan(plant, [], [-3000, -3000], { gridW: [1000, 1000], importEurPerKwh: [0.3, 0.4] });
    let soldWh = 0;
    plant.run(600, () => {
      soldWh += (Math.max(0, -plant.trueA("grid")[0]) * 3 * 230) / 3600;
    });
    plant.run(50);
    expect(plant.batteryActualW).toBeCloseTo(-3000, -2);
    plant.run(60);
    // The pot is off: 1380 W are taken of the 3000 W planned.
    expect(plant.batteryActualW).toBeCloseTo(-1380, -2);
    expect(soldWh).toBeLessThan(30);
    expect(plant.factsOf("battery-setpoint-changed")).toHaveLength(1);
  });

  test("takes up the sun that comes, where the plan charges from it, and buys nothing", () => {
    const cloudy = (second: number) => (second % 120 < 60 ? -8 : 4);
    const plant = new Plant({ site, building: (second) => [cloudy(second), cloudy(second), cloudy(second)] });
    // It exports what is left: half of the sun is for the battery.
    plan(plant, [], [2500], { gridW: [-3000] });
    plant.run(650);
    expect(plant.batteryActualW).toBeCloseTo(2500, -2);
    plant.run(50);
    // The plan imports nothing: what is stored covers the cloud.
    expect(plant.batteryActualW).toBeCloseTo(-2760, -2);
  });

  test("that is to do nothing is set to 0, not to -0: facts come back from the ledger as they went in", () => {
    const plant = new Plant({ site, building: () => [2, 2, 2] });
    plan(plant, [], [0, 0], { gridW: [3000, 3000], importEurPerKwh: [0.3, 0.4] });
    plant.run(60);
    const powers = plant.factsOf("battery-setpoint-changed").map(({ data }) => data.powerW);
    expect(powers).toContain(0);
    expect(JSON.parse(JSON.stringify(powers))).toEqual(powers);
  });

  test("covers at once what no later price is worth, and stores the sun that is there, whatever the plan's order", () => {
    const plant = new Plant({ site, building: () => [2, 2, 2] });
    plan(plant, [], [-3000, -3000], { gridW: [1000, 1000], importEurPerKwh: [0.4, 0.4], knowsStore: true });
    plant.run(60);
    expect(plant.batteryW).toBeUndefined();
    plan(plant, [], [0, 2000], { gridW: [-2000, 0], knowsStore: true });
    plant.run(60);
    expect(plant.batteryW).toBeUndefined();
  });

  test("keeps what is dearer later, also when the site takes more now than the plan thought", () => {
    const plant = new Plant({ site, building: () => [2, 2, 2] });
    // The plan thinks that the sun will just do; but a cloud has come, at half of the evening's price.
    plan(plant, [], [0, -3000], { gridW: [0, 0], importEurPerKwh: [0.2, 0.4], knowsStore: true });
    plant.run(60);
    expect(plant.batteryW).toBe(0);
    // In the evening nothing is dearer any more.
    plan(plant, [], [-3000, -3000], { gridW: [0, 0], importEurPerKwh: [0.4, 0.2], knowsStore: true });
    plant.run(60);
    expect(plant.batteryW).toBeUndefined();
  });

  test("does not empty itself into a car that the plan has on the grid, where the night needs little at that price", () => {
    const plant = new Metered({ site, building: () => [1, 1, 1] });
    const transactionId = plant.plug("a");
    const night = { importEurPerKwh: [0.2, 0.2, 0.2, 0.3], gridW: [11_730, 390, 390, 390], knowsStore: true };
    plan(plant, [{ evseId: "a", transactionId, currentA: [16] }], [0, -300, -300], night);
    plant.run(60);
    expect(plant.batteryW).toBeUndefined();
    // Two quarter-hours of 300 W are bought instead; what is left after that is for dearer ones.
    plant.storedWh = 4800;
    plant.run(60);
    expect(plant.batteryW).toBe(0);
    expect(plant.drawsA("a")).toBe(16);
    // What the sun brought beyond the plan may go into the car.
    plant.storedWh = 5100;
    plant.run(60);
    expect(plant.batteryW).toBeUndefined();
  });

  test("leads the import up and down as planned where it may change only so much, whatever a kWh is worth later", () => {
    const evening = (rampLimitW?: number) => {
      const plant = new Metered({ site, building: () => [6, 6, 6] });
      const dearNow = { importEurPerKwh: [0.4, 0.2], knowsStore: true, ...(rampLimitW ? { rampLimitW } : {}) };
      plan(plant, [], [-1000, -2000], { gridW: [3140, 2140], ...dearNow });
      return plant;
    };
    const free = evening();
    free.run(60);
    expect(free.batteryW).toBeUndefined();
    const limited = evening(1000);
    // What the sun brought beyond the plan changes nothing in that.
    limited.storedWh = 9000;
    limited.run(60);
    expect(limited.batteryActualW).toBeCloseTo(-1000, -1);
    const noon = new Metered({ site, building: () => [-12, -12, -12] });
    plan(noon, [], [5000, 5000], { gridW: [-3280, -3280], knowsStore: true, rampLimitW: 1000 });
    noon.run(60);
    expect(noon.batteryActualW).toBeCloseTo(5000, -1);
    // Where nothing is to flow over the grid connection it holds just that by itself.
    plan(noon, [], [5000, 5000], { gridW: [0, 0], knowsStore: true, rampLimitW: 1000 });
    noon.run(60);
    expect(noon.batteryW).toBeUndefined();
  });

  test("runs by itself where the plan neither imports nor exports", () => {
    const plant = new Plant({ site, building: () => [2, 2, 2] });
    plan(plant, [], [-1380], { gridW: [0] });
    plant.run(60);
    expect(plant.batteryW).toBeUndefined();
    expect(plant.factsOf("battery-setpoint-changed")).toHaveLength(0);
  });

  test("runs by itself without a meter", () => {
    const plant = new Plant({ site, building: () => [2, 2, 2] });
    plan(plant, [], [-3000]);
    plant.run(30);
    plant.deadMeters.add("grid-meter");
    const sent: (number | undefined)[] = [];
    plant.run(30, () => {
      for (const { powerW } of plant.last!.batteries) sent.push(powerW);
    });
    expect(sent.at(-1)).toBeUndefined();
    expect(sent.filter((powerW) => powerW === undefined)).toHaveLength(1);
    expect(plant.factsOf("battery-setpoint-changed")).toHaveLength(2);
  });
});
