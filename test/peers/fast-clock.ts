/** Real time, so many times faster: for peers in processes of their own, whose clocks run at the same speed. */
import type { Clock } from "../../src/core/ports.ts";

export function fastClock(speed: number): Clock {
  const beganMs = Date.now();
  const beganMonoMs = performance.now();
  const passedMs = () => (performance.now() - beganMonoMs) * speed;
  return {
    wallMs: () => Math.round(beganMs + passedMs()),
    monoMs: passedMs,
    wallTrusted: () => true,
    after(delayMs, _name, run) {
      const timer = setTimeout(run, delayMs / speed);
      return () => clearTimeout(timer);
    },
    every(intervalMs, _name, run) {
      const timer = setInterval(run, intervalMs / speed);
      return () => clearInterval(timer);
    },
  };
}
