import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { realClock } from "./clock.ts";

const WRITTEN_MS = Date.UTC(2026, 10, 21, 12);
const HOUR_MS = 3_600_000;
let directory: string;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  directory = mkdtempSync(join(tmpdir(), "wattledger-clock-"));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true });
});

/** A start at `wallMs` of a machine that writes facts since `WRITTEN_MS`. */
function started(wallMs: number, timesync = directory) {
  vi.setSystemTime(wallMs);
  const clock = realClock(timesync);
  clock.notBefore(WRITTEN_MS);
  return clock;
}

describe("a machine without a clock of its own", () => {
  test("that starts in 1970 goes on from the last fact, is not trusted, and is right when the network comes", () => {
    const clock = started(5_000);
    expect(clock.wallMs()).toBe(WRITTEN_MS);
    vi.advanceTimersByTime(60_000);
    expect(clock.wallMs()).toBe(WRITTEN_MS + 60_000);
    expect(clock.wallTrusted()).toBe(false);
    vi.setSystemTime(WRITTEN_MS + HOUR_MS);
    writeFileSync(join(directory, "synchronized"), "");
    vi.advanceTimersByTime(11_000);
    expect(clock.wallTrusted()).toBe(true);
    expect(clock.wallMs()).toBe(WRITTEN_MS + HOUR_MS + 11_000);
  });

  test("that starts an hour behind its last fact, and has heard no server, goes on from the fact too", () => {
    expect(started(WRITTEN_MS - HOUR_MS).wallMs()).toBe(WRITTEN_MS);
  });
});

test("a clock that falls back to 1970 while the site runs goes on from when it was right, also on a new ledger", () => {
  vi.setSystemTime(WRITTEN_MS);
  const clock = realClock(join(directory, "none"));
  expect(clock.wallMs()).toBe(WRITTEN_MS);
  vi.setSystemTime(5_000);
  vi.advanceTimersByTime(60_000);
  expect(clock.wallMs()).toBe(WRITTEN_MS + 60_000);
  expect(clock.wallTrusted()).toBe(false);
  vi.setSystemTime(WRITTEN_MS + HOUR_MS);
  expect(clock.wallMs()).toBe(WRITTEN_MS + HOUR_MS);
  expect(clock.wallTrusted()).toBe(true);
});

test("a fact from the future does not hold a clock that a server has set", () => {
  writeFileSync(join(directory, "synchronized"), "");
  const clock = started(WRITTEN_MS - HOUR_MS);
  expect(clock.wallMs()).toBe(WRITTEN_MS - HOUR_MS);
  expect(clock.wallTrusted()).toBe(true);
});

test("where nobody says who keeps time, a clock behind the last fact is used and not trusted", () => {
  const nowhere = join(directory, "none");
  const clock = started(WRITTEN_MS - HOUR_MS, nowhere);
  expect(clock.wallMs()).toBe(WRITTEN_MS - HOUR_MS);
  expect(clock.wallTrusted()).toBe(false);
  expect(started(WRITTEN_MS + HOUR_MS, join(directory, "other")).wallTrusted()).toBe(true);
});
