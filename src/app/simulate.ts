/** The whole controller on a scenario in virtual time: the same guard, plans and leases as on a real site. */

import { stringify } from "yaml";
import type { Envelope } from "../core/fact.ts";
import type { SiteFact } from "../core/facts/index.ts";
import type { Ledger, Prices, Tape } from "../core/ports.ts";
import { siteModel } from "../core/site-model.ts";
import { initialState } from "../core/state.ts";
import { type Scenario, scenarioConfiguration, scenarioPrice } from "../sim/scenario.ts";
import type { ScenarioSession, ScenarioTotals } from "../sim/scenario-site.ts";
import { VirtualClock } from "../sim/virtual-clock.ts";
import { createVirtualSite } from "../sim/virtual-site.ts";
import { createInlineSolver } from "../solver/solver.ts";
import { parseConfiguration } from "./configuration.ts";
import { Controller } from "./controller.ts";
import { silentLog } from "./log.ts";
import { Recorder } from "./recorder.ts";

export interface SimulationResult extends ScenarioTotals {
  readonly interventions: number;
  readonly limitsSent: number;
  readonly plans: number;
  readonly plansByRules: number;
  readonly facts: number;
}

/** A ledger in memory that keeps what is looked up again and counts the rest. */
export function memoryLedger(): Ledger & { readonly counts: Map<string, number>; readonly facts: SiteFact[] } {
  const keyed = new Map<string, Envelope>();
  const counts = new Map<string, number>();
  const facts: SiteFact[] = [];
  let lastSeq = 0;
  return {
    counts,
    facts,
    get lastSeq() {
      return lastSeq;
    },
    async append(appended) {
      for (const fact of appended) {
        counts.set(fact.type, (counts.get(fact.type) ?? 0) + 1);
        if (fact.key !== undefined) keyed.set(fact.key, fact);
        if (fact.type === "plan-made" && fact.data.result.status === "rule-based")
          counts.set("rule-based", (counts.get("rule-based") ?? 0) + 1);
        lastSeq = fact.seq;
      }
    },
    findByKey: (key) => keyed.get(key),
    read: () => [],
    saveSnapshot: () => {},
    close: () => {},
  };
}

const NO_TAPE: Tape = { write() {}, flush() {}, close() {} };

/** What the driver typed at the workplace's terminal, where something was. */
function wishDraft(scenario: Scenario, session: ScenarioSession) {
  const { requestedWh, statedDepartureS, evseId } = session;
  if (requestedWh === undefined && statedDepartureS === undefined) return undefined;
  return {
    type: "wish-stated" as const,
    source: "driver",
    data: {
      evseId,
      by: "driver",
      ...(requestedWh === undefined ? {} : { energyWh: Math.max(requestedWh, session.energyWh) }),
      ...(statedDepartureS === undefined ? {} : { departureMs: scenario.startMs + statedDepartureS * 1000 }),
    },
  };
}

/** Runs the scenario; `onHour` hears of each simulated hour. */
export async function simulate(
  scenario: Scenario,
  onHour: (hour: number) => void = () => {},
): Promise<SimulationResult> {
  const parsed = parseConfiguration(stringify(scenarioConfiguration(scenario)), scenario.name);
  if (!parsed.ok) throw new Error(`The scenario's site is refused: ${parsed.problems[0]?.message}`);
  const site = siteModel(parsed.configuration);
  const clock = new VirtualClock(scenario.startMs);
  const prices: Prices = {
    importEurPerKwh: (slotMs) => scenarioPrice(scenario, slotMs),
    exportEurPerKwh: () => scenario.exportEurPerKwh,
  };
  const ledger = memoryLedger();
  const recorder = new Recorder({ ledger, state: initialState(), boot: "simulation", clock, log: silentLog });
  const solver = createInlineSolver();
  const controller = new Controller({
    site,
    recorder,
    tape: NO_TAPE,
    clock,
    log: silentLog,
    prices,
    solver,
    simulated: true,
  });
  const virtual = createVirtualSite({
    scenario,
    clock,
    sink: controller.sink,
    handle: (input) => controller.handle(input),
    onArrival: (session) => {
      const draft = wishDraft(scenario, session);
      if (draft) void recorder.note([draft]);
    },
  });
  controller.attach(virtual);
  await virtual.connect();
  for (let second = 0; second < scenario.days * 86_400; second++) {
    await clock.advance(1000);
    await virtual.step();
    await controller.tick();
    if (second % 3600 === 0) onHour(second / 3600);
  }
  return {
    ...virtual.site.totals(),
    interventions: controller.health().interventions,
    limitsSent: virtual.limitsSent(),
    plans: ledger.counts.get("plan-made") ?? 0,
    plansByRules: ledger.counts.get("rule-based") ?? 0,
    facts: ledger.lastSeq,
  };
}
