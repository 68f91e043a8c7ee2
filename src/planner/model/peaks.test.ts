import { describe, expect, it } from "vitest";
import { SLOT_MS } from "../../core/time/slots.ts";
import { START_MS } from "../plan-input.test-kit.ts";
import { planPeaks } from "./peaks.ts";

describe("what the running quarter-hour drew before a plan", () => {
  const always = { steps: [], windows: [], otherwise: { weight: 1, contractedKw: 0 } };
  const tariffs = [{ name: "peak", intervalMinutes: 15, peaks: 1, eurPerKwMonth: 4, floorKw: 0, ...always }] as const;
  const imports = { firstMs: START_MS - 2 * SLOT_MS, energyWh: [2000, 1500] };
  const drawnWh = (importedWh: number | undefined) => {
    const times = { timeZone: "Europe/Berlin", startMs: START_MS, nowMs: START_MS + 10 * 60_000, slots: 8 };
    return planPeaks({ tariffs, imports, ...times, importedWh })[0]?.beforeWh;
  };

  it("is what was measured", () => {
    expect(drawnWh(700)).toBe(700);
  });

  it("is what the month has reached where nobody measured it, as after a restart: its peak is not raised by what was not seen", () => {
    // 8 kW for ten minutes.
    expect(drawnWh(undefined)).toBe(1333);
  });

  it("is so, too, in a whole quarter-hour of the running hour that nobody measured, where hours count", () => {
    const hours = [{ ...tariffs[0], intervalMinutes: 60 as const }];
    const hourMs = 4 * SLOT_MS;
    const startMs = Math.ceil(START_MS / hourMs) * hourMs + 2 * SLOT_MS;
    // The hour before had 8 kWh; of this one the first quarter-hour drew 1 kWh, the second is not known.
    const known = { firstMs: startMs - 6 * SLOT_MS, energyWh: [2000, 2000, 2000, 2000, 1000, null] };
    const times = { timeZone: "Europe/Berlin", startMs, nowMs: startMs, slots: 8 };
    expect(planPeaks({ tariffs: hours, imports: known, ...times, importedWh: 0 })[0]?.beforeWh).toBe(3000);
  });
});
