/** The machine's wall clock. Its monotonic clock is never wrong. */
import type { FaultFamily, FaultKind } from "../fault.ts";

const HOUR_MS = 3_600_000;

function stepped(story: string, byMs: number): FaultKind {
  return {
    story,
    seconds: [30, 400],
    begin: ({ wall }, fault) => void wall.errors.set(fault, byMs),
    end: ({ wall }, fault) => void wall.errors.delete(fault),
  };
}

function drifting(story: string, byMs: number): FaultKind {
  return {
    story,
    seconds: [60, 400],
    begin: () => {},
    each: ({ wall, second }, fault) => void wall.errors.set(fault, byMs * (second - fault.fromS)),
    end: ({ wall }, fault) => void wall.errors.delete(fault),
  };
}

export const CLOCK_FAULTS: FaultFamily = {
  "hour-ahead": stepped("jumps an hour ahead, and back later", HOUR_MS),
  "hour-back": stepped("jumps an hour back, and ahead later", -HOUR_MS),
  drifts: drifting("runs away by 50 ms each second, and is put right", 50),
  lags: drifting("falls behind by 50 ms each second, and is put right", -50),
  "boots-in-1970": {
    story: "is killed and starts again in 1970, until the network tells the time",
    seconds: [40, 300],
    begin: (world, fault) => {
      world.kill(5);
      world.wall.errors.set(fault, 60_000 - world.time.wallMs());
      world.wall.trusted = false;
    },
    end: ({ wall }, fault) => {
      wall.errors.delete(fault);
      wall.trusted = true;
    },
  },
};
