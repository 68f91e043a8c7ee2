/**
 * The controller on a clock that its parent sets: `run --config site.yaml`, at a time of day and a speed that come by
 * message. It tells each minute of its own.
 */
import { resolve } from "node:path";
import { readConfiguration } from "../../../src/app/configuration/configuration.ts";
import { consoleLog } from "../../../src/app/log.ts";
import { runSite } from "../../../src/app/run.ts";
import type { Clock } from "../../../src/core/ports.ts";

const BEGIN_MS = Number(process.env.PARTNER_BEGIN_MS);
const TOGGLE_MS = 5;
/** Hurried time stands still when the parent has not told the speed for so long: a busy machine makes nobody late. */
const HURRIED_MS = 20;
/** Of sockets, whose other end does not hurry. */
const REAL = "ocpi-timeout";

/** Real time times a speed that may change at any moment. */
class HurriedClock implements Clock {
  #speed = 1;
  #sinceMonoMs = performance.now();
  #passedMs = 0;

  set speed(speed: number) {
    this.#passedMs = this.monoMs();
    this.#sinceMonoMs = performance.now();
    this.#speed = speed;
  }
  monoMs = (): number => {
    const realMs = performance.now() - this.#sinceMonoMs;
    return this.#passedMs + (this.#speed === 1 ? realMs : Math.min(realMs, HURRIED_MS) * this.#speed);
  };
  wallMs = (): number => Math.round(BEGIN_MS + this.monoMs());
  wallTrusted = (): boolean => true;

  after(delayMs: number, name: string, run: () => void): () => void {
    const dueMs = this.monoMs() + delayMs;
    let timer: NodeJS.Timeout;
    if (name === REAL) {
      timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    }
    const look = () => {
      const leftMs = dueMs - this.monoMs();
      if (leftMs <= 0) run();
      else
        timer = setTimeout(look, this.#speed === 1 ? Math.min(leftMs, 100) : Math.max(leftMs / this.#speed, TOGGLE_MS));
    };
    timer = setTimeout(look, 0);
    return () => clearTimeout(timer);
  }
  every(intervalMs: number, name: string, run: () => void): () => void {
    let stop = () => {};
    const again = () => {
      stop = this.after(intervalMs, name, () => {
        again();
        run();
      });
    };
    again();
    return () => stop();
  }
}

const clock = new HurriedClock();
const file = "site.yaml";
const read = readConfiguration(file);
if (!read.ok) throw new Error(JSON.stringify(read.problems));
const site = await runSite({
  configuration: read.configuration,
  configurationHash: read.hash,
  directory: resolve("."),
  clock,
  log: consoleLog("warn"),
  simulated: false,
});
clock.every(60_000, "minute", () => process.send?.({ minuteMs: clock.wallMs() }));
process.on("message", ({ speed }: { speed: number }) => {
  clock.speed = speed;
});
process.on("SIGTERM", () => void site.close("told").then(() => process.exit(0)));
