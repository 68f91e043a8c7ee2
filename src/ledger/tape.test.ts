import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import fc from "../../test/fast-check.ts";
import { openTape, readTape } from "./tape.ts";
import { decodeRecords, encodeRecord, tapeFileName } from "./tape-file.ts";

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 5, 10, 23, 50);
let directory: string;
let warnings: string[];
const log = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} };
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tape-"));
  warnings = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = () => openTape({ directory, keepDays: 3, log });
const sample = (second: number) => ({
  atMs: START_MS + second * 1000,
  monoMs: second * 1000,
  values: second % 3 === 0 ? { "grid.l1": 100 - second * 100 } : { "grid.l1": second, pv: second * 7 },
});
const all = () => [...readTape(directory, 0, 8e15)];

test("the tape gives back exactly what was written, over midnight, and a missing value stays missing", async () => {
  const tape = open();
  const written = Array.from({ length: 1500 }, (_, second) => sample(second));
  for (const { atMs, monoMs, values } of written) tape.write(atMs, monoMs, values);
  tape.close();
  await expect.poll(() => all().length).toBe(1500);
  expect(all()).toEqual(written);
  expect(readdirSync(directory)).toEqual(["tape-2026-06-10.bin", "tape-2026-06-11.bin"]);
  expect([...readTape(directory, START_MS + 700_000, START_MS + 703_000)]).toEqual(written.slice(700, 703));
  expect(warnings).toEqual([]);
});

test("the file grows once in a quarter of an hour: each time wears the card", async () => {
  const tape = open();
  for (let second = 0; second < 900; second++) tape.write(START_MS, second * 1000, { a: second });
  await new Promise(setImmediate);
  expect(readdirSync(directory)).toEqual([]);
  tape.write(START_MS, 900_000, { a: 900 });
  await expect.poll(() => all().length).toBe(900);
  expect(decodeRecords(readFileSync(join(directory, "tape-2026-06-10.bin")))).toHaveLength(3);
});

test("what a power cut left half-written costs its own block, not those before and behind it", () => {
  const blocks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(blocks, fc.nat(), fc.uint8Array({ maxLength: 50 }), (contents, at, garbage) => {
      const wanted = contents.map((block, index) => ({
        startMs: index,
        endMs: index,
        samples: 1,
        block: Buffer.from(block),
      }));
      const whole = wanted.map(encodeRecord);
      const last = whole.at(-1)!;
      const torn = last.subarray(0, at % last.length);
      // Garbage that is what was torn off makes a sound block again.
      fc.pre(!Buffer.concat([torn, garbage]).subarray(0, last.length).equals(last));
      const file = Buffer.concat([...whole, torn, Buffer.from(garbage), ...whole]);
      expect(decodeRecords(file)).toEqual(wanted.flatMap((record) => [record, record]));
    }),
  );
});

test("a flipped bit costs one block", () => {
  const tape = open();
  for (let second = 0; second < 10; second++) tape.write(sample(second).atMs, second * 1000, { a: second });
  tape.close();
  const path = join(directory, "tape-2026-06-10.bin");
  const first = readFileSync(path);
  const damaged = Buffer.from(first);
  damaged[40]! ^= 4;
  writeFileSync(path, Buffer.concat([damaged, first]));
  expect(all()).toHaveLength(10);
});

test("days beyond those to keep go, the oldest first, and a clock that is years ahead erases no more than one", async () => {
  for (let day = 1; day <= 4; day++) appendFileSync(join(directory, tapeFileName(START_MS - day * DAY_MS)), "x");
  const tape = open();
  tape.write(START_MS + 3000 * DAY_MS, 0, { a: 1 });
  tape.flush();
  const kept = ["tape-2026-06-07.bin", "tape-2026-06-08.bin", "tape-2026-06-09.bin", "tape-2034-08-27.bin"];
  await expect.poll(() => readdirSync(directory).sort()).toEqual(kept);
});

test("a card that hangs costs samples and no time: the site goes on, and later samples are kept", async () => {
  // Opening a pipe waits until somebody reads: a file that hangs.
  expect(spawnSync("mkfifo", [join(directory, "tape-2026-06-10.bin")]).status).toBe(0);
  const tape = open();
  for (let block = 0; block < 20; block++) {
    tape.write(START_MS, block * 1000, { a: block });
    tape.flush();
  }
  expect(warnings).toEqual(["The disk is too slow for the raw samples: some were given up"]);
  const read = await readFile(join(directory, "tape-2026-06-10.bin"));
  expect(decodeRecords(read).length).toBeGreaterThan(0);
});

test("a directory that is gone costs samples and a warning", async () => {
  const tape = open();
  rmSync(directory, { recursive: true });
  tape.write(START_MS, 0, { a: 1 });
  tape.flush();
  await expect.poll(() => warnings).toHaveLength(1);
  tape.write(START_MS, 0, { a: 1 });
  tape.close();
});
