/** What of an ActiveChargingProfile is news to its sender. */

import { expect, test } from "vitest";
import fc from "../../../test/fast-check.ts";
import { type ActiveProfile, differs } from "./active-profile.ts";

const CHANGE_MS = 579_400;
/** As it is seen at a time: 4.8 kW until the change, then `afterW`; told in whole seconds. */
const seenAt = (startMs: number, afterW = 6_900): ActiveProfile => ({
  startMs,
  durationS: 3_600,
  wattsPerAmpere: 690,
  periods: [
    { offsetS: 0, powerW: 4_830 },
    { offsetS: Math.round((CHANGE_MS - startMs) / 1000), powerW: afterW },
  ],
});

test("that time passes is no news, whatever part of a second it is", () => {
  const instant = fc.integer({ min: 0, max: 570_000 });
  fc.assert(fc.property(instant, instant, (a, b) => !differs(seenAt(Math.max(a, b)), seenAt(Math.min(a, b)))));
});

test("more than 100 W and 2 % is, now or later", () => {
  expect(differs(seenAt(800, 6_700), seenAt(0))).toBe(true);
  expect(differs(seenAt(800, 6_850), seenAt(0))).toBe(false);
  const lower = { ...seenAt(800), periods: [{ offsetS: 0, powerW: 4_140 }, ...seenAt(800).periods.slice(1)] };
  expect(differs(lower, seenAt(0))).toBe(true);
  expect(differs({ ...seenAt(800), periods: [{ offsetS: 0, powerW: 4_830 }] }, seenAt(0))).toBe(true);
});

test("half of what was told has passed: that is told on", () => {
  expect(differs({ ...seenAt(0), startMs: 1_801_000 }, seenAt(0))).toBe(true);
});
