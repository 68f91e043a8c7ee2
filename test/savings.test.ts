/** The savings that the books show are those that were really made: the simulated site knows both worlds. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { SiteFact } from "../src/core/facts/index.ts";
import { siteModel } from "../src/core/site/site-model.ts";
import { savingsByMonth } from "../src/ledger/export-savings.ts";
import { equalShares, uncontrolled } from "../src/sim/baselines.ts";
import { readScenario } from "../src/study/scenario-file.ts";
import { simulate } from "../src/study/simulate.ts";

const APARTMENTS = fileURLToPath(new URL("../config/scenarios/apartments.yaml", import.meta.url));

describe("a day of the apartments", () => {
  it("the ledger's uncontrolled and equal-shares bills are those of sites that really charged like that", async () => {
    const read = readScenario(APARTMENTS, 1);
    if (!read.ok) throw new Error("the scenario is refused");
    const { scenario } = read;
    const facts: SiteFact[] = [];
    const real = await simulate(scenario, { onFacts: (more) => facts.push(...more) });
    const [month] = savingsByMonth(facts, {
      fromMs: 0,
      toMs: Number.POSITIVE_INFINITY,
      time: (atMs) => new Date(atMs).toISOString(),
      site: siteModel(scenario.configuration),
    });
    if (!month) throw new Error("there is no month");
    expect(month.sessions + month.sessionsLeftOut).toBe(scenario.sessions.length);
    expect(month.sessionsLeftOut).toBeLessThanOrEqual(1);
    // The last quarter-hour ends with the simulation and has no fact yet.
    const near = (eur: number) => expect(Math.abs(eur) / real.costEur).toBeLessThan(0.012);
    near(month.actual.costEur - real.costEur);
    near(month.uncontrolled.costEur - uncontrolled(scenario).costEur);
    near((month.equalShares?.costEur ?? Number.NaN) - equalShares(scenario).costEur);
    expect(month.uncontrolled.peakW).toBeGreaterThan(month.actual.peakW);
  });
});
