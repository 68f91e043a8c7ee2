import { describe, expect, test } from "vitest";
import { siteOf } from "../control/site.test-kit.ts";
import { waysOf } from "./power-step.ts";

const site = siteOf({
  evses: [
    { id: "three", phases: ["L2", "L3", "L1"], maxCurrentA: 16 },
    { id: "one", phases: ["L3"] },
  ],
});
const waysAt = (evseId: string, sumA: number) => waysOf(site.evseById.get(evseId)!, sumA).map(String).sort();

describe("a step of which the power alone is told", () => {
  test("may be on any of the EVSE's phases that can carry it", () => {
    expect(waysAt("three", 16)).toEqual(["0,0,16", "0,16,0", "0,8,8", "16,0,0", "8,0,8", "8,8,0"]);
    expect(waysAt("one", -10)).toEqual(["0,0,-10"]);
  });

  test("is on all three where two could not carry it", () => {
    expect(waysAt("three", 48)).toEqual(["16,16,16"]);
  });

  test("says nothing where it is small, or more than the EVSE can give", () => {
    expect(waysAt("three", 5)).toEqual([]);
    expect(waysAt("one", 20)).toEqual([]);
  });
});
