/** Meters that nobody may doubt, whatever cars and charge points do. */

import { describe, expect, test } from "vitest";
import fc from "../../../test/fast-check.ts";
import { plan } from "../control/planned.test-kit.ts";
import { siteOf } from "../control/site.test-kit.ts";
import { live, world } from "../control/worlds.test-kit.ts";
import type { SiteFact } from "../facts/index.ts";
import { comeAndGo, examiningStep, lively, lyingPlant, one, two } from "./plausibility.test-kit.ts";

const LEARNED: ReadonlySet<string> = new Set<SiteFact["type"]>(["meter-doubted", "meter-suspected"]);

describe("healthy meters", () => {
  test("are never doubted nor suspected, whatever the site, the loads and the faults", () => {
    fc.assert(
      fc.property(world, (w) => {
        const doubted: SiteFact[] = [];
        const step = examiningStep();
        live(w, (input, memory) => {
          const result = step(input, memory);
          doubted.push(...(result.drafts.filter(({ type }) => LEARNED.has(type)) as unknown as SiteFact[]));
          return result;
        });
        expect(doubted).toEqual([]);
      }),
      { numRuns: Number(process.env.RUNS ?? 50), endOnFailure: true },
    );
  }, 600_000);

  test("are not doubted where cars of one phase come and go in a lively building", () => {
    const { plant } = lyingPlant({ site: two(), building: lively });
    expect(comeAndGo(plant, 6000, { a: 1, b: 1 })).toBeUndefined();
  });
});

test("a still meter of a still site is not frozen", () => {
  const { plant } = lyingPlant({ site: two(), building: () => [5, 5, 5] });
  plant.plug("a");
  plant.run(3600);
  expect(plant.factsOf("meter-doubted")).toEqual([]);
});

test("an EVSE that reports more than it can carry says nothing about a meter", () => {
  const { plant } = lyingPlant({ site: two(), building: lively, meterEveryS: 1000 });
  plant.plug("a");
  plant.plug("b");
  for (let second = 0; second < 400; second++) {
    plant.station("a").reading = { evseId: "a", atMonoMs: plant.second * 1000, currentA: [160, 160, 160] };
    plant.run(1);
  }
  expect(plant.factsOf("meter-doubted")).toEqual([]);
});

test("a car that stops without a word does not make its meter doubted", () => {
  const { plant } = lyingPlant({ site: two(), building: () => [0.5, 0.5, 0.5], meterEveryS: 60 });
  plant.plug("a", { takesA: (second) => (second < 305 ? 16 : 0) });
  plant.plug("b");
  plant.run(400);
  expect(plant.factsOf("meter-doubted")).toEqual([]);
});

test("what a charge point kept while it was away says nothing about a meter", () => {
  const { plant } = lyingPlant({ site: one(), building: () => [1, 1, 1] });
  plant.plug("a");
  plant.run(100);
  plant.disconnect("a");
  plant.run(280);
  plant.connect("a");
  for (let second = 0; second < 60; second++) {
    // What it drew before its lease had run out, told now.
    plant.station("a").reading = { evseId: "a", atMonoMs: plant.second * 1000, currentA: [16, 16, 16] };
    plant.run(1);
  }
  expect(plant.factsOf("meter-doubted")).toEqual([]);
});

test.each([
  1, 3,
] as const)("a battery that stops charging for each car does not make a meter of %i phases look turned", (phases) => {
  const { plant } = lyingPlant({
    site: siteOf({
      mainFuseA: 50,
      phases,
      worstBuildingLoadA: 36,
      battery: { maxW: 8000 * phases },
      evses: [{ id: "a" }],
    }),
    building: () => (phases === 1 ? [3, 0, 0] : [3, 3, 3]),
  });
  plant.run(1500, () => {
    const { second } = plant;
    if (second % 450 === 1) plan(plant, [], [8000 * phases, 8000 * phases]);
    if (second % 160 === 60) plant.plug("a", { phases, takesA: () => 15 });
    if (second % 160 === 159) plant.unplug("a");
  });
  expect(plant.factsOf("meter-doubted")).toEqual([]);
});
