import { describe, expect, test } from "vitest";
import type { SiteFact } from "../src/core/facts/index.ts";
import type { Scenario } from "../src/sim/scenario.ts";
import { TRUTHS, type Truth } from "../src/study/informed.ts";
import { file, scenarioOf } from "../src/study/scenario-file.test-kit.ts";
import { simulate } from "../src/study/simulate.ts";
import { SiteRig } from "./site-rig.ts";

const HOUR_MS = 3_600_000;

describe("a car that is announced", () => {
  test("is planned at once, is known when it comes, also after a restart, and its driver need not say anything", async () => {
    const rig = new SiteRig({ stalls: [{ id: "left" }, { id: "right" }] });
    await rig.connectAll();
    await rig.run(20);
    const arrivalMs = rig.clock.wallMs() + HOUR_MS;
    const departureMs = arrivalMs + 5 * HOUR_MS;
    const data = { visitId: "anna", token: "ANNA", arrivalMs, departureMs, energyWh: 9_000, by: "test" };
    await rig.controller.record([{ type: "visit-announced", source: "test", data }]);
    await rig.run(20);
    const planned = rig.facts("plan-made").at(-1)!.data;
    expect(planned.trigger).toBe("a visit was announced or withdrawn");
    expect(planned.input.evses).toMatchObject([{ visitId: "anna", evseId: "left" }]);
    rig.restart();
    await rig.connectAll();
    await rig.plugIn("right", { token: "ANNA", override: false });
    await rig.run(20);
    expect(rig.facts("visit-began").map(({ data: { visitId, evseId } }) => [visitId, evseId])).toEqual([
      ["anna", "right"],
    ]);
    const cars = rig.facts("plan-made").at(-1)!.data.input.evses;
    expect(cars.map(({ evseId, visitId }) => [evseId, visitId])).toEqual([["right", undefined]]);
    expect(rig.controller.live().evses[1]).toMatchObject({ askedWh: 9_000, departureMs, departureSaid: "driver" });
  });
});

describe("a garage whose fuse carries one car at a time", () => {
  const START_MS = Date.UTC(2026, 4, 12);
  const at = (hour: number) => new Date(START_MS + hour * HOUR_MS).toISOString();

  /** One car from noon to four with time to spare, and one that wants all of the room from two to four, when it is cheap. */
  function afternoon(): Scenario {
    const rows = (header: string, value: (hour: number) => number) =>
      [header, ...Array.from({ length: 96 }, (_, slot) => `${at(slot / 4)},${value(slot / 4)}`)].join("\n");
    const header = "session_id,station_id,arrival_utc,departure_utc,energy_kwh,max_kw,phases";
    const cars = [`1,one,${at(12)},${at(16)},6,3.68,1`, `2,two,${at(14)},${at(16)},6,3.68,1`];
    const price = (hour: number) => (hour >= 14 ? 0.1 : 0.3);
    file("cars.csv", [header, ...cars, ""].join("\n"));
    file("prices.csv", rows("start_utc,eur_per_kwh", price));
    file(
      "load.csv",
      rows("start_utc,load_kw", () => 0.2),
    );
    return scenarioOf([
      "period: { from: 2026-05-12, days: 1 }",
      "site:",
      "  timeZone: UTC",
      "  country: NL",
      "  mainFuseA: 16",
      "  evses:",
      "    - { id: one, maxCurrentA: 16, phases: [L1] }",
      "    - { id: two, maxCurrentA: 16, phases: [L1] }",
      "tariff: { import: { kind: day-ahead } }",
      "data: { sessions: cars.csv, prices: prices.csv, load: load.csv }",
    ]).scenario;
  }

  /** What both cars get, kWh; and what the first has when the second comes. */
  async function delivered(told: readonly Truth[]): Promise<{ both: number; firstByTwo: number }> {
    const facts: SiteFact[] = [];
    const run = await simulate(afternoon(), { told, onFacts: (batch) => void facts.push(...batch) });
    const byTwoWh = facts.reduce((sumWh, fact) => {
      const isEarly = fact.type === "transaction-metered" && fact.data.slotStartMs < START_MS + 14 * HOUR_MS;
      return isEarly ? sumWh + fact.data.energyWh : sumWh;
    }, 0);
    const wh = [...run.deliveredWh.values()].reduce((sum, one) => sum + one, 0);
    return { both: wh / 1000, firstByTwo: byTwoWh / 1000 };
  }

  test("charges the one that is there before the announced one comes: both get more than where nobody was announced", async () => {
    const surprised = await delivered(TRUTHS.filter((truth) => truth !== "arrivals"));
    expect(surprised.firstByTwo).toBeLessThan(1);
    const announced = await delivered(TRUTHS);
    expect(announced.firstByTwo).toBeGreaterThan(4);
    expect(announced.both).toBeGreaterThan(surprised.both + 3);
  });
});
