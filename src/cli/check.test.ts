import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { verifyPassword } from "../app/password.ts";

const MAIN = fileURLToPath(new URL("../../bin/wattledger.mjs", import.meta.url));
const HOME = fileURLToPath(new URL("../../config/home.yaml", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "wattledger-check-"));
afterAll(() => rmSync(directory, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command line as a person runs it, in a process of its own. */
function wattledger(args: string[], input = ""): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args]);
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk) => (out += chunk));
    child.stderr.on("data", (chunk) => (err += chunk));
    child.on("close", (code) => resolve({ code, out, err }));
    child.stdin.end(input);
  });
}

function changedHome(from: string, to: string): string {
  const text = readFileSync(HOME, "utf8");
  if (!text.includes(from)) throw new Error(`"${from}" is not in home.yaml`);
  const file = join(directory, "site.yaml");
  writeFileSync(file, text.replace(from, to));
  return file;
}

describe("wattledger check", () => {
  it("takes the file as the other commands do, too", async () => {
    const [named, plain] = await Promise.all([wattledger(["check", "--config", HOME]), wattledger(["check", HOME])]);
    expect(named).toEqual(plain);
    expect(named.out).toContain("is in order");
  });

  it("says that a site is in order, with code 0", async () => {
    const { code, out } = await wattledger(["check", HOME]);
    expect(out).toBe(`${HOME} is in order.\n`);
    expect(code).toBe(0);
  });

  it("prints what is wrong as compilers do, what to do below it, and ends with 1", async () => {
    const file = changedHome("mainFuseA: 35", "mainFuseA: 25");
    const line =
      readFileSync(file, "utf8")
        .split("\n")
        .findIndex((text) => text.includes("mainFuseA")) + 1;
    const { code, out } = await wattledger(["check", file]);
    expect(out).toContain(`${file}:${line}:14 error: gridConnection.mainFuseA: Without the controller`);
    expect(out).toContain("1 EVSE x 6 A safe current + 25 A worst building load = 31 A, more than its 25 A\n    Set");
    expect(out).toContain("1 to correct before the site can be driven.");
    expect(code).toBe(1);
  });

  it("names the place of a device profile that nobody knows", async () => {
    const { code, out } = await wattledger(["check", changedHome("fronius-gen24", "fronius-gen42")]);
    expect(out).toMatch(/site\.yaml:\d\d:14 error: devices\.0\.profile: There is no profile "fronius-gen42"/);
    expect(code).toBe(1);
  });

  it("ends with 3 when there are only warnings, and gives them to programs as JSON", async () => {
    const { code, out } = await wattledger(["check", "--json", changedHome("host: 127.0.0.1", "host: 0.0.0.0")]);
    expect(JSON.parse(out)).toMatchObject([
      { severity: "warning", path: "api", advice: expect.stringMatching(/tokenHash/) },
    ]);
    expect(code).toBe(3);
  });

  it("ends with 2 when it is used wrongly", async () => {
    for (const args of [["check"], ["check", "a", "b"], ["check", "--jsno", HOME]]) {
      const { code, err } = await wattledger(args);
      expect(code, err).toBe(2);
      expect(err).not.toContain("please report this");
    }
  });
});

describe("wattledger hash-password", () => {
  it("prints the hash of the line that it is given, and nothing else", async () => {
    const { code, out } = await wattledger(["hash-password"], "correct horse\nsecond line\n");
    expect(code).toBe(0);
    expect(out.split("\n")).toHaveLength(2);
    expect(await verifyPassword(out.trim(), "correct horse")).toBe(true);
  });

  it("refuses one that is too short", async () => {
    const { code, out, err } = await wattledger(["hash-password"], "short\n");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("at least 8 characters");
  });
});
