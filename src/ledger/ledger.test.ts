import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SiteFact } from "../core/facts/index.ts";
import { backupLedger, openLedger, restoreLedger } from "./index.ts";
import { applyPragmas } from "./schema.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
let directory: string;
let events: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ledger-"));
  events = join(directory, "events.db");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = () => openLedger({ directory, log });
function fact(seq: number, more: Partial<SiteFact> = {}): SiteFact {
  const envelope = { seq, atMs: 1000 + seq, monoMs: seq, wallTrusted: true, boot: "b", source: "test", version: 1 };
  return { ...envelope, type: "stopped", data: { reason: `r${seq}` }, ...more } as SiteFact;
}
const facts = (from: number, count: number) => Array.from({ length: count }, (_, index) => fact(from + index));

test("a second controller on the same ledger is refused, and may come when the first one has gone", () => {
  const first = open();
  expect(open).toThrow(/one writer/);
  first.ledger.close();
  open().ledger.close();
});

test("a start after a crash says that all of the ledger is looked at, one after a stop in order does not look", async () => {
  const said: string[] = [];
  const look = () => openLedger({ directory, log: { ...log, info: (message: string) => void said.push(message) } });
  const first = look();
  await first.ledger.append([fact(1)]);
  const crashed = mkdtempSync(join(tmpdir(), "ledger-"));
  cpSync(directory, crashed, { recursive: true, filter: (path) => !path.endsWith("-shm") });
  first.ledger.close();
  look().ledger.close();
  expect(said).toEqual([]);
  rmSync(directory, { recursive: true });
  directory = crashed;
  look().ledger.close();
  expect(said).toEqual([expect.stringContaining("every page of the ledger is looked at")]);
});

test("what is not as declared, out of order or recorded already rejects and leaves nothing behind", async () => {
  const { ledger } = open();
  await ledger.append([fact(1, { key: "once" })]);
  await expect(ledger.append([fact(3)])).rejects.toMatchObject({ kind: "out-of-order" });
  await expect(ledger.append([fact(2), fact(3, { key: "once" })])).rejects.toMatchObject({ kind: "duplicate-key" });
  const nan = fact(3, { type: "clock-stepped", data: { byMs: Number.NaN } });
  await expect(ledger.append([fact(2), nan])).rejects.toMatchObject({ kind: "invalid-fact" });
  expect(ledger.findByKey("once")?.seq).toBe(1);
  await ledger.append([fact(2)]);
  expect(ledger.read(0, 10).map(({ seq }) => seq)).toEqual([1, 2]);
  ledger.close();
});

test("a full disk refuses, nothing queued behind leaves a gap, and recording goes on when there is room", async () => {
  const { ledger } = openLedger({ directory, log, maxPages: 20 });
  const refused = await Promise.allSettled([ledger.append(facts(1, 2000)), ledger.append([fact(2001)])]);
  expect(refused.map((result) => (result.status === "rejected" ? result.reason.kind : "stored"))).toEqual([
    "disk-full",
    "out-of-order",
  ]);
  expect(ledger.lastSeq).toBe(0);
  ledger.limitPages(100_000);
  await ledger.append(facts(1, 2000));
  expect(ledger.read(1999, 5)).toEqual([fact(2000)]);
  ledger.close();
});

test("a ledger of a newer release is refused and left as it is", () => {
  open().ledger.close();
  const database = new Database(events);
  database.pragma("user_version = 99");
  database.close();
  expect(open).toThrow(/newer release/);
});

test("a flipped bit in a fact is noticed when it is folded", async () => {
  const { ledger } = open();
  await ledger.append(facts(1, 50));
  ledger.close();
  const bytes = readFileSync(events);
  const at = bytes.indexOf('"r25"');
  bytes[at + 2]! ^= 1;
  writeFileSync(events, bytes);
  expect(open).toThrow(/damaged.*restore/s);
});

test("a flipped bit in the write-ahead log is refused instead of dropping the facts behind it", async () => {
  const { ledger } = open();
  for (let seq = 1; seq <= 20; seq++) await ledger.append([fact(seq)]);
  const [file, log] = [readFileSync(events), readFileSync(`${events}-wal`)];
  ledger.close();
  writeFileSync(events, file);
  writeFileSync(`${events}-wal`, log);
  const wal = readFileSync(`${events}-wal`);
  wal[32 + 3 * 4120 + 500]! ^= 1;
  writeFileSync(`${events}-wal`, wal);
  expect(open).toThrow(/write-ahead log is damaged/);
});

test("a backup of the running ledger is restored to the same state; a snapshot of other code is ignored", async () => {
  const { ledger } = open();
  await ledger.append(facts(1, 300));
  expect(backupLedger(directory, join(directory, "backup.db"))).toMatchObject({ lastSeq: 300 });
  await ledger.append(facts(301, 5));
  expect(() => restoreLedger(join(directory, "backup.db"), directory)).toThrow(/one writer/);
  ledger.close();
  expect(restoreLedger(join(directory, "backup.db"), directory).lastSeq).toBe(300);
  const again = open();
  expect([again.state.seq, again.cleanStop]).toEqual([300, true]);
  again.ledger.saveSnapshot(again.state);
  again.ledger.close();
  const database = new Database(events);
  database.exec("UPDATE snapshot SET state_version = 999");
  database.close();
  const folded = open();
  expect([folded.snapshotSeq, folded.state.seq]).toEqual([0, 300]);
  folded.ledger.close();
});

test("a connection that stays open keeps a megabyte of the file in memory at most, whatever was read of it", () => {
  const asked = vi.spyOn(Database.prototype, "pragma");
  const { ledger } = open();
  const connections = asked.mock.contexts as Database.Database[];
  const reading = connections.filter((database) => database.open && database.name === events);
  asked.mockRestore();
  const writing = new Database(events);
  applyPragmas(writing);
  expect(reading.length).toBeGreaterThan(0);
  for (const database of [...reading, writing]) expect(database.pragma("cache_size", { simple: true })).toBe(-1024);
  writing.close();
  ledger.close();
});
