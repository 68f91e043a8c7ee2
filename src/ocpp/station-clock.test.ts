import { describe, expect, it } from "vitest";
import fc from "../../test/fast-check.ts";
import { StationClock, timesIn } from "./station-clock.ts";

const NOW_MS = Date.UTC(2026, 0, 14, 12);
const MINUTE_MS = 60_000;

/** The clock of a station that is heard at moments of our own clock, which may be stepped. */
class Heard {
  #nowMs = NOW_MS;
  /** How far our wall clock was stepped. */
  steppedMs = 0;
  readonly station: StationClock;

  constructor(isTrusted: () => boolean = () => true) {
    const wallMs = () => this.#nowMs + this.steppedMs;
    this.station = new StationClock({ wallMs, monoMs: () => this.#nowMs - NOW_MS, wallTrusted: isTrusted });
  }

  get lagMs(): number {
    return this.station.lagMs;
  }

  heard(writtenMs: number, nowMs: number): boolean {
    this.#nowMs = nowMs;
    return this.station.heard(writtenMs);
  }
}

/** Hears live messages of a clock that lags, one each `everyMs`, as long as it takes. */
function heard(clock: Heard, lagMs: number, everyMs = 10_000, count = 4, fromMs = NOW_MS): number {
  for (let n = 0; n < count; n++) clock.heard(fromMs + n * everyMs - lagMs, fromMs + n * everyMs);
  return fromMs + count * everyMs;
}

describe("the clock of a charge point", () => {
  it.each([2, 5, 60 * 24, -2, -60])("that is %s minutes slow is known by two live messages", (minutes) => {
    const clock = new Heard();
    clock.heard(NOW_MS - minutes * MINUTE_MS, NOW_MS);
    expect(clock.lagMs).toBe(0);
    expect(clock.heard(NOW_MS + 20_000 - minutes * MINUTE_MS - 900, NOW_MS + 20_000)).toBe(true);
    expect(Math.abs(clock.lagMs - minutes * MINUTE_MS)).toBeLessThan(1000);
  });

  it("needs no help when it is off by some seconds", () => {
    const clock = new Heard();
    heard(clock, 20_000, 10_000, 20);
    expect(clock.lagMs).toBe(0);
  });

  it("is right again as soon as a message is younger than it could be", () => {
    const clock = new Heard();
    const nowMs = heard(clock, 5 * MINUTE_MS);
    expect(clock.heard(nowMs, nowMs)).toBe(true);
    expect(clock.lagMs).toBe(0);
  });

  it("that was fast is right again as soon as a message is of now", () => {
    const clock = new Heard();
    const nowMs = heard(clock, -60 * MINUTE_MS);
    expect(clock.lagMs).toBe(-60 * MINUTE_MS);
    expect(clock.heard(nowMs - 1000, nowMs)).toBe(true);
    expect(clock.lagMs).toBe(0);
  });

  it("is followed when it was set to another wrong time, and when it drifts", () => {
    const clock = new Heard();
    let nowMs = heard(clock, 5 * MINUTE_MS);
    nowMs = heard(clock, 65 * MINUTE_MS, 10_000, 4, nowMs);
    expect(clock.lagMs).toBe(65 * MINUTE_MS);
    for (let hour = 0; hour < 24; hour++) nowMs = heard(clock, 65 * MINUTE_MS + hour * 2_000, 10_000, 4, nowMs);
    expect(clock.lagMs).toBeGreaterThan(65 * MINUTE_MS + 40_000);
  });

  it("keeps what is known over a reconnection, and forgets it at a boot, which sets it", () => {
    const clock = new Heard();
    heard(clock, 5 * MINUTE_MS);
    clock.station.connected();
    expect(clock.lagMs).toBe(5 * MINUTE_MS);
    clock.station.booted();
    expect(clock.lagMs).toBe(0);
  });

  it.each([60, -60])("has not jumped by %s minutes when ours did: it is known at once", (minutes) => {
    const clock = new Heard();
    const nowMs = heard(clock, 0);
    clock.steppedMs = minutes * MINUTE_MS;
    expect(clock.lagMs).toBe(minutes * MINUTE_MS);
    expect(clock.heard(nowMs, nowMs)).toBe(false);
    clock.steppedMs = 0;
    expect(clock.lagMs).toBe(0);
  });

  it.each([60, -60])("that follows ours by %s minutes is known by the first message after it did", (minutes) => {
    const clock = new Heard();
    const nowMs = heard(clock, 0);
    clock.steppedMs = minutes * MINUTE_MS;
    expect(clock.heard(nowMs, nowMs)).toBe(false);
    expect(clock.heard(nowMs + 10_000 + clock.steppedMs, nowMs + 10_000)).toBe(true);
    expect(clock.lagMs).toBe(0);
  });

  it("is taken to be right when ours was never set, whatever ours showed", () => {
    let isTrusted = false;
    const clock = new Heard(() => isTrusted);
    clock.steppedMs = NOW_MS;
    isTrusted = true;
    expect(clock.lagMs).toBe(0);
  });

  it("is not doubted for a message that is sent again and again", () => {
    const clock = new Heard();
    for (let n = 0; n < 50; n++) clock.heard(NOW_MS - 10 * MINUTE_MS, NOW_MS + n * 30_000);
    expect(clock.lagMs).toBe(0);
  });

  it("is not doubted for a queue, however old, that empties faster than it filled", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 900_000 }),
        fc.integer({ min: 10, max: 200 }),
        fc.double({ min: 0, max: 0.6, noNaN: true }),
        fc.integer({ min: 0, max: 86_400_000 }),
        (everyMs, count, pace, ageMs) => {
          const clock = new Heard();
          const firstMs = NOW_MS - ageMs - count * everyMs;
          for (let n = 0; n < count; n++) {
            const nowMs = NOW_MS + n * Math.min(everyMs, 10_000) * pace;
            clock.heard(firstMs + n * everyMs, nowMs);
            expect(clock.lagMs).toBe(0);
          }
        },
      ),
    );
  });

  it("is not read from what says that it comes late", () => {
    expect(timesIn({ timestamp: "t", offline: true })).toEqual([]);
    expect(timesIn({ timestamp: "t", meterValue: [{ timestamp: "u" }, {}] })).toEqual(["t", "u"]);
  });
});
