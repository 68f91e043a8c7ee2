import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { PlanInput } from "../core/facts/plan-facts.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { type Scenario, slotIndexOf } from "../sim/scenario.ts";
import { informedScenario, TRUTHS, trueForecasts } from "./informed.ts";
import { readScenario } from "./scenario-file.ts";
import { simulate } from "./simulate.ts";

const SCENARIOS = fileURLToPath(new URL("../../config/scenarios", import.meta.url));

function scenarioOf(name: string, days: number): Scenario {
  const result = readScenario(join(SCENARIOS, `${name}.yaml`), days);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.scenario;
}

describe("a controller that is told the truth", () => {
  it("plans every car with what it takes until it leaves, at prices of which none is guessed", async () => {
    const { sessions, ...day } = scenarioOf("public", 1);
    const endMs = day.startMs + 12 * 3_600_000;
    const scenario = { ...day, endMs, sessions: sessions.filter(({ departureMs }) => departureMs <= endMs) };
    const inputs: PlanInput[] = [];
    await simulate(scenario, {
      told: TRUTHS,
      onFacts: (facts) => {
        for (const fact of facts) if (fact.type === "plan-made") inputs.push(fact.data.input);
      },
    });
    const isTold = (evseId: string, plannedMs: number) =>
      scenario.sessions.some((car) => {
        const spareMs = car.departureMs - plannedMs;
        return car.evseId === evseId && spareMs >= 0 && spareMs < SLOT_MS;
      });
    const planned = inputs.flatMap(({ nowMs, evses }) =>
      evses.filter(({ departureMs }) => departureMs > nowMs + SLOT_MS),
    );
    expect(planned.length).toBeGreaterThan(10);
    for (const { evseId, departureMs } of planned) expect(isTold(evseId, departureMs)).toBe(true);
    for (const { startMs, importEurPerKwh } of inputs) {
      const from = slotIndexOf(scenario, startMs);
      expect(importEurPerKwh).toEqual(scenario.billedImportEurPerKwh.slice(from, from + importEurPerKwh.length));
    }
  });

  it("hears of load and sun what they will be", () => {
    const scenario = scenarioOf("home", 2);
    const nowMs = scenario.startMs + 10 * SLOT_MS + 1000;
    const told = trueForecasts(scenario, nowMs).flatMap((draft) =>
      draft.type === "forecast-received" ? [draft.data] : [],
    );
    expect(told.map(({ kind }) => kind)).toEqual(["building", "pv"]);
    for (const { kind, series } of told) {
      expect(series.startMs).toBe(scenario.startMs + 10 * SLOT_MS);
      const truth = kind === "pv" ? scenario.pvW : scenario.loadW;
      expect(series.powerW.slice(0, 96)).toEqual(truth.slice(10, 106));
    }
  });

  it("keeps the cars, the bill and the limits as they are", () => {
    const scenario = scenarioOf("workplace", 1);
    const { sessions, importEurPerKwh: _, isDayAhead: __, ...rest } = informedScenario(scenario);
    expect(scenario).toMatchObject(rest);
    for (const [index, session] of sessions.entries()) {
      const { requestedWh, statedDepartureMs, ...car } = session;
      expect(scenario.sessions[index]).toMatchObject(car);
      expect([requestedWh, statedDepartureMs]).toEqual([car.energyWh, car.departureMs]);
    }
  });

  it("is told of nothing else where only some of it is told", () => {
    const scenario = scenarioOf("home", 2);
    const kinds = trueForecasts(scenario, scenario.startMs, ["sun"]).map(({ data }) => "kind" in data && data.kind);
    expect(kinds).toEqual(["pv"]);
    expect(informedScenario(scenario, ["load", "sun"])).toEqual(scenario);
    const [told] = informedScenario(scenario, ["energies"]).sessions;
    expect(told!.requestedWh).toBe(told!.energyWh);
    expect(told!.statedDepartureMs).toBeUndefined();
  });
});
