import { describe, expect, test } from "vitest";
import { siteModel } from "../../site/site-model.ts";
import { siteOf } from "../site.test-kit.ts";
import { earliestOpeningS, heatAfter, heatPoles, openingInS } from "./thermal.ts";

describe("when a protective device may open", () => {
  test.each([
    ["gG", 1.25, 1.6, 3600],
    ["B", 1.13, 1.45, 3600],
    ["C", 1.13, 1.45, 3600],
    ["SLS-E", 1.05, 1.2, 3600],
  ] as const)("%s holds %f of its rating for good, and is given less than an hour at %f", (kind, holds, trips, hourS) => {
    expect(earliestOpeningS(kind, holds)).toBe(Number.POSITIVE_INFINITY);
    expect(earliestOpeningS(kind, holds * 1.001)).toBeGreaterThan(3000);
    expect(earliestOpeningS(kind, trips)).toBeLessThan(hourS);
  });

  test("a main fuse outlives cars that take 10 s to obey, a breaker at double its rating may not", () => {
    expect(earliestOpeningS("gG", 2)).toBeCloseTo(10);
    expect(earliestOpeningS("B", 2)).toBeLessThan(10);
    expect(earliestOpeningS("B", 2)).toBeGreaterThan(3);
  });

  test("the magnets of B, C and E open at once at 3, 5 and 5 times the rating", () => {
    expect([earliestOpeningS("B", 2.99), earliestOpeningS("B", 3)]).toEqual([expect.any(Number), 0]);
    expect(earliestOpeningS("B", 2.99)).toBeGreaterThan(0);
    expect(earliestOpeningS("C", 3)).toBeGreaterThan(0);
    expect([earliestOpeningS("C", 5), earliestOpeningS("SLS-E", 5)]).toEqual([0, 0]);
  });

  test.each(["gG", "B", "C", "SLS-E"] as const)("%s: more current never opens it later", (kind) => {
    let before = Number.POSITIVE_INFINITY;
    for (let ratio = 1; ratio < 8; ratio += 0.01) {
      const openingS = earliestOpeningS(kind, ratio);
      expect(openingS).toBeLessThanOrEqual(before);
      before = openingS;
    }
  });
});

describe("what a device remembers", () => {
  test("from cold it may open after its curve, warm in half of that", () => {
    const openingS = earliestOpeningS("B", 1.45);
    expect(openingInS(0, "B", 1.45)).toBe(openingS);
    expect(heatAfter(0, "B", 1.45, openingS)).toBeCloseTo(1);
    const warm = heatAfter(0, "B", 1.13, 20_000);
    expect(warm).toBeCloseTo(0.5);
    expect(openingInS(warm, "B", 1.45)).toBeCloseTo(openingS / 2);
  });

  test("it never opens at its rating, and short overloads far apart are forgotten", () => {
    let heat = 0;
    for (let minute = 0; minute < 24 * 60; minute++) heat = heatAfter(heat, "SLS-E", 1, 60);
    expect(heat).toBeLessThan(0.5);
    for (let hour = 0; hour < 24; hour++) {
      heat = heatAfter(heat, "SLS-E", 1.15, 30);
      heat = heatAfter(heat, "SLS-E", 0.5, 3570);
    }
    expect(heat).toBeLessThan(0.3);
  });

  test("short overloads that follow each other add up until it opens", () => {
    const peaks: number[] = [];
    for (let round = 0, heat = 0; round < 5; round++) {
      const peak = heatAfter(heat, "B", 1.4, 20);
      peaks.push(peak);
      heat = heatAfter(peak, "B", 0.9, 20);
    }
    expect(peaks[0]).toBeLessThan(0.3);
    expect(peaks.at(-1)).toBe(1);
  });

  test("each pole has its own heat; export heats as import does", () => {
    const heat = heatPoles([0, 0, 0], { protection: "gG", ratingA: 63 }, [126, -126, 63], 5);
    expect(heat[0]).toBeCloseTo(0.5);
    expect(heat[1]).toBeCloseTo(0.5);
    expect(heat[2]).toBeLessThan(0.01);
  });
});

describe("the device of a circuit that is not told", () => {
  const kindsOf = (country: string, mainFuseA: number, garageA: number) => {
    const { configuration } = siteOf({ evses: [{ id: "a" }], mainFuseA, circuits: [{ id: "garage", fuseA: garageA }] });
    const { protection: _, ...grid } = configuration.gridConnection;
    const circuits = configuration.circuits.map(({ protection: __, ...circuit }) => circuit);
    const site = { ...configuration.site, country };
    return siteModel({ ...configuration, site, gridConnection: grid, circuits }).circuits.map(
      ({ protection }) => protection,
    );
  };

  test("is the most sensitive of the kinds that are usual there", () => {
    expect(kindsOf("DE", 63, 40)).toEqual(["SLS-E", "B"]);
    expect(kindsOf("NL", 25, 63)).toEqual(["gG", "B"]);
    expect(kindsOf("DE", 125, 100)).toEqual(["gG", "gG"]);
  });
});
