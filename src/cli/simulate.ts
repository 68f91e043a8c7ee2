/** `wattledger simulate`: a measured workplace in virtual time, beside charging at once and equal shares. */
import { parseArgs } from "node:util";
import { simulate as runSimulation } from "../app/simulate.ts";
import { equalShares, uncontrolled } from "../sim/baselines.ts";
import { workplaceScenario } from "../sim/scenario.ts";
import type { ScenarioTotals } from "../sim/scenario-site.ts";

const ROWS: readonly (readonly [string, (totals: ScenarioTotals) => string])[] = [
  ["energy delivered, kWh", (totals) => (totals.energyDeliveredWh / 1000).toFixed(1)],
  ["energy asked, kWh", (totals) => (totals.energyAskedWh / 1000).toFixed(1)],
  ["sessions short by > 0.5 kWh", (totals) => `${totals.sessionsShort} of ${totals.sessions}`],
  ["cost of the site, EUR", (totals) => totals.costEur.toFixed(2)],
  ["peak, kW", (totals) => (totals.peakW / 1000).toFixed(1)],
  ["highest phase current, A", (totals) => totals.peakA.toFixed(1)],
  ["seconds above the fuse", (totals) => String(totals.secondsOverFuse)],
];

/** Exit code 0, 2 usage. */
export async function simulate(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { days: { type: "string", default: "7" }, json: { type: "boolean", default: false } },
  });
  const days = Number(values.days);
  if (!Number.isInteger(days) || days < 1 || days > 7) {
    console.error("Usage: wattledger simulate [--days 1..7] [--json]");
    return 2;
  }
  const scenario = workplaceScenario(days);
  const startedMs = performance.now();
  const report = (hour: number) => {
    if (!values.json && process.stderr.isTTY) process.stderr.write(`\r${scenario.name}: hour ${hour} of ${days * 24} `);
  };
  const own = await runSimulation(scenario, report);
  const tookS = (performance.now() - startedMs) / 1000;
  const columns = { wattledger: own, "at once": uncontrolled(scenario), "equal shares": equalShares(scenario) };
  if (values.json) {
    console.log(
      JSON.stringify(
        { scenario: scenario.name, fuseA: scenario.fuseA, evses: scenario.evses.length, tookS, ...columns },
        null,
        2,
      ),
    );
    return 0;
  }
  console.log(
    `\n${scenario.name}: ${scenario.evses.length} EVSEs behind ${scenario.fuseA} A, ${own.sessions} sessions\n`,
  );
  console.log(["".padEnd(30), ...Object.keys(columns).map((name) => name.padStart(14))].join(""));
  for (const [name, value] of ROWS)
    console.log([name.padEnd(30), ...Object.values(columns).map((totals) => value(totals).padStart(14))].join(""));
  console.log(
    `\nguard interventions ${own.interventions}, limits sent ${own.limitsSent}, plans ${own.plans} (${own.plansByRules} by rules), facts ${own.facts}; virtual time took ${tookS.toFixed(0)} s`,
  );
  return 0;
}
