/** A process that only plans: prints the most memory that it took, MB. `node test/bench/plan-memory.ts EVSES SEEDS`. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { seededInput } from "../../src/planner/plan-input.test-kit.ts";
import { createLinearSolver } from "../../src/solver/glpk.ts";
import { solvePlan } from "../../src/solver/plan-solver.ts";

const FILE = fileURLToPath(import.meta.url);
const DEADLINE_MS = 5_000;

/** The most memory of a process that solves so many days one after the other, MB. */
export function planMemoryMb(evses: number, seeds: number): number {
  const run = spawnSync(process.execPath, [FILE, String(evses), String(seeds)], { encoding: "utf8" });
  return Number(run.stdout);
}

if (process.argv[1] === FILE) {
  const [evses = 10, seeds = 1] = process.argv.slice(2).map(Number);
  const linear = await createLinearSolver();
  for (let seed = 1; seed <= seeds; seed++)
    solvePlan(seededInput(seed, evses), DEADLINE_MS, { linear, nowMs: () => performance.now() });
  // Kilobytes, also where the manual says bytes.
  console.log(Math.round(process.resourceUsage().maxRSS / 1024));
}
