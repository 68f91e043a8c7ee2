import { expect, it } from "vitest";
import { watched } from "../checker.test-kit.ts";
import { plan } from "../planned.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

it("the sun goes into a car that waits, but not while the plan sells it because the car has cheaper hours to come", () => {
  const evses = [{ id: "sold" }, { id: "waits" }];
  const { plant, run, checker } = watched({ site: siteOf({ pv: true, evses }), building: () => [-10, -10, -10] });
  run(30);
  const ids = evses.map(({ id }) => ({ evseId: id, transactionId: plant.plug(id), currentA: [0] }));
  plan(plant, [{ ...ids[0]!, soldSunSlots: 1 }, ids[1]!]);
  run(240);
  // All of it: who does not take part leaves no share unused.
  expect([plant.limitA("sold"), plant.limitA("waits")]).toEqual([0, 10]);
  expect(plant.decision("sold").reason).toEqual({ kind: "plan", limitA: 0, soldEurPerKwh: 0 });
  expect(checker.violations).toEqual([]);
});
