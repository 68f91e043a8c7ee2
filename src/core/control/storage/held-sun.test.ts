import { describe, expect, test } from "vitest";
import type { ProcessImage } from "../../image.ts";
import { plan } from "../planned.test-kit.ts";
import { Plant } from "../plant.test-kit.ts";
import { siteOf, VOLTAGE_V } from "../site.test-kit.ts";

interface Sky {
  readonly skyW: (second: number) => number;
  readonly loadW: number;
  readonly exportLimitW: number;
  /** Who holds the sun back: we, or an inverter with a limit of its own. */
  readonly heldBy: "us" | "inverter";
}

/** A site whose inverter gives what it may. */
class Roof extends Plant {
  readonly #sky: Sky;
  #pvW = 0;
  #limitW = Number.POSITIVE_INFINITY;

  constructor(sky: Sky) {
    const { exportLimitW, heldBy, loadW } = sky;
    const pv = heldBy === "us" ? ("held" as const) : true;
    const evenA = (powerW: number) => powerW / (3 * VOLTAGE_V);
    super({
      site: siteOf({ pv, exportLimitW, battery: { maxW: 6000 }, evses: [{ id: "a" }] }),
      building: () => [evenA(loadW - this.pvW), evenA(loadW - this.pvW), evenA(loadW - this.pvW)],
    });
    this.#sky = sky;
  }

  get pvW(): number {
    return this.#pvW;
  }

  get exportW(): number {
    const [a, b, c] = this.trueA("grid");
    return -(a + b + c) * VOLTAGE_V;
  }

  override image(): ProcessImage {
    const reading = { deviceId: "pv", atMonoMs: this.second * 1000, powerW: Math.round(this.#pvW) };
    return { ...super.image(), pvs: new Map([["pv", reading]]) };
  }

  override tick() {
    const { skyW, loadW, exportLimitW, heldBy } = this.#sky;
    const mayW = heldBy === "us" ? this.#limitW : Math.max(0, loadW + this.batteryActualW + exportLimitW);
    this.#pvW = Math.min(skyW(this.second), mayW);
    const step = super.tick();
    for (const { limitW } of step.pvs) this.#limitW = limitW ?? Number.POSITIVE_INFINITY;
    return step;
  }
}

/** Seconds until inverter and battery have found each other. */
const SETTLES_S = 10;

describe.each(["us", "inverter"] as const)("sun that is held back by %s", (heldBy) => {
  test("goes into the battery, and nothing is exported for it", () => {
    const roof = new Roof({ skyW: () => 5000, loadW: 1000, exportLimitW: 0, heldBy });
    plan(roof, [], [0, -1000], { gridW: [1000, 1000], importEurPerKwh: [0.2, 0.4], knowsStore: true });
    let mostW = 0;
    roof.run(240, () => {
      if (roof.second > SETTLES_S) mostW = Math.max(mostW, roof.exportW);
    });
    expect(roof.batteryActualW).toBeGreaterThan(3700);
    expect(roof.pvW).toBeGreaterThan(4800);
    expect(mostW).toBeLessThan(300);
  });

  test("is tried again each minute where there is no more, and costs next to nothing", () => {
    const roof = new Roof({ skyW: (second) => (second < 600 ? 2000 : 5000), loadW: 1000, exportLimitW: 0, heldBy });
    plan(roof, [], [0, -1000], { gridW: [1000, 1000], importEurPerKwh: [0.2, 0.4], knowsStore: true });
    let boughtWs = 0;
    roof.run(600, () => {
      if (roof.second > 100) boughtWs += Math.max(0, -roof.exportW);
    });
    expect(roof.batteryActualW).toBeGreaterThan(900);
    expect(boughtWs / 500).toBeLessThan(80);
    roof.run(290);
    expect(roof.batteryActualW).toBeGreaterThan(3700);
  });

  test("takes the place of what a battery gives", () => {
    const roof = new Roof({ skyW: (second) => (second < 60 ? 0 : 5000), loadW: 3000, exportLimitW: 0, heldBy });
    plan(roof, [], [-3000, -3000], { gridW: [500, 500], importEurPerKwh: [0.3, 0.4] });
    let mostW = 0;
    roof.run(59);
    expect(roof.batteryActualW).toBeLessThan(-2800);
    roof.run(400, () => {
      if (roof.second > 60 + SETTLES_S) mostW = Math.max(mostW, roof.exportW);
    });
    expect(roof.batteryActualW).toBeGreaterThan(1700);
    expect(mostW).toBeLessThan(300);
  });

  test("beyond an export that is worth more than to store goes into the battery, and no more", () => {
    const roof = new Roof({ skyW: () => 6000, loadW: 1000, exportLimitW: 2000, heldBy });
    plan(roof, [], [0, 0], { gridW: [-2000, -2000] });
    roof.run(400);
    expect(roof.batteryActualW).toBeGreaterThan(2700);
    expect(roof.batteryActualW).toBeLessThan(3300);
    expect(roof.exportW).toBeGreaterThan(1700);
  });
});
