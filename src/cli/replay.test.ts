import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, expect, test, vi } from "vitest";
import { silentLog } from "../app/log.ts";
import { openLedger } from "../ledger/index.ts";
import { main } from "./main.ts";

const directory = mkdtempSync(join(tmpdir(), "wattledger-replay-"));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function replay(command = ["replay"]) {
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  const code = await main([...command, "--ledger", directory]);
  const text = said.mock.calls.flat().join(" ");
  said.mockRestore();
  return { code, text };
}

test("a directory without a ledger is said to be one, and nothing is made in it", async () => {
  expect(await replay()).toEqual({ code: 2, text: expect.stringContaining(`There is no ledger in ${directory}`) });
  expect(readdirSync(directory)).toEqual([]);
});

test("a ledger that is in use is no defect: the message says what to do, without a stack", async () => {
  const { ledger } = openLedger({ directory, log: silentLog });
  const { code, text } = await replay();
  ledger.close();
  expect(code).toBe(1);
  expect(text).toMatch(/^wattledger replay: Another wattledger already writes .*systemctl stop wattledger/);
});

test("a ledger of a newer release has an exit code of its own, so that scripts need not read sentences", async () => {
  openLedger({ directory, log: silentLog }).ledger.close();
  const database = new Database(join(directory, "events.db"));
  database.pragma("user_version = 99");
  database.close();
  const refused = { code: 4, text: expect.stringContaining("Install the newer release") };
  expect(await replay()).toEqual(refused);
  expect(await replay(["backup", "--out", join(directory, "backup.db")])).toEqual(refused);
  expect(await replay(["restore", "--from", join(directory, "events.db")])).toEqual(refused);
});
