/**
 * `npm run soak -- --seeds 1000`: lives through worlds of faults and says which of them broke what, and how to see it
 * again. `--from S` begins at another seed, `--workers K` uses K processes, `--only family/kind,family` draws these faults alone,
 * `--also family/kind` these besides, `--eight` has
 * eight EVSEs on 63 A as `check` proposes them, `--switching` has EVSEs that switch phases in every world, `--giving` cars
 * that give energy back, `--story` tells each world, `--disk file|memory` chooses where the ledger lies.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { asProposed, careless } from "./eight.ts";
import { drawWorld, type PlanOptions, type WorldPlan } from "./plan.ts";
import { storyOf, verdictOf } from "./story.ts";
import { World } from "./world.ts";

/** The most of all worlds. */
interface Most {
  longestOverS: number;
  longestOverInTroubleS: number;
  longestOverOperatorS: number;
  hottest: number;
  unavoidable: number;
  mostBacklog: number;
  mostStops: number;
  mostEasyStops: number;
  mostCalmTurns: number;
  longestUnbalancedS: number;
  longestBackS: number;
  longestExportS: number;
  longestHiddenS: number;
  mostGivenW: number;
}

interface Outcome extends Most {
  readonly seed: number;
  readonly broken: readonly string[];
}

interface Options extends PlanOptions {
  readonly eight: boolean;
  readonly from: number;
  readonly seeds: number;
  readonly step: number;
  readonly story: boolean;
}

const PROGRESS_EVERY = 50;

function planOf(seed: number, options: Options): WorldPlan {
  return options.eight ? asProposed(careless(seed, options)) : drawWorld(seed, options);
}

async function live(seed: number, options: Options): Promise<Outcome> {
  const world = new World(planOf(seed, options));
  const judge = await world.live().catch((error) => {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.stack : error}`);
  });
  const { currents, order, operator, giving } = judge;
  const { longestOverS, longestOverInTroubleS, hottest, unavoidable } = currents;
  const { mostBacklog, mostStops, mostEasyStops } = order;

  return {
    seed,
    broken: verdictOf(judge),
    longestOverS,
    longestOverInTroubleS,
    longestOverOperatorS: operator.longestOverS,
    hottest,
    unavoidable,
    mostBacklog,
    mostStops,
    mostEasyStops,
    mostCalmTurns: order.mostCalmTurns,
    longestUnbalancedS: Math.max(currents.longestUnbalancedS, giving.longestUnbalancedS),
    longestBackS: giving.longestBackS,
    longestExportS: giving.longestExportS,
    longestHiddenS: giving.longestHiddenS,
    mostGivenW: giving.mostGivenW,
  };
}

async function liveAll(options: Options, tell: (outcome: Outcome) => void): Promise<void> {
  for (let index = 0; index < options.seeds; index += options.step) tell(await live(options.from + index, options));
}

class Report {
  readonly #options: Options;
  readonly #startedMs = Date.now();
  readonly #most: Most = {
    longestOverS: 0,
    longestOverInTroubleS: 0,
    longestOverOperatorS: 0,
    hottest: 0,
    unavoidable: 0,
    mostBacklog: 0,
    mostStops: 0,
    mostEasyStops: 0,
    mostCalmTurns: 0,
    longestUnbalancedS: 0,
    longestBackS: 0,
    longestExportS: 0,
    longestHiddenS: 0,
    mostGivenW: 0,
  };
  /** The world of the hottest device. */
  #hottestSeed = 0;
  #done = 0;
  #failed = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  take(outcome: Outcome): void {
    this.#done++;
    if (outcome.hottest > this.#most.hottest) this.#hottestSeed = outcome.seed;
    for (const name of Object.keys(this.#most) as (keyof Most)[])
      this.#most[name] =
        name === "unavoidable" ? this.#most[name] + outcome[name] : Math.max(this.#most[name], outcome[name]);
    if (outcome.unavoidable > 0)
      console.log(`seed ${outcome.seed}: what nobody could lower opened a device, ${outcome.unavoidable} times`);
    if (outcome.broken.length > 0) this.#tell(outcome);
    else if (this.#options.story)
      console.log([`seed ${outcome.seed}`, ...storyOf(planOf(outcome.seed, this.#options))].join("\n  "));
    if (this.#done % PROGRESS_EVERY === 0) console.log(this.#progress());
  }

  #tell({ seed, broken }: Outcome): void {
    this.#failed++;
    const { only, also, disk, eight, switching, giving } = this.#options;
    const again = `npm run soak -- --seeds 1 --from ${seed}${only ? ` --only ${only.join()}` : ""}${also ? ` --also ${also.join()}` : ""}${disk ? ` --disk ${disk}` : ""}${eight ? " --eight" : ""}${switching ? " --switching" : ""}${giving ? " --giving" : ""}`;
    console.log(
      [`seed ${seed} BROKEN; again: ${again}`, ...storyOf(planOf(seed, this.#options)), ...broken].join("\n  "),
    );
  }

  #progress(): string {
    const seconds = Math.round((Date.now() - this.#startedMs) / 1000);
    return `${this.#done} of ${this.#options.seeds} worlds, ${this.#failed} broken, ${seconds} s`;
  }

  end(): number {
    const { longestOverS, longestOverInTroubleS, longestOverOperatorS, hottest, unavoidable } = this.#most;
    const { mostBacklog, mostStops, mostEasyStops, mostCalmTurns, longestUnbalancedS } = this.#most;
    console.log(this.#progress());
    console.log(
      `longest above a rating that cars could cure: ${longestOverS} s, in trouble ${longestOverInTroubleS} s, above the operator's limit ${longestOverOperatorS} s; hottest device ${hottest.toFixed(2)} of 1 (seed ${this.#hottestSeed}); ` +
        `opened by what nobody can lower: ${unavoidable}; most facts waiting ${mostBacklog}; most stops of a car in ten minutes ${mostStops}, ${mostEasyStops} of them with no fuse near; ` +
        `most turns of a limit in the calm ${mostCalmTurns}; longest unbalanced ${longestUnbalancedS} s`,
    );
    const { longestBackS, longestExportS, longestHiddenS, mostGivenW } = this.#most;
    if (mostGivenW > 0)
      console.log(
        `longest back through a fuse above its rating: ${longestBackS} s, above a limit of the export ${longestExportS} s, of a fuse that counts on it ${longestHiddenS} s; most given back ${Math.round(mostGivenW)} W`,
      );
    return this.#failed > 0 ? 1 : 0;
  }
}

function whole(text: string | undefined, otherwise: number): number {
  const value = Number(text ?? otherwise);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${text} is no whole number above 0`);
  return value;
}

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    from: { type: "string" },
    workers: { type: "string" },
    only: { type: "string" },
    also: { type: "string" },
    disk: { type: "string" },
    eight: { type: "boolean", default: false },
    switching: { type: "boolean", default: false },
    giving: { type: "boolean", default: false },
    story: { type: "boolean", default: false },
    worker: { type: "string" },
  },
});
const options: Options = {
  seeds: whole(values.seeds, 100),
  from: whole(values.from, 1),
  step: 1,
  eight: values.eight,
  story: values.story,
  ...(values.only === undefined ? {} : { only: values.only.split(",") }),
  ...(values.also === undefined ? {} : { also: values.also.split(",") }),
  ...(values.switching ? { switching: true } : {}),
  ...(values.giving ? { giving: true } : {}),
  ...(values.disk === "file" || values.disk === "memory" ? { disk: values.disk } : {}),
};
const workers = Math.min(whole(values.workers, 1), options.seeds);

if (values.worker !== undefined) {
  await liveAll({ ...options, step: workers }, (outcome) => process.send!(outcome));
  process.exit(0);
}
const report = new Report(options);
if (workers === 1) await liveAll(options, (outcome) => report.take(outcome));
else {
  const script = fileURLToPath(import.meta.url);
  const run = (index: number) =>
    new Promise<void>((resolve, reject) => {
      const share = ["--from", String(options.from + index), "--seeds", String(options.seeds - index)];
      const rest = ["--workers", String(workers), "--worker", String(index)];
      const kind = [
        ...(options.only ? ["--only", options.only.join()] : []),
        ...(options.also ? ["--also", options.also.join()] : []),
        ...(options.eight ? ["--eight"] : []),
        ...(options.switching ? ["--switching"] : []),
        ...(options.giving ? ["--giving"] : []),
        ...(options.disk ? ["--disk", options.disk] : []),
      ];
      const child = fork(script, [...share, ...rest, ...kind]);
      child.on("message", (outcome) => report.take(outcome as Outcome));
      child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`worker ${index} ended with ${code}`))));
    });
  await Promise.all(Array.from({ length: workers }, (_, index) => run(index)));
}
process.exit(report.end());
