import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { silentLog } from "../app/log.ts";
import { openLedger } from "../ledger/index.ts";
import { main } from "./main.ts";

const BIN = fileURLToPath(new URL("../../bin/wattledger.mjs", import.meta.url));
const HOME = fileURLToPath(new URL("../../config/home.yaml", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "wattledger-directory-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

/** What a command line says of what is wrong, and its exit code. */
async function refusal(...argv: string[]): Promise<{ code: number; text: string }> {
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  const code = await main(argv);
  return { code, text: said.mock.calls.flat().join("\n") };
}

describe("a directory that holds no ledger", () => {
  test.each([
    ["an export", ["export", "events"]],
    ["a backup", ["backup", "--out", join(root, "backup.db")]],
  ])("is named as such to who asks for %s of it, and nothing is made", async (_, command) => {
    const { code, text } = await refusal(...command, "--ledger", join(root, "nothing"));
    expect(code).toBe(2);
    expect(text).toContain(`There is no ledger in ${join(root, "nothing")}. Name the directory of events.db`);
    expect(readdirSync(root)).toEqual([]);
  });
});

describe("a site whose ledger cannot be made", () => {
  const made = (path: string) => `ledger: { directory: ${path} }`;
  test.each([
    ["on a disk that is not mounted", "stick", "a disk that it is on may not be mounted"],
    ["on a file system that takes none", "/proc/wattledger/data", "check its path"],
    ["below a file", "site.yaml/data", "a part of its path is a file"],
    ["in the place of a file", "site.yaml", "a file has its name"],
  ])("%s is told what is wrong with its directory", (_, path, advice) => {
    const site = mkdtempSync(join(tmpdir(), "wattledger-site-"));
    symlinkSync(join(site, "not-mounted/data"), join(site, "stick"));
    writeFileSync(join(site, "site.yaml"), `${readFileSync(HOME, "utf8")}\n${made(path)}\n`);
    const { stderr } = spawnSync(BIN, ["run", "--config", join(site, "site.yaml")], {
      encoding: "utf8",
      timeout: 20_000,
    });
    rmSync(site, { recursive: true });
    expect(stderr).toContain("The site was not started: The data directory cannot be made");
    expect(stderr).toContain(advice);
  });
});

describe("a ledger", () => {
  const directory = join(root, "ledger");

  test("is not backed up into a directory that does not exist, which may be a stick that is missing", async () => {
    openLedger({ directory, log: silentLog }).ledger.close();
    const { code, text } = await refusal("backup", "--ledger", directory, "--out", join(root, "stick/backup.db"));
    expect(code).toBe(2);
    expect(text).toBe(`No backup was made: There is no directory ${join(root, "stick")}`);
  });

  test("is not put back from a file that is no backup, and that file is named", async () => {
    const file = join(root, "notes.txt");
    writeFileSync(file, "no backup ".repeat(1000));
    const { code, text } = await refusal("restore", "--from", file, "--ledger", directory);
    expect(code).toBe(1);
    expect(text).toContain(`That is ${file}: it is damaged, or no backup of a ledger. Name another backup.`);
  });

  test.each([
    "jsonl",
    "csv",
  ])("that has no session yet is exported as %s without one, and that is said", async (format) => {
    const out = join(root, `sessions.${format}`);
    const { code, text } = await refusal("export", "sessions", "--ledger", directory, "--format", format, "--out", out);
    expect({ code, text }).toEqual({ code: 0, text: "The ledger has no sessions of that time yet." });
  });

  test("is exported to a reader that has enough without a complaint", () => {
    const script = 'node "$0" export telemetry --format csv --ledger "$1" | true; exit "$PIPESTATUS"';
    const { status, stderr } = spawnSync("bash", ["-c", script, BIN, directory], { encoding: "utf8" });
    expect(status).toBe(0);
    expect(stderr).not.toContain("Nothing was exported");
  });
});
