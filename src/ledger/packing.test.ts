import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import fc from "../../test/fast-check.ts";
import type { SiteFact } from "../core/facts/index.ts";
import { backupLedger, openLedger } from "./index.ts";
import { packed, unpacked } from "./packing.ts";
import { rowOf } from "./row.ts";
import { INSERT_FACT } from "./schema.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
let directory: string;
let events: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ledger-"));
  events = join(directory, "events.db");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = () => openLedger({ directory, log });
/** The sun of four days: with so many numbers some 3 kB of JSON. */
function forecast(seq: number): SiteFact {
  const powerW = Array.from({ length: 384 }, (_, slot) => ((slot * 7919 + seq) % 9_000) + 0.5);
  const envelope = { seq, atMs: 1000 + seq, monoMs: seq, wallTrusted: true, boot: "b", source: "forecast", version: 1 };
  return {
    ...envelope,
    type: "forecast-received",
    data: { kind: "pv", by: "a roof in Zürich", series: { startMs: 0, minutes: 15, powerW } },
  } as SiteFact;
}

function stored(seq: number): { data: string; format: number } {
  const database = new Database(events, { readonly: true });
  const { data } = database.prepare("SELECT data FROM fact WHERE seq = ?").get(seq) as { data: string };
  const format = database.pragma("user_version", { simple: true }) as number;
  database.close();
  return { data, format };
}

test("a large fact takes less room in the ledger, and comes back as it was recorded, from a backup too", async () => {
  const { ledger } = open();
  await ledger.append([forecast(1)]);
  expect(ledger.read(0, 5)).toEqual([forecast(1)]);
  ledger.close();
  expect(stored(1).data.length).toBeLessThan(JSON.stringify(forecast(1).data).length * 0.7);
  const copy = join(directory, "backup.db");
  backupLedger(directory, copy);
  const elsewhere = mkdtempSync(join(tmpdir(), "ledger-"));
  writeFileSync(join(elsewhere, "events.db"), readFileSync(copy));
  const restored = openLedger({ directory: elsewhere, log });
  expect(restored.ledger.read(0, 5)).toEqual([forecast(1)]);
  restored.ledger.close();
  rmSync(elsewhere, { recursive: true });
});

test("whatever JSON a fact holds is unpacked to the very same text", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.nat(6_000), (json, room) => {
      const row = { ...rowOf(forecast(1)), data: JSON.stringify([json, " ".repeat(room), "ö€😀"]) };
      expect(unpacked(packed(row).data)).toBe(row.data);
    }),
  );
});

test("a flipped bit in a packed fact is noticed when it is read", async () => {
  const { ledger } = open();
  await ledger.append([forecast(1)]);
  ledger.close();
  const bytes = readFileSync(events);
  const at = bytes.indexOf("deflated:");
  expect(at).toBeGreaterThan(0);
  bytes[at + 200]! ^= 1;
  writeFileSync(events, bytes);
  expect(open).toThrow(/fact 1 does not fit its checksum/);
});

test("a ledger of a release that packed nothing goes on, and that release refuses it only once it holds packed facts", async () => {
  open().ledger.close();
  const older = new Database(events);
  older.prepare(INSERT_FACT).run(rowOf(forecast(1)));
  older.pragma("user_version = 1");
  older.close();
  open().ledger.close();
  expect(stored(1)).toMatchObject({ format: 1, data: expect.stringMatching(/^{/) });
  const { ledger } = open();
  await ledger.append([forecast(2)]);
  expect(ledger.read(0, 5)).toEqual([forecast(1), forecast(2)]);
  ledger.close();
  expect(stored(2)).toMatchObject({ format: 2, data: expect.stringMatching(/^deflated:/) });
});
