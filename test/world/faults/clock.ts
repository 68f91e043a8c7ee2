/** The machine's wall clock. Its monotonic clock is never wrong. */
import type { FaultFamily, FaultKind } from "../fault.ts";

const HOUR_MS = 3_600_000;

function stepped(story: string, byMs: number): FaultKind {
  return {
    story,
    seconds: [30, 400],
    begin: ({ wall }) => {
      wall.errorMs += byMs;
    },
    end: ({ wall }) => {
      wall.errorMs -= byMs;
    },
  };
}

export const CLOCK_FAULTS: FaultFamily = {
  "hour-ahead": stepped("jumps an hour ahead, and back later", HOUR_MS),
  "hour-back": stepped("jumps an hour back, and ahead later", -HOUR_MS),
  drifts: {
    story: "runs away by 50 ms each second, and is put right",
    seconds: [60, 400],
    begin: () => {},
    each: ({ wall }) => {
      wall.errorMs += 50;
    },
    end: ({ wall }) => {
      wall.errorMs = 0;
    },
  },
  "boots-in-1970": {
    story: "is killed and starts again in 1970, until the network tells the time",
    seconds: [40, 300],
    begin: (world) => {
      world.kill(5);
      world.wall.errorMs = 60_000 - world.time.wallMs();
      world.wall.trusted = false;
    },
    end: ({ wall }) => {
      wall.errorMs = 0;
      wall.trusted = true;
    },
  },
};
