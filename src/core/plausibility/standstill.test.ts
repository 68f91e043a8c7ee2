import { describe, expect, test } from "vitest";
import type { EvseReading, MeterReading } from "../image.ts";
import { believed, type MeterWatch, watchMeter } from "./standstill.ts";

/** The meter is read once a second; each reading is what `at` says, and so is the car's every ten seconds. */
function watched(seconds: number, at: (second: number) => Partial<MeterReading>, carA?: (second: number) => number) {
  let watch: MeterWatch | undefined;
  let latest: MeterReading | undefined;
  for (let second = 0; second <= seconds; second++) {
    latest = { deviceId: "grid", atMonoMs: second * 1000, powerW: 10_000, currentA: [15, 15, 14], ...at(second) };
    const sampled = second - (second % 10);
    const a = carA?.(sampled) ?? 0;
    const car: EvseReading = { evseId: "a", atMonoMs: sampled * 1000, currentA: [a, a, a] };
    watch = watchMeter(watch, latest, carA ? [car] : []);
  }
  return believed(watch!, latest!);
}

describe("a meter whose values stand still", () => {
  test("has the age of its values once its registers should have counted", () => {
    const frozen = () => ({ importWh: 4000 });
    expect(watched(10, frozen).atMonoMs).toBe(10_000);
    expect(watched(11, frozen).atMonoMs).toBe(0);
    expect(watched(60, frozen).atMonoMs).toBe(0);
  });

  test("is found out the sooner the more it says that flows", () => {
    expect(watched(4, () => ({ importWh: 4000, powerW: 40_000 })).atMonoMs).toBe(0);
    expect(watched(60, () => ({ importWh: 4000, powerW: 300 })).atMonoMs).toBe(60_000);
  });

  test("is found out when a car's own meter moves and it does not", () => {
    const carA = (second: number) => (second < 30 ? 6 : 16);
    expect(watched(29, () => ({}), carA).atMonoMs).toBe(29_000);
    expect(watched(30, () => ({}), carA).atMonoMs).toBe(0);
  });

  test("is believed again with the first value that moves", () => {
    const thaws = (second: number) => ({ importWh: second < 60 ? 4000 : 4180 });
    expect(watched(59, thaws).atMonoMs).toBe(0);
    expect(watched(60, thaws).atMonoMs).toBe(60_000);
  });
});

describe("a meter that is right", () => {
  test("may say the same for long when its registers count, or when it has none and no car changes", () => {
    const counting = (second: number) => ({ importWh: 4000 + Math.floor((second * 10_000) / 36_000) * 10 });
    for (let second = 0; second < 60; second++) expect(watched(second, counting).atMonoMs).toBe(second * 1000);
    expect(watched(600, () => ({})).atMonoMs).toBe(600_000);
    expect(watched(600, () => ({ importWh: 4000, powerW: 0, currentA: [0, 0, 0] })).atMonoMs).toBe(600_000);
  });

  test("is not blamed for a car's meter that reports late what it has shown before", () => {
    const carA = (second: number) => (second < 10 ? 6 : 16);
    const ramp = (second: number) => (second < 7 ? { powerW: 4000 } : {});
    expect(watched(60, ramp, carA).atMonoMs).toBe(60_000);
  });
});
