/** The limit of a transaction that has ended: it may go on with the next car until its lease is over, and not longer. */

import { expect, test } from "vitest";
import { Plant } from "../plant.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

/** Two EVSEs behind 40 A that no meter shows; the first keeps its limit whatever becomes of the transaction. */
function garage(): Plant {
  const evses = ["a", "b"].map((id) => ({ id, circuit: "garage", maxCurrentA: 32 }));
  const plant = new Plant({ site: siteOf({ mainFuseA: 100, evses, circuits: [{ id: "garage", fuseA: 40 }] }) });
  plant.station("a").fault = { keepsLimit: true };
  plant.plug("a");
  plant.run(200);
  expect(plant.drawsA("a")).toBe(32);
  plant.unplug("a");
  return plant;
}

test("a car that comes soon after another may begin with the limit of that one, also when its charge point is lost at once", () => {
  const plant = garage();
  plant.plug("b");
  plant.run(40);
  expect(plant.drawsA("b")).toBeGreaterThan(30);
  plant.plug("a");
  plant.run(1);
  plant.disconnect("a");
  let overS = 0;
  plant.run(200, () => {
    if (plant.trueA("garage")[0] > 40) overS++;
  });
  // Until the other has obeyed.
  expect(overS).toBeLessThanOrEqual(10);
});

test("an hour later a car without a transaction on record is left the safe current alone", () => {
  const plant = garage();
  plant.run(3600);
  plant.station("a").fault = { keepsLimit: true, mute: true };
  plant.plug("a", { recorded: false });
  plant.run(30);
  expect(plant.decision("a").assumedA).toBe(6);
});
