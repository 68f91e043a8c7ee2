import { expect, test } from "vitest";
import type { PerPhase } from "../quantity.ts";
import { impossibleReading } from "./impossible.ts";

const reading = (currentA: PerPhase) => ({ deviceId: "grid", atMonoMs: 0, powerW: 0, currentA });

test("a current that no fuse would have borne is not used, a heavy overload is", () => {
  expect(impossibleReading(reading([10, 320, 12]), 63)).toMatch(/320 A behind a fuse of 63 A/);
  expect(impossibleReading(reading([10, -320, 12]), 63)).toMatch(/-320 A/);
  expect(impossibleReading(reading([10, Number.NaN, 12]), 63)).toMatch(/NaN A/);
  expect(impossibleReading(reading([10, 250, 12]), 63)).toBeUndefined();
  expect(impossibleReading({ deviceId: "grid", atMonoMs: 0, powerW: 0 }, 63)).toBeUndefined();
});

test("a power or an energy that no meter can have counted is not used either", () => {
  const sound = { deviceId: "grid", atMonoMs: 0, powerW: 40_000 };
  expect(impossibleReading(sound, 63)).toBeUndefined();
  expect(impossibleReading({ ...sound, powerW: Number.NaN }, 63)).toMatch(/NaN W/);
  expect(impossibleReading({ ...sound, powerW: 400_000 }, 63)).toMatch(/400000 W/);
  expect(impossibleReading({ ...sound, importWh: Number.POSITIVE_INFINITY }, 63)).toMatch(/no number/);
});
