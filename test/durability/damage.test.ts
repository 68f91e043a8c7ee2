import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { evolve } from "../../src/core/state/state.ts";
import { backupLedger, LedgerError, openLedger, restoreLedger } from "../../src/ledger/index.ts";
import fc from "../fast-check.ts";
import { foretoldFact, foretoldFacts } from "./facts.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
const BIN = fileURLToPath(new URL("../../bin/wattledger.mjs", import.meta.url));
const FACTS = 400;
const COMMIT_FACTS = 5;
let root: string;
/** As a power cut left it: facts in the file, and later ones in the log. */
let cut: string;
let backup: string;
let directory: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "damage-"));
  [cut, backup] = [join(root, "cut"), join(root, "backup.db")];
  const source = join(root, "source");
  const { ledger, state } = openLedger({ directory: source, log, checkpointPages: 40 });
  let last = state;
  for (let seq = 1; seq <= FACTS; seq += COMMIT_FACTS) {
    const facts = foretoldFacts(seq, COMMIT_FACTS);
    await ledger.append(facts);
    last = facts.reduce(evolve, last);
    if (seq === 201) ledger.saveSnapshot(last);
  }
  cpSync(source, cut, { recursive: true, filter: (path) => !/(-shm|writer\.lock)$/.test(path) });
  backupLedger(source, backup);
  ledger.close();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  directory = mkdtempSync(join(root, "case-"));
  cpSync(cut, directory, { recursive: true });
});

const path = (name: string) => join(directory, name);
const open = () => openLedger({ directory, log });

/** Checksums of what holds facts; a log of zeros or of nothing holds none. */
function contents(): Record<string, string> {
  const names = readdirSync(directory).filter((name) => name.startsWith("events.db") && !name.endsWith("-shm"));
  const files = names.sort().map((name) => [name, readFileSync(path(name))] as const);
  const holding = files.filter(([, bytes]) => bytes.some((byte) => byte !== 0));
  return Object.fromEntries(holding.map(([name, bytes]) => [name, createHash("sha256").update(bytes).digest("hex")]));
}

function tried(): ReturnType<typeof open> | LedgerError {
  try {
    return open();
  } catch (error) {
    if (error instanceof LedgerError) return error;
    throw error;
  }
}

function refusal(): LedgerError | undefined {
  const result = tried();
  if (result instanceof LedgerError) return result;
  result.ledger.close();
  return undefined;
}

/** Facts as they were written; or the read says which one is damaged, and gives none. */
function expectReadable({ ledger }: ReturnType<typeof open>): void {
  for (let seq = 0; seq < FACTS; seq += 50) {
    try {
      expect(ledger.read(seq, 50)).toEqual(foretoldFacts(seq + 1, Math.min(50, ledger.lastSeq - seq)));
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      expect(error.message).toMatch(/fact \d+ .*wattledger restore/s);
    }
  }
}

/** Opened, every fact is as it was written; or refused with the place and what to do, and nothing was touched. */
function expectWholeOrRefused(): boolean {
  const before = contents();
  const result = tried();
  if (result instanceof LedgerError) {
    expect(result.kind).toBe("damaged");
    expect(result.message).toContain(directory);
    expect(result.message).toMatch(/wattledger restore/);
    expect(contents()).toEqual(before);
    return false;
  }
  try {
    // The last commit of a log cannot be told from one that a power cut tore before it was promised.
    expect([FACTS - COMMIT_FACTS, FACTS]).toContain(result.ledger.lastSeq);
    expectReadable(result);
  } finally {
    result.ledger.close();
  }
  return true;
}

test("what a power cut left is opened whole", () => {
  expect(contents()).toHaveProperty(["events.db-wal"]);
  const { ledger } = open();
  expect(ledger.read(0, FACTS + 1)).toEqual(foretoldFacts(1, FACTS));
  ledger.close();
});

test("a bit that flipped anywhere in the file or in the log is refused, or harms no fact", () => {
  const bit = fc.record({
    name: fc.constantFrom("events.db", "events.db-wal"),
    at: fc.nat(),
    mask: fc.nat({ max: 7 }),
  });
  fc.assert(
    fc.property(bit, ({ name, at, mask }) => {
      cpSync(cut, directory, { recursive: true });
      const bytes = readFileSync(path(name));
      const used = bytes.findLastIndex((byte) => byte !== 0) + 1;
      bytes[at % used]! ^= 1 << mask;
      writeFileSync(path(name), bytes);
      expectWholeOrRefused();
    }),
    { numRuns: Number(process.env.WATTLEDGER_DAMAGES ?? 15) },
  );
});

test("a page of zeros, as a worn card gives it, is refused, or harms no fact", () => {
  const pages = readFileSync(path("events.db")).length / 4096;
  let refused = 0;
  for (let page = 0; page < pages; page += 3) {
    cpSync(cut, directory, { recursive: true });
    const bytes = readFileSync(path("events.db"));
    bytes.fill(0, page * 4096, (page + 1) * 4096);
    writeFileSync(path("events.db"), bytes);
    if (!expectWholeOrRefused()) refused++;
  }
  expect(refused).toBeGreaterThan(0);
});

test("a file that was cut short is refused", () => {
  truncateSync(path("events.db"), 3 * 4096);
  expect(expectWholeOrRefused()).toBe(false);
});

test("a log that is gone is refused when facts are missing that the file knows of, and never invents any", () => {
  rmSync(path("events.db-wal"));
  const before = contents();
  const refused = refusal();
  if (refused) {
    expect(refused.kind).toBe("damaged");
    expect(contents()).toEqual(before);
    return;
  }
  const { ledger } = open();
  expect(ledger.read(0, FACTS)).toEqual(foretoldFacts(1, ledger.lastSeq));
  ledger.close();
});

test("a page that broke after a clean stop, of facts that the start does not read, is damage to whoever reads them", () => {
  const { ledger, state } = open();
  ledger.saveSnapshot(state);
  ledger.close();
  const bytes = readFileSync(path("events.db"));
  // The header of a leaf with facts.
  const page = Math.floor(bytes.indexOf('"fact ') / 4096);
  bytes.fill(0xff, page * 4096, page * 4096 + 8);
  writeFileSync(path("events.db"), bytes);
  const { ledger: reopened, cleanStop } = open();
  expect(cleanStop).toBe(true);
  const refused = (() => {
    try {
      return reopened.read(0, FACTS);
    } catch (error) {
      return error;
    } finally {
      reopened.close();
    }
  })();
  expect(refused).toMatchObject({ name: "LedgerError", kind: "damaged" });
  expect((refused as Error).message).toMatch(/events\.db is damaged.*wattledger restore/s);
  const replayed = spawnSync(process.execPath, [BIN, "replay", "--ledger", directory], { encoding: "utf8" });
  expect([replayed.status, replayed.stderr]).toEqual([1, expect.stringMatching(/is damaged.*wattledger restore/s)]);
  expect(replayed.stderr).not.toMatch(/unexpectedly/);
});

test("a backup that is not there is what is missing, not the storage", () => {
  expect(() => restoreLedger(path("mistyped.db"), directory)).toThrow(/There is no backup .*mistyped\.db/);
});

test("a ledger of a newer release is refused with what to do, and no byte of it is changed", () => {
  const database = new Database(path("events.db"));
  database.pragma("user_version = 99");
  database.close();
  const before = contents();
  expect(refusal()).toMatchObject({ kind: "newer-release" });
  expect(refusal()!.message).toMatch(/Install the newer release, or restore a backup/);
  expect(contents()).toEqual(before);
});

test("a fact that only a newer release knows in its version is refused, and no byte is changed", () => {
  const database = new Database(path("events.db"));
  database.exec("INSERT OR REPLACE INTO note (name, value) VALUES ('version:stopped', '7')");
  database.close();
  const before = contents();
  expect(refusal()).toMatchObject({ kind: "newer-release" });
  expect(refusal()!.message).toMatch(/stopped.*version 7.*Install/s);
  expect(contents()).toEqual(before);
});

test("a damaged ledger is restored from its backup: the site starts with every fact of it, the damaged file is kept", async () => {
  truncateSync(path("events.db"), 3 * 4096);
  const bytes = readFileSync(path("events.db"));
  expect(refusal()).toMatchObject({ kind: "damaged" });
  const { lastSeq, setAside } = restoreLedger(backup, directory);
  expect(lastSeq).toBe(FACTS);
  expect(readFileSync(setAside!)).toEqual(bytes);
  const { ledger, cleanStop } = open();
  expect(cleanStop).toBe(true);
  expect(ledger.read(0, FACTS)).toEqual(foretoldFacts(1, FACTS));
  await ledger.append([foretoldFact(FACTS + 1)]);
  ledger.close();
});

test("the command that the refusal names restores the ledger as it stands, and refuses a backup that is damaged too", () => {
  truncateSync(path("events.db"), 3 * 4096);
  const named = /`wattledger (restore [^`]*)`/.exec(refusal()!.message)![1]!;
  const run = (from: string) =>
    spawnSync(process.execPath, [BIN, ...named.replace("BACKUP", from).split(" ")], { encoding: "utf8" });
  const refused = run(path("events.db"));
  expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("Nothing was restored")]);
  expect(run(backup)).toMatchObject({ status: 0, stderr: "" });
  const { ledger } = open();
  expect(ledger.lastSeq).toBe(FACTS);
  ledger.close();
});

test("a damaged backup is refused and the ledger stays as it is", () => {
  const bytes = readFileSync(backup);
  bytes[bytes.indexOf('"fact ') + 3]! ^= 1;
  const bad = path("bad.db");
  writeFileSync(bad, bytes);
  const before = contents();
  expect(() => restoreLedger(bad, directory)).toThrow(LedgerError);
  expect(contents()).toEqual(before);
  expect(refusal()).toBeUndefined();
});
