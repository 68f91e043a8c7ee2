import { describe, expect, it } from "vitest";
import fc from "../../../test/fast-check.ts";
import {
  dateOf,
  dayOf,
  isTimeZone,
  knowZone,
  localMoment,
  midnightMs,
  wallClockMs,
  whenWallShowsMs,
} from "./calendar.ts";

const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"];
const HOUR_MS = 3_600_000;

describe("the calendar of a place", () => {
  it("counts local days, whatever UTC says", () => {
    const lastHourMs = Date.parse("2026-06-30T22:30Z");
    expect(localMoment(lastHourMs, "Europe/Berlin")).toEqual({
      day: dayOf("2026-07-01"),
      month: 2026 * 12 + 6,
      monthOfYear: 7,
      weekday: 3,
      minuteOfDay: 30,
      daysLeft: 31,
    });
  });

  it("has days of 23 and of 25 hours when clocks are changed", () => {
    const lengthMs = (day: string, next: string) =>
      midnightMs(next, "Europe/Berlin") - midnightMs(day, "Europe/Berlin");
    expect(lengthMs("2026-03-29", "2026-03-30")).toBe(23 * HOUR_MS);
    expect(lengthMs("2026-10-25", "2026-10-26")).toBe(25 * HOUR_MS);
  });

  it("takes the first of two hours that the wall shows twice, and the next one for an hour that is left out", () => {
    const wall = (text: string) => whenWallShowsMs(Date.parse(`${text}Z`), "Europe/Berlin");
    expect(wall("2026-10-25T02:30")).toBe(Date.parse("2026-10-25T00:30Z"));
    expect(wall("2026-03-29T02:30")).toBe(Date.parse("2026-03-29T01:30Z"));
    expect(midnightMs("no day", "Europe/Berlin")).toBeNaN();
  });

  it("finds back to every moment, but for the hour that comes twice", () => {
    const anyMoment = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2030, 0) });
    fc.assert(
      fc.property(anyMoment, fc.constantFrom(...ZONES), (atMs, timeZone) => {
        const foundMs = whenWallShowsMs(wallClockMs(atMs, timeZone), timeZone);
        expect(atMs - foundMs === 0 || wallClockMs(foundMs, timeZone) === wallClockMs(atMs, timeZone)).toBe(true);
        expect(foundMs).toBeLessThanOrEqual(atMs);
      }),
    );
  });
});

describe("a day", () => {
  it("is written as it is read", () => {
    fc.assert(
      fc.property(fc.integer({ min: dayOf("1970-01-01"), max: dayOf("2099-12-31") }), (day) => {
        expect(dayOf(dateOf(day))).toBe(day);
      }),
    );
    expect(dateOf(dayOf("2028-02-29"))).toBe("2028-02-29");
  });
});

describe("a zone", () => {
  it("has to exist", () => {
    expect(isTimeZone("Europe/Amsterdam")).toBe(true);
    expect(isTimeZone("Europe/Berln")).toBe(false);
  });

  it("goes by the machine's table where that has an answer, else by Intl", () => {
    const untilMs = Date.UTC(2026, 6);
    knowZone("Europe/Paris", { offsetMs: (atMs) => (atMs < untilMs ? 42 * HOUR_MS : undefined) });
    expect(wallClockMs(untilMs - HOUR_MS, "Europe/Paris")).toBe(untilMs + 41 * HOUR_MS);
    expect(wallClockMs(untilMs, "Europe/Paris")).toBe(untilMs + 2 * HOUR_MS);
  });
});
