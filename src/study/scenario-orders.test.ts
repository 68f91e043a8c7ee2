/** Flexibility orders of a scenario. */
import { describe, expect, it } from "vitest";
import { equalShares } from "../sim/baselines.ts";
import { createLinearSolver } from "../solver/glpk.ts";
import { perfectForesight } from "./perfect-foresight.ts";
import { file, read, SESSION_COLUMNS, SITE, scenarioOf } from "./scenario-file.test-kit.ts";
import { toldOrders } from "./scenario-orders.ts";
import { simulate } from "./simulate.ts";

describe("flexibility orders", () => {
  const DAY_IN_JUNE = "period: { from: 2025-06-02, days: 1 }";
  const session = "s1,x,a,2025-06-02T06:00:00Z,2025-06-02T16:00:00Z,11,11,2025-06-02T16:00:00Z,,11.04,3,";
  const dear = (fromUtc: number, toUtc: number) =>
    Array.from({ length: 48 }, (_, hour) => {
      const cheap = hour >= fromUtc && hour < toUtc;
      return `${new Date(Date.UTC(2025, 5, 1, 22 + hour)).toISOString()},${cheap ? 0.05 : 0.4}`;
    });
  const lines = [DAY_IN_JUNE, SITE, "tariff: { import: { kind: day-ahead } }"];
  const data = "data: { sessions: ordered.csv, prices: cheap.csv }";
  const order = (more = "") => `orders: [{ from: 2025-06-02T12:00, to: 2025-06-02T14:00, importLimitW: 5000${more} }]`;

  it("are a limit of the site in their time for plan, guard, rules and the best possible, and lift no fuse", async () => {
    file("ordered.csv", [SESSION_COLUMNS, session].join("\n"));
    // 12:00 to 14:00 at the site is by far the cheapest.
    file("cheap.csv", ["start_utc,eur_per_kwh", ...dear(12, 14)].join("\n"));
    const free = scenarioOf([...lines, data]).scenario;
    const { scenario } = scenarioOf([...lines, order(), data]);
    const within = (gridW: readonly number[]) => gridW.slice(48, 56);
    const kwh = (gridW: readonly number[]) => within(gridW).reduce((sum, powerW) => sum + powerW / 4000, 0);
    expect(kwh((await simulate(free)).gridW)).toBeGreaterThan(10);
    const kept = await simulate(scenario);
    expect(Math.max(...within(kept.gridW))).toBeLessThanOrEqual(5050);
    // As much as it allows is used, the rest is charged at another time.
    expect(kwh(kept.gridW)).toBeGreaterThan(8);
    expect(kept.energyDeliveredWh).toBeGreaterThan(10_900);
    const best = perfectForesight(scenario, { linear: await createLinearSolver(), endValueEurPerKwh: 0 });
    expect(Math.max(...within(best!.gridW))).toBeLessThanOrEqual(5001);
    const late = { ...scenario, orders: scenario.orders!.map((one) => ({ ...one, startMs: scenario.startMs })) };
    expect(Math.max(...equalShares(late).gridW.slice(0, 56))).toBeLessThanOrEqual(5001);
    const high = { ...scenario, orders: scenario.orders!.map((one) => ({ ...one, importLimitW: 500_000 })) };
    expect((await simulate(high)).peakA).toBeLessThanOrEqual(32);
  });

  it("are told as early as the file says; one that ends before it begins is refused", () => {
    const { scenario } = scenarioOf([...lines, order(", toldHoursBefore: 2"), data]);
    const hourMs = 3_600_000;
    const told = (hour: number) => toldOrders(scenario, scenario.startMs + hour * hourMs, hourMs).length;
    expect([9, 10, 11].map(told)).toEqual([0, 1, 0]);
    const early = scenarioOf([...lines, order(), data]).scenario;
    expect(toldOrders(early, early.startMs + 1000, 1000)[0]?.data).toMatchObject({
      limitW: [{ startMs: Date.UTC(2025, 5, 2, 10), endMs: Date.UTC(2025, 5, 2, 12), value: 5000 }],
    });
    const wrong = read([...lines, order().replace("T14:00", "T11:00"), data]);
    expect(wrong.ok ? [] : wrong.problems).toMatchObject([{ line: 5, path: "orders.0.to" }]);
  });
});
