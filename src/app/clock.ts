/** Real time. Control runs on the monotonic clock; the wall clock is for tariffs, bills and people. */
import { existsSync } from "node:fs";
import { performance } from "node:perf_hooks";
import type { Clock } from "../core/ports.ts";

/** No release is older than this; a Pi without a battery-backed clock starts before it. */
export const EARLIEST_WALL_MS = Date.UTC(2026, 0, 1);
const TIMESYNC_DIRECTORY = "/run/systemd/timesync";
/** There as soon as systemd's time service has heard from a server. */
export const TIMESYNC_MARK = `${TIMESYNC_DIRECTORY}/synchronized`;
const SYNC_CHECK_MS = 10_000;

/**
 * The machine's clocks. The wall clock is trusted when it is past this release and past `notBeforeMs` (the last fact
 * of the ledger) and, where systemd keeps time, when that says that it is synchronised.
 */
export function realClock(notBeforeMs = 0): Clock {
  let synchronised = false;
  let checkedMonoMs = Number.NEGATIVE_INFINITY;
  const timeIsKept = existsSync(TIMESYNC_DIRECTORY);
  const monoMs = () => performance.now();
  return {
    wallMs: () => Date.now(),
    monoMs,
    wallTrusted() {
      if (timeIsKept && !synchronised && monoMs() - checkedMonoMs > SYNC_CHECK_MS) {
        synchronised = existsSync(TIMESYNC_MARK);
        checkedMonoMs = monoMs();
      }
      return Date.now() > Math.max(EARLIEST_WALL_MS, notBeforeMs - 5000) && (synchronised || !timeIsKept);
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
