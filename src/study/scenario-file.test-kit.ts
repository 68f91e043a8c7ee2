/** A folder for scenario files and their data, and readers of them, for the tests. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { readScenario } from "./scenario-file.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "scenario-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Writes a file beside the scenario; gives its path. */
export function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

export const SITE = "site: { timeZone: Europe/Berlin, country: NL, mainFuseA: 32, evses: [{ id: a }, { id: b }] }";
export const DAY = "period: { from: 2025-10-26, days: 1 }";

/** A scenario of these lines below its name, or why it is none. */
export function read(lines: readonly string[], days?: number) {
  return readScenario(file("scenario.yaml", ["name: test", ...lines].join("\n")), days);
}

/** A scenario that can be read. */
export function scenarioOf(lines: readonly string[]) {
  const result = read(lines);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
}

export const SESSION_COLUMNS =
  "session_id,site,station_id,arrival_utc,departure_utc,energy_kwh,requested_kwh,est_departure_utc,done_charging_utc,max_kw,phases,extra";
