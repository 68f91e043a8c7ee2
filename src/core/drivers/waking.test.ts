import { describe, expect, it } from "vitest";
import { wakingMs } from "./waking.ts";

const HOUR_MS = 3_600_000;
const at = (day: number, hour: number) => Date.UTC(2026, 5, day, hour);

describe("the part of a time that counts for leaving", () => {
  it("is nearly all of the day, hardly any of the night, and most of the hour in which people go to work", () => {
    expect(wakingMs(at(17, 9), at(17, 17)) / HOUR_MS).toBeCloseTo(7.55);
    expect(wakingMs(at(17, 0), at(17, 6))).toBeLessThan(HOUR_MS / 3);
    expect(wakingMs(at(17, 7), at(17, 8))).toBeGreaterThan(HOUR_MS);
  });

  it("adds up over midnight and over days, and is nothing backwards", () => {
    const whole = wakingMs(at(17, 18), at(19, 8));
    expect(wakingMs(at(17, 18), at(18, 3)) + wakingMs(at(18, 3), at(19, 8))).toBeCloseTo(whole);
    expect(wakingMs(at(17, 5), at(18, 5))).toBeCloseTo(wakingMs(at(18, 20), at(19, 20)));
    expect(wakingMs(at(18, 8), at(17, 8))).toBe(0);
  });

  it("is never nothing while time passes", () => {
    for (let hour = 0; hour < 24; hour++) expect(wakingMs(at(17, hour), at(17, hour) + 60_000)).toBeGreaterThan(0);
  });
});
