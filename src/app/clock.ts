/** Real time. Control runs on the monotonic clock; the wall clock is for tariffs, bills and people. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../core/ports.ts";

/** No release is older than this; a Pi without a battery-backed clock starts before it. */
export const EARLIEST_WALL_MS = Date.UTC(2026, 0, 1);
const TIMESYNC_DIRECTORY = "/run/systemd/timesync";
/** There as soon as systemd's time service has heard from a server. */
export const TIMESYNC_MARK = `${TIMESYNC_DIRECTORY}/synchronized`;
const SYNC_CHECK_MS = 10_000;
/** A clock that was set right may go back by so little. */
const BACK_MS = 5_000;

export interface RealClock extends Clock {
  /** What was written last was written at `atMs` (epoch ms): a clock that nobody has set does not go back behind it. */
  notBefore(atMs: number): void;
}

/** Whether systemd keeps time here, and has heard what time it is. */
function timeSync(directory: string, monoMs: () => number) {
  const isKept = existsSync(directory);
  let synchronised = false;
  let checkedMonoMs = Number.NEGATIVE_INFINITY;
  return {
    isKept,
    isSet(): boolean {
      if (isKept && !synchronised && monoMs() - checkedMonoMs > SYNC_CHECK_MS) {
        synchronised = existsSync(join(directory, "synchronized"));
        checkedMonoMs = monoMs();
      }
      return synchronised;
    },
  };
}

/**
 * The machine's clocks. The wall clock is trusted when it is past this release and, where systemd keeps time, when that
 * says that it is synchronised; elsewhere when it is past what was written last. Until somebody has set it, it goes on
 * from there.
 */
export function realClock(timesyncDirectory = TIMESYNC_DIRECTORY): RealClock {
  const monoMs = () => performance.now();
  const sync = timeSync(timesyncDirectory, monoMs);
  let last = { atMs: 0, monoMs: 0 };
  /** When it was last known what time it is: by the last fact, or by a clock that was set. */
  let known = last;
  /** A clock that was poisoned by one fact from the future would never be right again: who keeps time is believed. */
  const isSet = (wallMs: number) => wallMs > EARLIEST_WALL_MS && (sync.isKept ? sync.isSet() : true);
  return {
    wallMs() {
      const wallMs = Date.now();
      if (!isSet(wallMs)) return Math.max(wallMs, Math.floor(known.atMs + monoMs() - known.monoMs));
      known = { atMs: wallMs, monoMs: monoMs() };
      return wallMs;
    },
    monoMs,
    wallTrusted() {
      const wallMs = Date.now();
      return isSet(wallMs) && (sync.isKept || wallMs > last.atMs - BACK_MS);
    },
    notBefore(atMs) {
      last = { atMs, monoMs: monoMs() };
      known = last;
    },
    after(delayMs, _name, run) {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    every(intervalMs, _name, run) {
      const timer = setInterval(run, intervalMs);
      return () => clearInterval(timer);
    },
  };
}
