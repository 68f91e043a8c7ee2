import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inspect } from "./inspect.ts";
import { killAgainAndAgain } from "./kills.ts";

const KILLS = 8;
const fresh = () => mkdtempSync(join(tmpdir(), "wattledger-kills-"));

test("a controller that is killed at any moment loses no promised fact, repeats none, and its state is the refold", async () => {
  const rounds = [0, 1].map(async (lineage) => {
    const directory = fresh();
    const seeds = Array.from({ length: KILLS }, (_, kill) => lineage * 1000 + kill);
    const report = await killAgainAndAgain(join(directory, "data"), seeds);
    rmSync(directory, { recursive: true, force: true });
    return report;
  });
  for (const report of await Promise.all(rounds)) {
    expect(report.failures).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(KILLS);
  }
}, 120_000);

test("the look at what is left notices a promised fact that is not there", async () => {
  const directory = fresh();
  const { acknowledged } = await killAgainAndAgain(join(directory, "data"), [3]);
  expect(await inspect(join(directory, "data"), acknowledged)).toBeUndefined();
  expect(await inspect(join(directory, "data"), acknowledged + 1000)).toMatchObject({ kind: "broken" });
  rmSync(directory, { recursive: true, force: true });
});
