import { describe, expect, it } from "vitest";
import { localTime } from "./local-time.ts";

const NOON_MS = Date.UTC(2026, 0, 14, 12);
const HOUR_MS = 3_600_000;

describe("times for people", () => {
  it("are those of the site's zone, with the weekday when it is not today there", () => {
    expect(localTime(NOON_MS, NOON_MS, "Europe/Berlin")).toBe("13:00");
    expect(localTime(NOON_MS + 11 * HOUR_MS, NOON_MS, "Europe/Berlin")).toBe("Thu 00:00");
    expect(localTime(NOON_MS + 11 * HOUR_MS, NOON_MS, "UTC")).toBe("23:00");
  });

  it("follow summer time", () => {
    const lastSundayOfMarchMs = Date.UTC(2026, 2, 29, 0, 30);
    expect(localTime(lastSundayOfMarchMs, lastSundayOfMarchMs, "Europe/Berlin")).toBe("01:30");
    expect(localTime(lastSundayOfMarchMs + HOUR_MS, lastSundayOfMarchMs, "Europe/Berlin")).toBe("03:30");
  });
});
