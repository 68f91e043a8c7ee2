import { afterEach, describe, expect, test, vi } from "vitest";
import { main, usage } from "./main.ts";

const printed: string[] = [];
const take = (text: unknown) => void printed.push(String(text));

/** What a command line prints, and its exit code. */
async function say(...argv: string[]): Promise<{ code: number; text: string }> {
  printed.length = 0;
  vi.spyOn(console, "log").mockImplementation(take);
  vi.spyOn(console, "error").mockImplementation(take);
  const code = await main(argv);
  return { code, text: printed.join("\n") };
}

afterEach(() => vi.restoreAllMocks());

const NAMES = [...usage().matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name]) => name!);

describe("somebody at the command line", () => {
  test.each(NAMES)("who asks `%s --help` is told what that command takes", async (name) => {
    const { code, text } = await say(name, "--help");
    expect(code).toBe(0);
    expect(text).toMatch(new RegExp(`^Usage: wattledger ${name}`));
  });

  test("who writes an option that a command does not have is told which it has", async () => {
    const { code, text } = await say("backup", "--leger", "data");
    expect(code).toBe(2);
    expect(text).toContain("--leger");
    expect(text).toContain("Usage: wattledger backup --ledger DIRECTORY --out FILE");
  });

  test("who names no command that exists is shown all of them", async () => {
    const { code, text } = await say("bakcup");
    expect(code).toBe(2);
    expect(text).toContain('There is no command "bakcup"');
    expect(text).toContain("put a verified backup in the place of a ledger");
  });
});
