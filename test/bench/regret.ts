/**
 * How much of the saving that was possible the controller loses on measured weeks: every scenario of a folder, side by
 * side on all cores, beside the simple rules and perfect foresight.
 */
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { TRUTHS, type Truth } from "../../src/study/informed.ts";
import type { ReportColumn, SimulationReport } from "../../src/study/report.ts";
import type { BenchLine } from "./line.ts";

const SCENARIOS = fileURLToPath(new URL("../../config/scenarios", import.meta.url));
const MOST_LOST_PERCENT = 5;

interface RegretLine extends BenchLine {
  readonly file: string;
  readonly days: number;
  readonly sessions: number;
  readonly achievableSavingEur: number;
  readonly savedEur: number;
  readonly shortKwh: number;
  readonly driversShort: number;
  readonly shortOfStatedKwh: number;
  /** What perfect foresight cannot deliver either, and what least laxity leaves short though possible. */
  readonly impossibleKwh: number;
  readonly leastLaxityShortKwh: number;
  readonly violations: number;
  /** Steps above a limited ramp, where there is one: a driver's need goes before it, so they are no violations. */
  readonly quarterHoursAboveRamp?: number;
  readonly worstAboveRampW?: number;
  readonly secondsAboveLimit: number;
  readonly guardInterventions: number;
  readonly profileMessages: number;
  readonly plans: number;
  readonly plansByRules: number;
  readonly bestRule: string;
  readonly bestRuleLostPercent: number | undefined;
  /** How the best plan in hindsight was found. */
  readonly optimum: string;
  /** What of the files was not used, or stands for what they do not know. */
  readonly notes: readonly string[];
  readonly tookS: number;
  /** The same with the truth told. */
  readonly informed?: InformedRegret;
}

interface InformedRegret {
  readonly told: readonly Truth[];
  readonly lostPercent: number | undefined;
  readonly shortKwh: number;
  readonly driversShort: number;
  readonly quarterHoursAboveRamp?: number;
  readonly worstAboveRampW?: number;
  readonly bestRule: string;
  readonly bestRuleLostPercent: number | undefined;
}

interface RunOptions {
  readonly days: number | undefined;
  readonly told: readonly Truth[];
}

type Message =
  | { readonly refused: string }
  | { readonly report: SimulationReport }
  | { readonly day: number; readonly days: number };

function progress(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

/** Runs a scenario in a thread of its own; rejects when that fails. */
function run(file: string, options: RunOptions): Promise<SimulationReport | string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./regret.worker.ts", import.meta.url), { workerData: { file, ...options } });
    worker.on("message", (message: Message) => {
      if ("report" in message) resolve(message.report);
      else if ("refused" in message) resolve(message.refused);
      else if (message.day % 7 === 0) progress(`${basename(file)}: day ${message.day} of ${message.days}`);
    });
    worker.on("error", reject);
    worker.on("exit", () => reject(new Error(`${file}: the thread ended without a result`)));
  });
}

function rampOf({ quarterHoursAboveRamp, worstAboveRampW }: ReportColumn) {
  return quarterHoursAboveRamp === undefined ? {} : { quarterHoursAboveRamp, worstAboveRampW: worstAboveRampW ?? 0 };
}

function informedOf({ informed }: SimulationReport, told: readonly Truth[]): { informed?: InformedRegret } {
  if (!informed) return {};
  const { regret, columns } = informed;
  const own = columns.find(({ name }) => name === "wattledger")!;
  const { shortKwh, driversShort } = own;
  return {
    informed: {
      told,
      lostPercent: regret.lostPercent,
      shortKwh,
      driversShort,
      ...rampOf(own),
      bestRule: regret.bestRule.name,
      bestRuleLostPercent: regret.bestRule.lostPercent,
    },
  };
}

function lineOf(file: string, report: SimulationReport, told: readonly Truth[]): RegretLine {
  const { regret, columns } = report;
  const column = (wanted: string) => columns.find(({ name }) => name === wanted)!;
  const [own, optimum] = [column("wattledger"), column("perfect foresight")];
  return {
    name: `regret ${report.scenario}`,
    value: regret.lostPercent ?? 0,
    unit: "% of the achievable saving lost",
    limit: MOST_LOST_PERCENT,
    ...(regret.lostPercent === undefined ? { detail: "there was nothing to save" } : {}),
    file: basename(file),
    days: report.days,
    sessions: report.sessions,
    achievableSavingEur: regret.achievableSavingEur,
    savedEur: regret.savedEur,
    shortKwh: own.shortKwh,
    driversShort: own.driversShort,
    shortOfStatedKwh: own.shortOfStatedKwh,
    impossibleKwh: Math.round(10 * (optimum.energyAskedKwh - optimum.energyDeliveredKwh)) / 10,
    leastLaxityShortKwh: column("least laxity").shortKwh,
    violations: (own.overloads ?? 0) + (own.quarterHoursAboveContract ?? 0),
    ...rampOf(own),
    secondsAboveLimit: own.secondsAboveLimit ?? 0,
    guardInterventions: own.guardInterventions ?? 0,
    profileMessages: own.profileMessages ?? 0,
    plans: own.plans ?? 0,
    plansByRules: own.plansByRules ?? 0,
    bestRule: regret.bestRule.name,
    bestRuleLostPercent: regret.bestRule.lostPercent,
    optimum: report.optimum,
    notes: report.notes.map(({ file: of, text }) => `${of}: ${text}`),
    tookS: report.tookS,
    ...informedOf(report, told),
  };
}

function refusedLine(file: string, why: string): BenchLine {
  progress(`${basename(file)} was not run:\n${why}`);
  return { name: `regret ${basename(file)}`, value: -1, unit: "not run", detail: why };
}

/** Results in the order of `items`, `width` of them at work at a time. */
async function inParallel<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return results;
}

/** The scenario files of a folder, or why there is none. */
function scenarioFiles(directory: string, only: readonly string[] | undefined): string[] | string {
  try {
    const names = readdirSync(directory).filter((name) => /\.ya?ml$/.test(name));
    const wanted = names.filter((name) => !only || only.includes(name.replace(/\.ya?ml$/, ""))).sort();
    if (wanted.length > 0) return wanted.map((name) => join(directory, name));
    return `${directory} has no scenario${only ? ` ${only.join(" or ")}; it has: ${names.join(", ")}` : ", a file that ends in .yaml"}`;
  } catch (error) {
    return `${directory} cannot be read (${(error as NodeJS.ErrnoException).code ?? error})`;
  }
}

/** What is told; throws with what could be where a name is none of it. */
function truths(names: readonly string[]): readonly Truth[] {
  const unknown = names.filter((name) => !TRUTHS.some((truth) => truth === name));
  if (unknown.length > 0) throw new Error(`--told ${unknown.join(",")}: only ${TRUTHS.join(",")} can be told`);
  return TRUTHS.filter((truth) => names.includes(truth));
}

/**
 * One line a scenario. Arguments: `--scenarios DIR`, `--only NAME`, `--days N` (the first days only), `--parallel N`, and
 * `--informed`: once more with the truth told, beside it, or with that of some things only: `--told sun,load`.
 */
export async function benchRegret(args: readonly string[]): Promise<BenchLine[]> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenarios: { type: "string" },
      only: { type: "string", multiple: true },
      days: { type: "string" },
      parallel: { type: "string" },
      informed: { type: "boolean", default: false },
      told: { type: "string" },
    },
  });
  const directory = values.scenarios ?? SCENARIOS;
  const files = scenarioFiles(directory, values.only);
  if (typeof files === "string") return [refusedLine(directory, files)];
  const days = values.days === undefined ? undefined : Math.max(1, Math.round(Number(values.days)) || 1);
  const told = truths(values.told?.split(",") ?? (values.informed ? TRUTHS : []));
  const width = Math.max(1, Math.min(availableParallelism(), Number(values.parallel ?? availableParallelism()) || 1));
  progress(`${files.length} scenarios of ${directory}, ${Math.min(width, files.length)} at a time`);
  return inParallel(files, width, async (file) => {
    try {
      const result = await run(file, { days, told });
      if (typeof result === "string") return refusedLine(file, result);
      const line = lineOf(file, result, told);
      progress(`${basename(file)}: ${JSON.stringify(line)}`);
      return line;
    } catch (error) {
      return refusedLine(file, error instanceof Error ? error.message : String(error));
    }
  });
}
