/** `npm run bench [-- NAME [OPTIONS]]`: one JSON line a figure, each beside a limit or a peer of the same run. */
import type { BenchLine } from "./line.ts";

type Bench = (options: readonly string[]) => Promise<readonly BenchLine[]>;

const BENCHES: Readonly<Record<string, Bench>> = {
  latency: async () => (await import("./latency.ts")).benchLatency(),
  plan: async () => (await import("./plan.ts")).benchPlan(),
  ledger: async () => (await import("./ledger.ts")).benchLedger(),
  card: async () => (await import("./card.ts")).benchCard(),
  ocpi: async () => (await import("./ocpi.ts")).benchOcpi(),
  load: async () => (await import("./load.ts")).benchLoad(),
  forecast: async (options) => (await import("./forecast.ts")).benchForecast(options),
  process: async () => (await import("./process.ts")).benchProcess(),
};
/** Takes minutes to an hour: only when it is asked for. */
const LONG: Readonly<Record<string, Bench>> = {
  regret: async (options) => (await import("./regret.ts")).benchRegret(options),
};

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
