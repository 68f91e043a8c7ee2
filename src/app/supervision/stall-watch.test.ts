import { expect, test } from "vitest";
import type { Clock } from "../../core/ports.ts";
import { silentLog } from "../log.ts";
import { STALL_MS, watchStalls } from "./stall-watch.ts";

/** A clock whose timer comes when the test says so. */
function world() {
  let monoMs = 0;
  let look = () => {};
  let everyMs = 0;
  const clock = {
    monoMs: () => monoMs,
    every: (intervalMs: number, _name: string, run: () => void) => {
      everyMs = intervalMs;
      look = run;
      return () => {
        look = () => {};
      };
    },
  } as Clock;
  const told: number[] = [];
  const watch = watchStalls({ clock, log: silentLog, onStall: (stalledMs) => told.push(stalledMs) });
  const pass = (extraMs: number) => {
    monoMs += everyMs + extraMs;
    look();
  };
  return { watch, told, pass };
}

test("a loop that is late by less than half a second is no stall", () => {
  const { watch, told, pass } = world();
  for (let turn = 0; turn < 1000; turn++) pass(STALL_MS);
  expect({ told, count: watch.count }).toEqual({ told: [], count: 0 });
});

test("a process that stood still for a minute says so at once, with how long", () => {
  const { watch, told, pass } = world();
  pass(0);
  pass(60_000);
  expect({ told, count: watch.count, longestMs: watch.longestMs }).toEqual({
    told: [60_000],
    count: 1,
    longestMs: 60_000,
  });
});

test("a machine that stalls again and again tells once a minute, and a much longer stall at once", () => {
  const { watch, told, pass } = world();
  for (let turn = 0; turn < 120; turn++) pass(turn === 40 ? 1_200 : turn === 70 ? 3_000 : 900);
  expect(watch.count).toBe(120);
  expect(told).toEqual([900, 1_200, 3_000]);
});
