import { describe, expect, it } from "vitest";
import { clearSky, sineOfSunHeight } from "./sun.ts";

function heightAt(utc: string, latitude: number, longitude: number): number {
  return (Math.asin(sineOfSunHeight(Date.parse(utc), { latitude, longitude })) * 180) / Math.PI;
}

describe("the height of the sun", () => {
  it.each([
    ["at noon on the equator at the equinox", "2026-03-20T12:07Z", 0, 0, 90],
    ["in Ulm at midsummer noon: 90 - 48.4 + 23.4", "2026-06-21T11:22Z", 48.4, 10, 65],
    ["in Ulm at midwinter noon: 90 - 48.4 - 23.4", "2026-12-21T11:18Z", 48.4, 10, 18.2],
    [
      "at the summer midnight of Tromsoe, where it does not set: 69.65 + 23.4 - 90",
      "2026-06-21T22:45Z",
      69.65,
      18.95,
      3.1,
    ],
    ["in Sydney at midsummer noon, in the north: 90 - (33.9 - 23.4)", "2026-12-21T01:53Z", -33.9, 151.2, 79.5],
  ])("%s", (_where, utc, latitude, longitude, height) => {
    expect(Math.abs(heightAt(utc, latitude, longitude) - height)).toBeLessThan(0.5);
  });

  it("a clear sky gives about the rated power at most, and nothing at night", () => {
    expect(clearSky(Date.parse("2026-06-21T11:22Z"), { latitude: 48.4, longitude: 10 })).toBeCloseTo(0.934, 2);
    expect(clearSky(Date.parse("2026-06-21T23:22Z"), { latitude: 48.4, longitude: 10 })).toBe(0);
  });
});
