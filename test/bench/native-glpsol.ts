/** Native `glpsol` on the same model, where it is installed: what the WASM one is measured against. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LinearModel } from "../../src/planner/model/linear-model.ts";
import { lpText } from "./lp-text.ts";

/** Whether `glpsol` can be run here. */
export function hasGlpsol(): boolean {
  return spawnSync("glpsol", ["--version"]).status === 0;
}

/** Objective and time of `glpsol`; `undefined` where it does not end within a minute. */
export function solveWithGlpsol(
  model: LinearModel,
  options: { readonly relaxed: boolean; readonly relativeGap: number },
): { readonly objective: number; readonly solveMs: number } | undefined {
  const directory = mkdtempSync(join(tmpdir(), "glpsol-"));
  try {
    const lp = join(directory, "plan.lp");
    const out = join(directory, "plan.txt");
    writeFileSync(lp, lpText(model));
    const mode = options.relaxed ? ["--nomip"] : ["--mipgap", String(options.relativeGap)];
    const startMs = performance.now();
    const run = spawnSync("glpsol", ["--lp", lp, ...mode, "--tmlim", "60", "-o", out], { timeout: 70_000 });
    const solveMs = performance.now() - startMs;
    const objective = /^Objective:\s+\S+\s+=\s+(\S+)/m.exec(run.status === 0 ? readFileSync(out, "utf8") : "")?.[1];
    return objective === undefined ? undefined : { objective: Number(objective), solveMs };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
