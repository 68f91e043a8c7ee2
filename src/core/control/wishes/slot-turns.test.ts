import { describe, expect, test } from "vitest";
import { watched } from "../checker.test-kit.ts";
import { plan, SLOT_MS } from "../planned.test-kit.ts";
import { siteOf } from "../site.test-kit.ts";

/** A car for whose next hour 8.4 A are planned, each quarter-hour anew; what it may draw by the second, and the changes. */
function anHourOf(plannedA: number, peakCosts: boolean) {
  const { plant, checker, run } = watched({ site: siteOf({ evses: [{ id: "a" }] }) });
  run(30);
  const transactionId = plant.plug("a");
  const hour = Array.from({ length: 4 }, () => plannedA);
  const follow = () => plan(plant, [{ evseId: "a", transactionId, currentA: hour }], [], { peakCosts });
  follow();
  run((SLOT_MS - (plant.nowMs() % SLOT_MS)) / 1000 + 2);
  const factsBefore = plant.factsOf("limit-changed").length;
  const slots = hour.map(() => {
    follow();
    let sumA = 0;
    for (let second = 0; second < SLOT_MS / 1000; second++) {
      run(1);
      sumA += plant.drawsA("a");
    }
    return sumA / (SLOT_MS / 1000);
  });
  return { slots, facts: plant.factsOf("limit-changed").length - factsBefore, violations: checker.violations };
}

describe("a plan between two whole amperes", () => {
  test("is kept on the mean of each quarter-hour where a peak costs, never exceeded, with one change in each", () => {
    const { slots, facts, violations } = anHourOf(8.4, true);
    for (const meanA of slots) {
      expect(meanA).toBeGreaterThan(8.3);
      expect(meanA).toBeLessThanOrEqual(8.42);
    }
    expect(facts).toBeLessThanOrEqual(5);
    expect(violations).toEqual([]);
  });

  test("just below a whole ampere is not rounded up to it", () => {
    for (const meanA of anHourOf(8.97, true).slots) expect(meanA).toBeLessThanOrEqual(8.99);
  });

  test("is rounded where no peak costs: that is no message more", () => {
    const { slots, facts } = anHourOf(8.4, false);
    for (const meanA of slots) expect(meanA).toBe(8);
    expect(facts).toBe(0);
  });
});
