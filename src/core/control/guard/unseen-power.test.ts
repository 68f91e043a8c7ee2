/** Limits of power that hold whatever a meter says: a budget for all cars, a circuit without a meter. */

import { describe, expect, it } from "vitest";
import { Plant, START_MS } from "../plant.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

const EVSES = ["e1", "e2", "e3", "e4"].map((id) => ({ id }));
const THREE_PHASES_W = 3 * 230;
const HOUR_MS = 3_600_000;

function giveBudget(plant: Plant, powerW: number): void {
  const slots = [{ startMs: START_MS, endMs: START_MS + 8 * HOUR_MS, powerW }];
  plant.record({ type: "budget-received", source: "test", data: { by: "bems", slots } });
}

const drawnW = (plant: Plant) => EVSES.reduce((sum, { id }) => sum + plant.drawsA(id) * THREE_PHASES_W, 0);
const charging = (plant: Plant) => EVSES.filter(({ id }) => plant.drawsA(id) > 0).map(({ id }) => id);

/** Four cars at their safe currents, 16.5 kW, as the meter of their circuit does not answer. */
function blindPlant(circuit: "grid" | "garage"): Plant {
  const site = siteOf({
    mainFuseA: 80,
    circuits: [{ id: "garage", fuseA: 40, meter: "garage-meter" }],
    evses: EVSES.map((evse) => ({ ...evse, circuit })),
  });
  const plant = new Plant({ site });
  for (const { id } of EVSES) plant.plug(id);
  plant.run(120);
  plant.deadMeters.add(`${circuit}-meter`);
  plant.run(60);
  return plant;
}

describe("a budget for all cars", () => {
  for (const circuit of ["grid", "garage"] as const) {
    it(`that comes while the meter of ${circuit} does not answer is held by pauses: as many as it bears go on`, () => {
      const plant = blindPlant(circuit);
      expect(charging(plant)).toHaveLength(4);
      giveBudget(plant, 9_000);
      plant.run(15);
      expect(charging(plant)).toHaveLength(2);
      plant.run(1800, () => expect(drawnW(plant)).toBeLessThanOrEqual(4 * 6 * THREE_PHASES_W));
      expect(charging(plant)).toHaveLength(2);
      expect(drawnW(plant)).toBeLessThanOrEqual(9_000);
    });
  }

  it("is shared in turns meanwhile, and when it has ended all go on", () => {
    const plant = blindPlant("grid");
    giveBudget(plant, 9_000);
    plant.run(15);
    const seen = new Set<string>();
    let beyondS = 0;
    plant.run(2400, () => {
      for (const id of charging(plant)) seen.add(id);
      if (drawnW(plant) > 9_000) beyondS++;
    });
    // While one goes and another begins.
    expect(beyondS).toBeLessThan(30);
    expect([...seen].sort()).toEqual(["e1", "e2", "e3", "e4"]);
    plant.record({ type: "budget-received", source: "test", data: { by: "bems", slots: [] } });
    plant.run(320);
    expect(charging(plant)).toHaveLength(4);
  });
});

describe("a circuit with a limit of power and no meter", () => {
  it("bears as many safe currents as fit when the grid meter does not answer: no sum of them was held against it", () => {
    const site = siteOf({
      mainFuseA: 80,
      circuits: [{ id: "garage", fuseA: 40, limitW: 9_000 }],
      evses: EVSES.map((evse) => ({ ...evse, circuit: "garage" })),
    });
    const plant = new Plant({ site });
    plant.deadMeters.add("grid-meter");
    for (const { id } of EVSES) plant.plug(id);
    plant.run(15);
    expect(charging(plant)).toHaveLength(2);
    plant.run(1800);
    expect(charging(plant)).toHaveLength(2);
  });
});
