import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { silentLog } from "../app/log.ts";
import { openLedger } from "../ledger/index.ts";
import { main } from "./main.ts";

const directory = mkdtempSync(join(tmpdir(), "wattledger-replay-"));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function replay() {
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  const code = await main(["replay", "--ledger", directory]);
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
