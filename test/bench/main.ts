/** `npm run bench`: one JSON line a figure, each beside a limit or a peer of the same run. */
import { benchLatency } from "./latency.ts";
import { benchLedger } from "./ledger.ts";
import { benchPlan } from "./plan.ts";
import { benchProcess } from "./process.ts";

const BENCHES = { latency: benchLatency, plan: benchPlan, ledger: benchLedger, process: benchProcess } as const;

const asked = process.argv.slice(2);
for (const [name, bench] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  for (const line of await bench()) console.log(JSON.stringify(line));
}
process.exit(0);
