import { expect, it } from "vitest";
import type { PlanInput } from "../core/facts/plan-facts.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { planEvse, planInput, START_MS } from "../planner/plan-input.test-kit.ts";
import { ruleBasedPlan } from "../planner/rules/rules.ts";
import { soundPlan } from "../solver/plan.test-kit.ts";
import { planReasons } from "./plan-reasons.ts";

const site = { configuration: { site: { timeZone: "UTC" } }, evseById: new Map() } as unknown as SiteModel;
const slots = 8;
/** A car that has four quarter-hours for what takes nearly four, and may change the import by 5 kW at a time. */
const input = (evse: Parameters<typeof planEvse>[0]): PlanInput => ({
  ...planInput({ slots, evses: [planEvse(evse)] }),
  ramp: { limitW: 5_000, before: { netW: 0, restingW: 0 } },
});
const reasonsOf = (asked: PlanInput, result = soundPlan(asked)) =>
  planReasons({ seq: 1, madeMs: START_MS, trigger: "test", input: asked, result }, site);

it("a plan that goes beyond a limited ramp for a driver says when and by how much, beside what the ramp keeps from cars", () => {
  const hasty = reasonsOf(input({ energyNeededWh: 10_500, departureMs: START_MS + 4 * SLOT_MS }));
  expect(hasty.ramp).toMatch(
    /^The import changes in 2 quarter-hours by more than the 5\.0 kW that are allowed, most at \d\d:\d\d by \d\.\d kW too much: what drivers need goes first\.$/,
  );
  const calm = reasonsOf(input({ energyNeededWh: 8_000 }));
  expect(calm.ramp).toBeUndefined();
  const texts = calm.evses[0]!.slots.map(({ text }) => text);
  expect(texts.join("\n")).toContain("the limit of 5.0 kW by which the import may change has no room left");
});

it("one by rules says itself that it keeps no ramp", () => {
  const asked = input({ energyNeededWh: 10_500, departureMs: START_MS + 4 * SLOT_MS });
  const result = ruleBasedPlan(asked, "No solver");
  expect(Math.max(...result.rampOverW!)).toBeGreaterThan(1_000);
  expect(reasonsOf(asked, result).ramp).toBeUndefined();
  expect(result.detail).toContain("It does not keep the limit");
});

it("an announced car has its reasons, too: when it comes, what is cheaper before, and why it will be short", () => {
  const announced = {
    ...{ transactionId: -1, visitId: "b-17", connectedSinceMs: START_MS + 3.2 * SLOT_MS },
    ...{ ceilingW: [0, 0, 0, 0], energyNeededWh: 30_000, departureMs: START_MS + 7 * SLOT_MS },
  };
  const importEurPerKwh = [0.1, 0.1, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3];
  const [row] = reasonsOf(planInput({ slots, importEurPerKwh, evses: [planEvse(announced)] })).evses;
  expect(row).toMatchObject({ visitId: "b-17", evseId: "evse-1" });
  expect(row).not.toHaveProperty("transactionId");
  expect(row!.slots.map(({ reason }) => reason.kind)).toEqual([
    ...new Array(4).fill("absent"),
    ...new Array(3).fill("maximum"),
    "gone",
  ]);
  expect(row!.slots[0]!.text).toBe("has not come yet");
  expect(row!.slots[4]!.text).toMatch(
    /all that the car takes; \d\d:\d\d would be 20\.0 ct cheaper, but the car will not/,
  );
  expect(row!.short).toBe("21.7 kWh will be missing: the time until it leaves is too short for more");
  const circuits = [{ circuitId: "grid", limitA: 8 }];
  const [tight] = reasonsOf(planInput({ slots, circuits, evses: [planEvse(announced)] })).evses;
  expect(tight!.short).toMatch(/^\d+\.\d kWh will be missing: the building fuse L1 allows no more$/);
  const [served] = reasonsOf(planInput({ slots, evses: [planEvse({ ...announced, energyNeededWh: 5_000 })] })).evses;
  expect(served).not.toHaveProperty("short");
});
