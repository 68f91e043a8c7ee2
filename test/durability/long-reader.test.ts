/** A program beside the controller that reads the ledger and does not stop: a shell, a slow copy, a page somebody wrote. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Log } from "../../src/core/ports.ts";
import { backupLedger, exportEvents, openLedger } from "../../src/ledger/index.ts";
import { foretoldFacts } from "./facts.ts";

const CHECKPOINT_PAGES = 50;
const BATCHES = 40;
const PER_BATCH = 100;

let directory: string;
let warnings: string[];
const log: Log = { debug() {}, info() {}, warn: (message) => void warnings.push(message), error() {} };
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "wattledger-reader-"));
  warnings = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

const logPages = () => Math.round(statSync(join(directory, "events.db-wal")).size / 4120);

function open() {
  const { ledger } = openLedger({ directory, log, checkpointPages: CHECKPOINT_PAGES });
  const write = async (batches: number) => {
    for (let batch = 0; batch < batches; batch++) await ledger.append(foretoldFacts(ledger.lastSeq + 1, PER_BATCH));
  };
  return { ledger, write };
}

test("holds up no fact; the log grows meanwhile, that is said, and it is folded in when the reader has gone", async () => {
  const { ledger, write } = open();
  await write(BATCHES);
  const usual = logPages();
  const reader = new Database(join(directory, "events.db"), { readonly: true });
  reader.exec("BEGIN");
  expect(reader.prepare("SELECT count(*) FROM fact").pluck().get()).toBe(BATCHES * PER_BATCH);
  await write(BATCHES);
  const grown = logPages();
  expect(grown).toBeGreaterThan(5 * usual);
  expect(warnings).toEqual([expect.stringMatching(/read.*log.*grows/s)]);
  expect(reader.prepare("SELECT count(*) FROM fact").pluck().get()).toBe(BATCHES * PER_BATCH);
  reader.close();
  await write(1);
  const folded = logPages();
  await write(BATCHES - 1);
  expect(logPages()).toBe(folded);
  ledger.close();
  const again = open().ledger;
  expect(again.read(0, 20_000)).toEqual(foretoldFacts(1, 3 * BATCHES * PER_BATCH));
  again.close();
});

test("is none of ours: an export that nobody goes on reading, and a backup, let the log be folded in", async () => {
  const { ledger, write } = open();
  await write(BATCHES);
  const usual = logPages();
  const lines = exportEvents({ directory, format: "jsonl" });
  for (let line = 0; line < 10; line++) expect(lines.next().done).toBe(false);
  await write(BATCHES);
  backupLedger(directory, join(directory, "backup.db"));
  await write(BATCHES);
  expect(logPages()).toBeLessThan(2 * usual);
  expect(warnings).toEqual([]);
  lines.return(undefined);
  ledger.close();
});
