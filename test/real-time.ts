/** Real time and a log that nobody reads, for tests over sockets. */
import type { Clock, Log } from "../src/core/ports.ts";

export const log: Log = { debug() {}, info() {}, warn() {}, error() {} };

export const clock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => performance.now(),
  wallTrusted: () => true,
  after(delayMs, _name, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  every(intervalMs, _name, run) {
    const timer = setInterval(run, intervalMs);
    return () => clearInterval(timer);
  },
};
