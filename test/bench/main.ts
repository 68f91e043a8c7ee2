/** `npm run bench [-- NAME [OPTIONS]]`: one JSON line a figure, each beside a limit or a peer of the same run. */
import { benchCard } from "./card.ts";
import { benchForecast } from "./forecast.ts";
import { benchLatency } from "./latency.ts";
import { benchLedger } from "./ledger.ts";
import type { BenchLine } from "./line.ts";
import { benchLoad } from "./load.ts";
import { benchOcpi } from "./ocpi.ts";
import { benchPlan } from "./plan.ts";
import { benchProcess } from "./process.ts";
import { benchRegret } from "./regret.ts";

type Bench = (options: readonly string[]) => Promise<readonly BenchLine[]>;

const BENCHES: Readonly<Record<string, Bench>> = {
  latency: benchLatency,
  plan: benchPlan,
  ledger: benchLedger,
  card: benchCard,
  ocpi: benchOcpi,
  load: benchLoad,
  forecast: benchForecast,
  process: benchProcess,
};
/** Takes minutes to an hour: only when it is asked for. */
const LONG: Readonly<Record<string, Bench>> = { regret: benchRegret };

const [first, ...options] = process.argv.slice(2);
const known = { ...BENCHES, ...LONG };
const names = first === undefined ? Object.keys(BENCHES) : [first, ...options.filter((name) => name in known)];
for (const name of names) {
  const bench = known[name];
  if (!bench) {
    console.error(`There is no bench ${name}. Known: ${Object.keys(known).join(", ")}`);
    process.exit(2);
  }
  for (const line of await bench(options)) console.log(JSON.stringify(line));
}
process.exit(0);
