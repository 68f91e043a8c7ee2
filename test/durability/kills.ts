/** A writer that is killed at a random moment, again and again on the same files. */
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "./inspect.ts";
import { randomOf } from "./random.ts";

const WRITER = fileURLToPath(new URL("./writer.ts", import.meta.url));
/** A program that is there compiled starts in half the time. */
const COMPILED = join(tmpdir(), "wattledger-durability-compiled");
/** More than a writer manages before it is killed. */
const COMMITS = "1000000";
/** A ledger grows with every kill, and a thousand kills on one would mostly measure how it is read again. */
export const KILLS_A_LEDGER = 25;
const LONGEST_MS = 120;
/** About as long as a writer needs to its first commit. */
const EARLY_LONGEST_MS = 400;

/** The last sequence number that the writer was promised before it died; 0 when it never got one. */
function killedWriter(directory: string, seed: number): Promise<number> {
  const random = randomOf(seed);
  // One of eight dies before its first promise: while it opens, checks, recovers or starts its writing thread.
  const early = random.chance(0.125);
  const delayMs = early ? random.below(EARLY_LONGEST_MS) : random.below(LONGEST_MS);
  const child = spawn(process.execPath, [WRITER, directory, `${seed}`, COMMITS, "kill"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
  });
  let dying = false;
  const kill = () => {
    if (!dying) setTimeout(() => child.kill("SIGKILL"), delayMs);
    dying = true;
  };
  let output = "";
  if (early) kill();
  child.stdout.on("data", (chunk) => {
    output += chunk;
    if (/^\d+$/m.test(output)) kill();
  });
  return new Promise((resolve) => child.on("close", () => resolve(lastNumber(output))));
}

/** A line that is cut off by the kill counts for nothing. */
function lastNumber(output: string): number {
  const whole = output.split("\n").slice(0, -1);
  return Number(/\d+$/.exec(whole.at(-1) ?? "")?.[0] ?? 0);
}

export interface KillReport {
  readonly kills: number;
  /** Facts that were promised in all. */
  readonly acknowledged: number;
  readonly failures: readonly string[];
}

/** Kills the writer on `directory` for each of the seeds, and inspects what is left after each. */
export async function killAgainAndAgain(directory: string, seeds: readonly number[]): Promise<KillReport> {
  let promised = 0;
  const failures: string[] = [];
  for (const seed of seeds) {
    promised = Math.max(promised, await killedWriter(directory, seed));
    const finding = await inspect(directory, promised);
    if (!finding) continue;
    failures.push(`kill with seed ${seed}: ${finding.detail}`);
    break;
  }
  return { kills: seeds.length, acknowledged: promised, failures };
}
