import { afterEach, expect, test } from "vitest";
import { fromLocalInput, timeZone, toLocalInput } from "./format.ts";

afterEach(() => {
  timeZone.value = undefined;
});

test("what is typed is meant by the site's clock, also on the days on which clocks are changed", () => {
  const typed = (zone: string, text: string) => {
    timeZone.value = zone;
    return new Date(fromLocalInput(text)).toISOString();
  };
  // Before and after the change, which is at 01:00 UTC, at 06:00 UTC, and on Saturday at 16:00 UTC.
  expect(typed("Europe/Berlin", "2026-10-25T01:30")).toBe("2026-10-24T23:30:00.000Z");
  expect(typed("Europe/Berlin", "2026-10-25T07:00")).toBe("2026-10-25T06:00:00.000Z");
  expect(typed("America/New_York", "2026-11-01T05:30")).toBe("2026-11-01T10:30:00.000Z");
  expect(typed("Australia/Sydney", "2026-10-03T18:00")).toBe("2026-10-03T08:00:00.000Z");
  // The hour that comes twice is the first of both, the one that is left out an hour later.
  expect(typed("Europe/Berlin", "2026-10-25T02:30")).toBe("2026-10-25T00:30:00.000Z");
  expect(typed("Europe/Berlin", "2026-03-29T02:30")).toBe("2026-03-29T01:30:00.000Z");
  expect(toLocalInput(fromLocalInput("2026-03-29T02:30"))).toBe("2026-03-29T03:30");
});
