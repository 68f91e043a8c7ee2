/** `npm run durability -- --kills 1000 --images 1000 [--seed 1]`: one JSON line for each; exit code 1 on a failure. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cutAgainAndAgain, type Image, recordWriter } from "./images.ts";
import { KILLS_A_LEDGER, killAgainAndAgain } from "./kills.ts";
import { canTrace } from "./trace.ts";

const IMAGES_A_RECORDING = 50;
/** A disk goes through so many power cuts before a new one begins. */
const CUTS_A_DISK = 4;

async function kills(count: number, seed: number) {
  const startedMs = performance.now();
  const failures: string[] = [];
  let acknowledged = 0;
  for (let done = 0; done < count; done += KILLS_A_LEDGER) {
    const root = mkdtempSync(join(tmpdir(), "wattledger-kills-"));
    const seeds = Array.from({ length: Math.min(KILLS_A_LEDGER, count - done) }, (_, kill) => seed + done + kill);
    const report = await killAgainAndAgain(join(root, "data"), seeds);
    failures.push(...report.failures);
    acknowledged += report.acknowledged;
    rmSync(root, { recursive: true });
  }
  return { kills: count, acknowledgedFacts: acknowledged, failures, seconds: seconds(startedMs) };
}

async function images(count: number, seed: number) {
  const startedMs = performance.now();
  const failures: string[] = [];
  let before: Image | undefined;
  let operations = 0;
  for (let done = 0, cut = 0; done < count; done += IMAGES_A_RECORDING, cut++) {
    if (cut % CUTS_A_DISK === 0) before = undefined;
    const recording = await recordWriter(seed + done, 60, before);
    const report = await cutAgainAndAgain(recording, Math.min(IMAGES_A_RECORDING, count - done), seed + done);
    operations += recording.operations.length;
    failures.push(...report.failures);
    before = report.survivor;
  }
  return { images: count, operations, failures, seconds: seconds(startedMs) };
}

function seconds(startedMs: number): number {
  return Math.round((performance.now() - startedMs) / 1000);
}

const { values } = parseArgs({
  options: { kills: { type: "string" }, images: { type: "string" }, seed: { type: "string" } },
});
const [killCount, imageCount, seed] = [values.kills, values.images, values.seed].map((value) => Number(value ?? 0));
const reports = [];
if (killCount) reports.push(await kills(killCount, seed!));
if (imageCount && !canTrace()) console.error("No images: strace is not installed, or it may not trace here");
else if (imageCount) reports.push(await images(imageCount, seed!));
for (const report of reports) console.log(JSON.stringify(report));
process.exit(reports.some(({ failures }) => failures.length > 0) ? 1 : 0);
