/** docs/failsafe.md against what it names: the tests, the faults of the worlds, and the times in the code. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  AT_SAFE_LEASE_MS,
  BELOW_SAFE_LEASE_MS,
  EVSE_READING_VALID_MS,
  FIRST_PAUSE_MS,
  GOOD_AFTER_LOSS_MS,
  HALFWAY_AFTER_RENEWAL_MS,
  HEADROOM_WINDOW_MS,
  OBEY_MS,
  PAUSE_MOST_MS,
  RAISE_EVERY_MS,
  RETRY_MS,
} from "../src/core/control/thresholds.ts";
import { ABSENT_AFTER_MS, STALE_AFTER_MS } from "../src/core/device-quality.ts";
import { ChargePointSchema, DeviceSchema } from "../src/core/site/site.ts";
import { LIMIT_TIMEOUT_MS } from "../src/ocpp/outgoing.ts";
import { PING_MS } from "../src/ocpp/transport.ts";
import { FAULT_NAMES, GIVING_NAMES } from "./world/faults/index.ts";

const PAGE = new URL("../docs/failsafe.md", import.meta.url);
const page = readFileSync(PAGE, "utf8");
/** The number of each row, and what shows it. */
const rows = [...page.matchAll(/^\| ([A-Z]\d+) \|/gm)].map(([, number]) => number!);
const proofs = new Map([...page.matchAll(/^- \*\*([A-Z]\d+)\*\* (.+)$/gm)].map(([, number, text]) => [number!, text!]));

/** Titles of tests that the page names and that do not exist. */
function missingTests(text: string): string[] {
  return [...text.matchAll(/\[([^\]]+)\]\(([^)]+\.test\.ts)\)/g)].flatMap(([, title, path]) => {
    const file = fileURLToPath(new URL(path!, PAGE));
    const found = existsSync(file) && readFileSync(file, "utf8").includes(`"${title}"`);
    return found ? [] : [`${path}: ${title}`];
  });
}

/** Kinds of faults that a text names, as `family/kind`. */
function faultsOf(text: string): string[] {
  return [...text.matchAll(/`([a-z-]+\/[a-z0-9-]+)`/g)]
    .map(([, name]) => name!)
    .filter((name) => name !== "test/world");
}

describe("the page on what happens when something fails", () => {
  test("names only tests that exist, and notices one that does not", () => {
    expect(missingTests(page)).toEqual([]);
    expect(missingTests("[nobody wrote this](../test/guard.test.ts) [at all](../test/nowhere.test.ts)")).toHaveLength(
      2,
    );
  });

  test("names every kind of fault of the worlds, and no other", () => {
    expect([...new Set(faultsOf(page))].sort()).toEqual([...FAULT_NAMES, ...GIVING_NAMES].sort());
  });

  test("shows each row by a test or by a fault of the worlds, and nothing else", () => {
    expect(rows.length).toBeGreaterThan(25);
    expect([...proofs.keys()].sort()).toEqual([...rows].sort());
    const isShown = (text = "") => faultsOf(text).length > 0 || text.includes(".test.ts)");
    expect(rows.filter((number) => !isShown(proofs.get(number)))).toEqual([]);
  });

  test("says the times of the code", () => {
    const leaseSeconds = ChargePointSchema.properties.leaseSeconds as unknown as { default: number };
    const seconds = (ms: number) => `${ms / 1000} s`;
    expect(page).toContain(`younger than ${seconds(STALE_AFTER_MS)}; after ${seconds(ABSENT_AFTER_MS)} without one`);
    expect(page).toContain(`valid for ${leaseSeconds.default} s`);
    const halfwayMs = (leaseSeconds.default * 1000) / 3 + HALFWAY_AFTER_RENEWAL_MS;
    expect(page).toContain(
      `after ${seconds(halfwayMs)}, ${seconds(HALFWAY_AFTER_RENEWAL_MS)} after the renewal was due`,
    );
    expect(page).toContain(`${BELOW_SAFE_LEASE_MS / 60_000} min, an hour where it is the safe current`);
    expect(AT_SAFE_LEASE_MS).toBe(3_600_000);
    expect(page).toContain(`at most every\n   ${seconds(RAISE_EVERY_MS)}`);
    expect(page).toContain(
      `in the last ${seconds(HEADROOM_WINDOW_MS)}; after a meter was lost, not\n   before it was good for ${seconds(GOOD_AFTER_LOSS_MS)}`,
    );
    expect(page).toContain(
      `tried again after ${RETRY_MS.map((ms) => ms / 1000)
        .join(", ")
        .replace(/, (\d+)$/, " and $1")} s`,
    );
    expect(page).toContain(`a cable that was cut: ${PING_MS / 1000} to ${seconds(2 * PING_MS)}`);
    expect(page).toContain(`none in ${seconds(LIMIT_TIMEOUT_MS)} | At once; ${seconds(LIMIT_TIMEOUT_MS)}`);
    const pollMs = (DeviceSchema.properties.pollMs as unknown as { default: number }).default;
    expect(page).toContain(`${seconds(ABSENT_AFTER_MS)}, for the page ${seconds(ABSENT_AFTER_MS + 3 * pollMs)}`);
    expect(page).toContain(`None for ${seconds(EVSE_READING_VALID_MS)}`);
    expect(page).toContain(`a pause lasts a minute, then up to five`);
    expect([FIRST_PAUSE_MS, PAUSE_MOST_MS]).toEqual([60_000, 300_000]);
    expect(page).toContain(`more than its limit, ${seconds(OBEY_MS)} after that was lowered`);
  });
});
