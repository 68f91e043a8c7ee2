import { describe, expect, test } from "vitest";
import { watched } from "../checker.test-kit.ts";
import { plan } from "../planned.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

/** A car that charges at the end of a slot, for which the plan foresees a pause then. */
function beforeThePause() {
  const { plant, checker, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }) });
  // So that no renewal falls on the change.
  run(30);
  const transactionId = plant.plug("a");
  plan(plant, [{ evseId: "a", transactionId, currentA: [10, 0, 16] }]);
  run(869);
  expect(plant.limitA("a")).toBe(10);
  /** The least that the charge point offered in these seconds, by its own schedule too. */
  const least = (seconds: number) => {
    let leastA = Number.POSITIVE_INFINITY;
    for (let second = 0; second < seconds; second++) {
      run(1);
      leastA = Math.min(leastA, plant.offeredA("a"));
    }
    return leastA;
  };
  return { plant, checker, transactionId, least };
}

describe("when a slot begins", () => {
  test("a car that the new plan lets charge goes on without a pause, although the old plan foresaw one", () => {
    const { plant, checker, transactionId, least } = beforeThePause();
    const facts = plant.factsOf("limit-changed").length;
    expect(least(4)).toBe(10);
    plan(plant, [{ evseId: "a", transactionId, currentA: [10, 10] }]);
    expect(least(120)).toBe(10);
    expect(plant.factsOf("limit-changed")).toHaveLength(facts);
    expect(checker.violations).toEqual([]);
  });

  test("and when no new plan comes, the old one is followed after seconds", () => {
    const { plant, least } = beforeThePause();
    expect(least(9)).toBe(10);
    least(4);
    expect(plant.limitA("a")).toBe(0);
    expect(plant.offeredA("a")).toBe(0);
  });

  test("a car that resumed a moment ago goes on at the least current: neither the plan nor its schedule stops it again yet", () => {
    const { plant, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }) });
    const transactionId = plant.plug("a");
    plan(plant, [{ evseId: "a", transactionId, currentA: [10, 0] }]);
    run(300);
    plan(plant, [{ evseId: "a", transactionId, currentA: [0, 0] }]);
    run(400);
    expect(plant.offeredA("a")).toBe(0);
    plan(plant, [{ evseId: "a", transactionId, currentA: [10, 0] }]);
    run(5);
    const resumedMs = plant.nowMs();
    expect(plant.offeredA("a")).toBe(10);
    let leastA = 10;
    while (plant.nowMs() - resumedMs < 290_000) {
      run(1);
      leastA = Math.min(leastA, plant.offeredA("a"));
    }
    expect(leastA).toBe(6);
    run(20);
    expect(plant.offeredA("a")).toBe(0);
  });
});
