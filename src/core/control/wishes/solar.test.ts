import { describe, expect, test } from "vitest";
import { watched } from "../checker.test-kit.ts";
import { plan } from "../planned.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

describe("sun beyond what is planned", () => {
  test("is not offered again and again to a car that is full: its least current would be kept from others", () => {
    const evses = [{ id: "full" }, { id: "other" }];
    const { plant, run, checker } = watched({ site: siteOf({ pv: true, evses }), building: () => [-40, -40, -40] });
    run(30);
    const full = plant.plug("full", { takesA: () => 0 });
    const other = plant.plug("other");
    run(60);
    plan(plant, [
      { evseId: "full", transactionId: full, currentA: [0] },
      { evseId: "other", transactionId: other, currentA: [10] },
    ]);
    run(780);
    expect(plant.limitA("other")).toBe(16);
    // A car may wake slowly: it was offered for some minutes.
    expect(plant.limitA("full")).toBe(0);
    expect(checker.violations).toEqual([]);
  });

  test("goes to a car that takes it, and behind a full fuse only once the cars that are planned have theirs", () => {
    const circuits = [{ id: "garage", fuseA: 20, meter: "garage-meter" }];
    const evses = ["planned", "sunny"].map((id) => ({ id, circuit: "garage", maxCurrentA: 16 }));
    const { plant, run, checker } = watched({
      site: siteOf({ pv: true, circuits, evses }),
      building: () => [-30, -30, -30],
    });
    run(30);
    const ids = ["planned", "sunny"].map((evseId) => ({ evseId, transactionId: plant.plug(evseId) }));
    run(60);
    plan(plant, [
      { ...ids[0]!, currentA: [12] },
      { ...ids[1]!, currentA: [0] },
    ]);
    run(240);
    expect(plant.limitA("planned")).toBeGreaterThanOrEqual(12);
    expect(plant.limitA("sunny")).toBeGreaterThanOrEqual(6);
    expect(plant.limitA("sunny")).toBeLessThan(8);
    expect(checker.violations).toEqual([]);
  });
});
