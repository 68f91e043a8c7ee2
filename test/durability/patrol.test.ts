/** Facts that lie on the disk for months: what it has lost of them is found within a day, while the site runs. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLog } from "../../src/app/log.ts";
import { openLedger } from "../../src/ledger/index.ts";
import { LOOK_EVERY_MS, Patrol } from "../../src/ledger/patrol.ts";
import { until } from "../until.ts";
import { foretoldFacts } from "./facts.ts";

const FACTS = 4_000;
const LOOKS_A_DAY = 86_400_000 / LOOK_EVERY_MS;
const MIDNIGHT_MS = Date.UTC(2026, 10, 21);
let directory: string;
const file = () => join(directory, "events.db");
/** A machine's clock of 1970 goes on from the last fact: the ledger goes by it. */
const clock = { wallMs: () => MIDNIGHT_MS };
const open = (lookEveryMs?: number) =>
  openLedger({ directory, log: silentLog, clock, ...(lookEveryMs === undefined ? {} : { lookEveryMs }) });

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "wattledger-patrol-"));
  const { ledger } = open();
  await ledger.append(foretoldFacts(1, FACTS));
  ledger.close();
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Changes rows as a medium would: behind the back of everybody. */
function spoil(sql: string): Database.Database {
  const database = new Database(file());
  database.exec(sql);
  return database;
}

/** What a round finds, and after how many looks. */
function round(database: Database.Database, lastSeq: number, nowMs: number) {
  const patrol = new Patrol(database, lastSeq, nowMs);
  for (let looks = 1; looks <= LOOKS_A_DAY; looks++) {
    const found = patrol.look(lastSeq);
    if (found !== undefined) return { found, looks };
  }
  return undefined;
}

test.each([
  ["one changed digit", "UPDATE fact SET at_ms = at_ms + 1 WHERE seq = 1234", /^fact 1234 does not fit/],
  ["the first fact gone", "DELETE FROM fact WHERE seq = 1", /^fact 1 is missing/],
  ["a fact gone", "DELETE FROM fact WHERE seq = 1234", /^fact 1234 is missing/],
  ["the last ones gone", "DELETE FROM fact WHERE seq > 3990", /^fact 399\d is missing/],
])("%s is found within a day, at whatever hour the round begins", (_name, sql, expected) => {
  const database = spoil(sql);
  for (const hour of [0, 7.3, 12, 23.99]) {
    const { found, looks } = round(database, FACTS, MIDNIGHT_MS + hour * 3_600_000)!;
    expect(found).toMatch(expected);
    expect(looks).toBeLessThan(LOOKS_A_DAY);
  }
  database.close();
});

test("a large ledger is looked through in a day too: more at a time", () => {
  const facts = 10_000_000;
  let looked = 0;
  const all = (_after: number, _last: number, limit: number) => {
    looked = limit;
    throw Object.assign(new Error("bad sector"), { code: "SQLITE_IOERR_READ" });
  };
  const database = { prepare: () => ({ all }) } as never;
  expect(new Patrol(database, facts, MIDNIGHT_MS).look(facts)).toContain("bad sector");
  expect(looked * LOOKS_A_DAY).toBeGreaterThan(facts);
  expect(looked).toBeLessThan(500);
});

test("a page that broke after a clean stop is found while the site runs and records, and a whole ledger is not blamed", async () => {
  const whole = open(1);
  for (let seq = FACTS + 1; seq < FACTS + 2_000; seq += 50) await whole.ledger.append(foretoldFacts(seq, 50));
  expect(whole.ledger.damage).toBeUndefined();
  whole.ledger.saveSnapshot({ ...whole.state, seq: whole.ledger.lastSeq });
  whole.ledger.close();
  const bytes = readFileSync(file());
  // The header of a leaf with facts.
  const page = Math.floor(bytes.indexOf('"fact ') / 4096);
  bytes.fill(0xff, page * 4096, page * 4096 + 8);
  writeFileSync(file(), bytes);
  const { ledger, cleanStop } = open(1);
  expect(cleanStop).toBe(true);
  const damage = await until(() => ledger.damage);
  expect(damage.reason).toMatch(/structure is broken|missing/);
  expect(damage.foundMs).toBe(MIDNIGHT_MS);
  const next = ledger.lastSeq + 1;
  await ledger.append(foretoldFacts(next, 1));
  expect(ledger.lastSeq).toBe(next);
  ledger.close();
});
