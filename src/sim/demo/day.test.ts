import { expect, test } from "vitest";
import { forecastPvW } from "../../planner/forecast/forecast.ts";
import { measuredWeek } from "../data.ts";
import { demoDay } from "./day.ts";

const HOUR_MS = 3_600_000;
const MONTHS = [0, 2, 5, 8, 11];

test("the sun of the demonstration goes on as it is planned, whatever hour and season it is started in", () => {
  for (const month of MONTHS)
    for (let hour = 0; hour < 24; hour++) {
      const nowMs = Date.UTC(2026, month, 21, hour);
      const { location: place, slotOf } = demoDay(nowMs);
      expect(Math.abs(place.longitude)).toBeLessThanOrEqual(180);
      const measured = measuredWeek().pvWPerKwp;
      const sunOf = (atMs: number) => measured[slotOf(atMs)] ?? 0;
      const nowW = sunOf(nowMs);
      const planned = forecastPvW({ quarterHours: [], startMs: nowMs, slots: 48, nowW, place, peakW: 1_000 });
      const afternoonWh = planned.slice(0, 12).reduce((sum, powerW) => sum + powerW / 4, 0);
      const measuredWh = planned
        .slice(0, 12)
        .reduce((sum, _, slot) => sum + sunOf(nowMs + (slot * HOUR_MS) / 4) / 4, 0);
      expect(afternoonWh / measuredWh).toBeGreaterThan(0.6);
      expect(afternoonWh / measuredWh).toBeLessThan(1.6);
      expect(planned.slice(36, 48).every((powerW) => powerW === 0)).toBe(true);
    }
});
