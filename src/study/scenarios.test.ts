/** The scenarios that come with wattledger. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { uncontrolled } from "../sim/baselines.ts";
import { createLinearSolver } from "../solver/glpk.ts";
import { perfectForesight } from "./perfect-foresight.ts";
import { readScenario } from "./scenario-file.ts";
import { simulate } from "./simulate.ts";

const SCENARIOS = fileURLToPath(new URL("../../config/scenarios", import.meta.url));

describe("the scenarios that come with wattledger", () => {
  const names = readdirSync(SCENARIOS).filter((name) => name.endsWith(".yaml"));

  it.each(
    names,
  )("%s can be read, has cars, and its best plan never costs more than uncontrolled charging", async (name) => {
    const result = readScenario(join(SCENARIOS, name), 10);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const { scenario } = result;
    expect(scenario.sessions.length).toBeGreaterThan(3);
    const optimum = perfectForesight(scenario, { linear: await createLinearSolver(), endValueEurPerKwh: 0.2 });
    const free = uncontrolled(scenario);
    const storedKwh = ((free.batteryEndWh ?? 0) - (optimum?.batteryEndWh ?? 0)) / 1000;
    const missingKwh = (free.energyDeliveredWh - (optimum?.energyDeliveredWh ?? 0)) / 1000;
    expect(missingKwh).toBeLessThan(0.01 * (free.energyDeliveredWh / 1000));
    const best = (optimum?.costEur ?? Number.NaN) + (optimum?.wearEur ?? 0) + storedKwh * 0.2 + missingKwh;
    expect(best).toBeLessThanOrEqual(free.costEur + free.wearEur + 0.05);
  });

  it("run the same twice", async () => {
    const result = readScenario(join(SCENARIOS, "public.yaml"), 1);
    if (!result.ok) throw new Error("refused");
    const { startMs, sessions } = result.scenario;
    const endMs = startMs + 14 * 3_600_000;
    const day = { ...result.scenario, endMs, sessions: sessions.filter(({ departureMs }) => departureMs <= endMs) };
    const [once, twice] = [await simulate(day), await simulate(day)];
    expect(once.sessions).toBeGreaterThan(3);
    expect(twice).toEqual(once);
  });
});
