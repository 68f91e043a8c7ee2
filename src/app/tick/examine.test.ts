import { expect, test } from "vitest";
import { homeConfiguration } from "../../core/site/site.test-kit.ts";
import { siteModel } from "../../core/site/site-model.ts";
import { initialState } from "../../core/state/state.ts";
import { createExaminer } from "./examine.ts";

test("a defect in the look at the meters leaves the guard with what was read, and is told once", () => {
  const told: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (text: string) => void told.push(text) };
  const examine = createExaminer(siteModel(homeConfiguration()), log, () => {
    throw new Error("a defect");
  });
  const image = {
    nowMs: 0,
    monoMs: 0,
    wallTrusted: true,
    meters: new Map([["grid", { deviceId: "grid", atMonoMs: 0, powerW: 1 }]]),
    pvs: new Map(),
    batteries: new Map(),
    evses: new Map(),
  };
  for (let tick = 0; tick < 3; tick++) expect(examine(initialState(), image).image).toBe(image);
  expect(told).toHaveLength(1);
});
