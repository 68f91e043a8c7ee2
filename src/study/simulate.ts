/** The whole controller on a scenario in virtual time: the same guard, plans and leases as on a real site. */

import { silentLog } from "../app/log.ts";
import { Recorder } from "../app/recording/recorder.ts";
import { Controller } from "../app/tick/controller.ts";
import type { Envelope } from "../core/facts/fact.ts";
import type { SiteDraft, SiteFact } from "../core/facts/index.ts";
import type { Clock, Ledger, Prices, Solver, Tape } from "../core/ports.ts";
import { siteModel } from "../core/site/site-model.ts";
import { initialState, type SiteState } from "../core/state/state.ts";
import { midnightMs, wallClockMs } from "../core/time/calendar.ts";
import { type Scenario, type ScenarioSession, slotIndexOf } from "../sim/scenario.ts";
import type { ScenarioTotals } from "../sim/scenario-books.ts";
import type { ScenarioSite } from "../sim/scenario-site.ts";
import { VirtualClock } from "../sim/virtual-clock.ts";
import { createVirtualSite } from "../sim/virtual-site.ts";
import { createInlineSolver } from "../solver/inline-solver.ts";
import {
  announcedVisits,
  forecastIsDue,
  informedScenario,
  type Truth,
  toldIntensity,
  trueForecasts,
} from "./informed.ts";
import { toldOrders } from "./scenario-orders.ts";

export interface SimulationResult extends ScenarioTotals {
  readonly interventions: number;
  readonly limitsSent: number;
  readonly plans: number;
  readonly plansByRules: number;
  readonly facts: number;
}

export interface SimulationOptions {
  /** Hears of each simulated day. */
  readonly onDay?: (day: number) => void;
  /** Hears of every fact. */
  readonly onFacts?: (facts: readonly SiteFact[]) => void;
  readonly solver?: Solver;
  /** Empty books to write to instead of memory; they stay open. */
  readonly books?: { readonly ledger: Ledger; readonly tape: Tape };
  /** Called after each step and awaited. */
  readonly onStep?: (nowMs: number, state: SiteState) => Promise<void>;
  /** Of these the controller is told the truth. */
  readonly told?: readonly Truth[];
  /** What the site knew before the first second, such as quarter-hours of the weeks before. */
  readonly before?: readonly SiteDraft[];
}

/** A ledger in memory that keeps what is looked up again. */
function memoryLedger(): Ledger {
  const keyed = new Map<string, Envelope>();
  let lastSeq = 0;
  return {
    get lastSeq() {
      return lastSeq;
    },
    async append(appended) {
      for (const fact of appended) {
        if (fact.key !== undefined) keyed.set(fact.key, fact);
        lastSeq = fact.seq;
      }
    },
    findByKey: (key) => keyed.get(key),
    read: () => [],
    saveSnapshot: () => {},
    close: () => {},
  };
}

/** Counts of what is recorded: plans, and those of them that were made by rules. */
function countPlans(recorder: Recorder): { plans: number; byRules: number } {
  const counts = { plans: 0, byRules: 0 };
  recorder.subscribe((facts) => {
    for (const fact of facts) {
      if (fact.type !== "plan-made") continue;
      counts.plans++;
      if (fact.data.result.status === "rule-based") counts.byRules++;
    }
  });
  return counts;
}

const DAY_MS = 86_400_000;
/** The auction's result is out by then, local time. */
const PUBLISHED_MS = 13 * 3_600_000;

/** The prices as a site knows them: a market's to the end of today, and of tomorrow once they are published. */
function scenarioPrices(scenario: Scenario, clock: Pick<Clock, "wallMs">): Prices {
  let untilMs = 0;
  let checkedMs = Number.NEGATIVE_INFINITY;
  const knownUntilMs = () => {
    const nowMs = clock.wallMs();
    if (nowMs - checkedMs < 60_000) return untilMs;
    checkedMs = nowMs;
    const wallMs = wallClockMs(nowMs, scenario.timeZone);
    const days = wallMs % DAY_MS >= PUBLISHED_MS ? 2 : 1;
    const day = new Date(Math.floor(wallMs / DAY_MS) * DAY_MS + days * DAY_MS).toISOString().slice(0, 10);
    untilMs = midnightMs(day, scenario.timeZone);
    return untilMs;
  };
  return {
    importEurPerKwh(slotMs) {
      if (scenario.isDayAhead && slotMs >= knownUntilMs()) return undefined;
      return scenario.importEurPerKwh[slotIndexOf(scenario, slotMs)];
    },
    exportEurPerKwh: (slotMs) => scenario.exportEurPerKwh[slotIndexOf(scenario, slotMs)],
  };
}

/** What the driver typed, where something was. */
function wishDraft(session: ScenarioSession) {
  const { requestedWh, statedDepartureMs, evseId } = session;
  if (requestedWh === undefined && statedDepartureMs === undefined) return undefined;
  return {
    type: "wish-stated" as const,
    source: "driver",
    data: {
      evseId,
      by: "driver",
      ...(requestedWh === undefined ? {} : { energyWh: requestedWh }),
      ...(statedDepartureMs === undefined ? {} : { departureMs: statedDepartureMs }),
    },
  };
}

/** While nothing draws that could be limited, meters are read less often; never too late for the guard. */
const IDLE_STEP_S = 4;

function stepSeconds(site: ScenarioSite, nowMs: number): number {
  if (site.battery) return 1;
  for (const { car } of site.present().values()) if (car.currentA > 0) return 1;
  return site.nextArrivalMs() - nowMs > IDLE_STEP_S * 1000 ? IDLE_STEP_S : 1;
}

/** Runs the scenario from its first to its last second. Equal scenarios give equal results. */
export async function simulate(measured: Scenario, options: SimulationOptions = {}): Promise<SimulationResult> {
  const { told = [] } = options;
  const scenario = informedScenario(measured, told);
  const clock = new VirtualClock(scenario.startMs);
  const ledger = options.books?.ledger ?? memoryLedger();
  const recorder = new Recorder({ ledger, state: initialState(), boot: "simulation", clock, log: silentLog });
  const counts = countPlans(recorder);
  if (options.onFacts) recorder.subscribe(options.onFacts);
  const controller = new Controller({
    site: siteModel(scenario.configuration),
    recorder,
    ...(options.books ? { tape: options.books.tape } : {}),
    clock,
    log: silentLog,
    prices: scenarioPrices(scenario, clock),
    solver: options.solver ?? createInlineSolver(),
    simulated: true,
  });
  const virtual = createVirtualSite({
    scenario,
    clock,
    sink: controller.sink,
    handle: (input) => controller.handle(input),
    onArrival: async (session) => {
      const draft = wishDraft(session);
      if (draft) await recorder.note([draft]);
    },
  });
  controller.attach(virtual);
  await virtual.connect();
  if (options.before) await recorder.note([...options.before]);
  await recorder.note(trueForecasts(scenario, scenario.startMs, told));
  await recorder.note(toldIntensity(scenario, scenario.startMs));
  let day = 0;
  while (clock.wallMs() < scenario.endMs) {
    const seconds = stepSeconds(virtual.site, clock.wallMs());
    await clock.advance(seconds * 1000);
    const heard = [
      ...toldOrders(scenario, clock.wallMs(), seconds * 1000),
      ...announcedVisits(scenario, clock.wallMs(), seconds * 1000, told),
    ];
    if (heard.length > 0) await recorder.note(heard);
    if (forecastIsDue(clock.wallMs(), seconds * 1000))
      await recorder.note([
        ...trueForecasts(scenario, clock.wallMs(), told),
        ...toldIntensity(scenario, clock.wallMs()),
      ]);
    await virtual.step(seconds);
    await controller.tick();
    // A real disk has taken everything long before a second is over; virtual seconds are shorter.
    if (options.books) await recorder.record(() => ({ drafts: [], answer: undefined }));
    await options.onStep?.(clock.wallMs(), recorder.state());
    if (clock.wallMs() >= scenario.startMs + (day + 1) * DAY_MS) options.onDay?.(++day);
  }
  return {
    ...virtual.site.totals(),
    interventions: controller.health().interventions,
    limitsSent: virtual.limitsSent(),
    plans: counts.plans,
    plansByRules: counts.byRules,
    facts: ledger.lastSeq,
  };
}
