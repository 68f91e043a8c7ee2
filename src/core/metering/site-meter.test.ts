import { describe, expect, it } from "vitest";
import { NOON_MS } from "../site/site.test-kit.ts";
import { SLOT_MS } from "../time/slots.ts";
import { atSlotStart, MINUTE_MS, withRoof } from "./metering.test-kit.ts";
import { exportedSoFarWh, importedSoFarWh } from "./site-meter.ts";

describe("quarter-hours of the site", () => {
  it("are the differences of the meter's registers", () => {
    const site = atSlotStart();
    for (let second = 0; second < 16 * 60; second++) {
      site.grid = { powerW: 4000, importWh: 50_000 + second, exportWh: 70 };
      site.tick();
    }
    expect(site.quarterHours[0]).toMatchObject({ slotStartMs: NOON_MS - SLOT_MS, complete: false });
    expect(site.quarterHours[1]).toMatchObject({ slotStartMs: NOON_MS, complete: true, importWh: 900, exportWh: 0 });
    expect(site.quarterHours[1]).toMatchObject({ importEurPerKwh: 0.3, buildingWh: 900 });
  });

  it("are the integral of the power where the meter has no registers, and keep the highest currents", () => {
    const site = atSlotStart();
    site.grid = { powerW: 4000, currentA: [10, 2, 3] };
    site.run(MINUTE_MS + 5 * MINUTE_MS);
    site.grid = { powerW: -2000, currentA: [-3, -3, 4] };
    site.run(10 * MINUTE_MS);
    expect(site.quarterHours[1]).toMatchObject({ importWh: 333, exportWh: 333, maxCurrentA: [10, 2, 4] });
  });

  it("do not believe a register that falls or jumps: the meter was replaced", () => {
    for (const replacedBy of [5, 9_000_000]) {
      const site = atSlotStart();
      site.grid = { powerW: 4000, importWh: 50_000, exportWh: 0 };
      site.run(6 * MINUTE_MS);
      site.grid = { powerW: 4000, importWh: replacedBy, exportWh: 0 };
      site.run(10 * MINUTE_MS);
      expect(site.quarterHours[1]).toMatchObject({ importWh: 1000 });
    }
  });

  it("know the building as what remains of grid, sun, battery and EVSEs", () => {
    const site = atSlotStart(withRoof());
    site.plugIn();
    site.grid = { powerW: 2000 };
    site.pv = { powerW: 8000 };
    site.battery = { powerW: 3000 };
    site.evse = { currentA: [10, 10, 0] };
    site.run(16 * MINUTE_MS);
    // 2000 + 8000 - 3000 - 4600 W for a quarter of an hour
    expect(site.quarterHours[1]).toMatchObject({ pvWh: 2000, batteryChargeWh: 750, buildingWh: 600 });
  });

  it("are known while they run, but not of one that began before the controller did", () => {
    const site = atSlotStart();
    site.grid = { powerW: 3600 };
    const soFar = () => [importedSoFarWh(site.memory.site, site.site), exportedSoFarWh(site.memory.site, site.site)];
    site.run(30_000);
    expect(soFar()).toEqual([undefined, undefined]);
    site.run(11 * MINUTE_MS);
    expect(soFar()).toEqual([expect.closeTo(630, -2), 0]);
  });

  it("hold what a restart hid, where the meter has registers: the ledger knows what they stood at when it began", () => {
    const site = atSlotStart(withRoof());
    const draws = (minutes: number, stepMs?: number) => {
      for (let minute = 0; minute < minutes; minute++) {
        const importWh = (site.grid?.importWh ?? 50_000) + 60;
        site.grid = { powerW: 3600, importWh, exportWh: 0 };
        site.run(MINUTE_MS, stepMs);
      }
    };
    draws(10);
    site.nowMs += 2 * MINUTE_MS;
    site.restart();
    // It draws more than usual while nobody looks.
    site.grid = { powerW: 3600, importWh: site.grid!.importWh! + 300, exportWh: 0 };
    site.pv = { powerW: 1000 };
    site.battery = { powerW: 0 };
    site.tick();
    expect(importedSoFarWh(site.memory.site, site.site)).toBe(600 - 60 + 300);
    draws(5);
    const [, hour] = site.quarterHours;
    expect(hour).toMatchObject({ complete: false, importWh: 600 - 60 + 300 + 240 });
    // Of the roof nobody knows what it gave before.
    for (const part of ["seenMs", "pvWh", "buildingWh"]) expect(hour).not.toHaveProperty(part);
  });

  it("say of how much of them they are where a restart hid the rest, and no register tells", () => {
    const site = atSlotStart();
    site.grid = { powerW: 3600 };
    site.run(6 * MINUTE_MS);
    site.restart();
    site.run(10 * MINUTE_MS);
    const part = site.quarterHours[1];
    expect(part).toMatchObject({ complete: false, importWh: expect.closeTo(600, -1) });
    expect(part?.seenMs).toBeGreaterThan(9 * MINUTE_MS);
    expect(part?.seenMs).toBeLessThan(11 * MINUTE_MS);
    site.run(15 * MINUTE_MS);
    expect(site.quarterHours[2]).toMatchObject({ complete: true, importWh: 900 });
    expect(site.quarterHours[2]).not.toHaveProperty("seenMs");
  });

  it("leave out what was not measured, and the building with it", () => {
    const site = atSlotStart(withRoof());
    site.pv = { powerW: 8000 };
    site.battery = { powerW: 0 };
    site.run(6 * MINUTE_MS);
    site.pv = undefined;
    site.run(10 * MINUTE_MS);
    expect(site.quarterHours[1]).toMatchObject({ complete: true, importWh: 0, batteryChargeWh: 0 });
    expect(site.quarterHours[1]).not.toHaveProperty("pvWh");
    expect(site.quarterHours[1]).not.toHaveProperty("buildingWh");
  });

  it("know that an inverter that fell asleep produces nothing", () => {
    const site = atSlotStart(withRoof());
    site.grid = { powerW: 400 };
    site.battery = { powerW: 0 };
    site.pv = { powerW: 3 };
    site.tick();
    site.pv = undefined;
    site.run(16 * MINUTE_MS);
    expect(site.quarterHours[1]).toMatchObject({ pvWh: 0, buildingWh: 100 });
  });

  it("do not know the building while a charging car is not metered", () => {
    const site = atSlotStart();
    site.plugIn();
    site.run(16 * MINUTE_MS);
    expect(site.quarterHours[1]).not.toHaveProperty("buildingWh");
  });

  it("are not complete when the meter was away for more than half a minute", () => {
    for (const [awayS, complete] of [
      [35, true],
      [60, false],
    ] as const) {
      const site = atSlotStart();
      site.run(3 * MINUTE_MS);
      site.grid = undefined;
      site.run(awayS * 1000);
      site.grid = { powerW: 0 };
      site.run(13 * MINUTE_MS);
      expect(site.quarterHours[1]).toMatchObject({ complete });
    }
  });

  it("are not complete while the wall clock cannot be believed", () => {
    const site = atSlotStart();
    site.wallTrusted = false;
    site.run(6 * MINUTE_MS);
    site.wallTrusted = true;
    site.run(10 * MINUTE_MS);
    expect(site.quarterHours[1]).toMatchObject({ complete: false });
  });

  it("are not complete when the clock was set, and hold no energy twice", () => {
    const site = atSlotStart();
    site.grid = { powerW: 3600 };
    site.run(6 * MINUTE_MS);
    site.nowMs -= 20 * MINUTE_MS;
    site.run(30 * MINUTE_MS);
    site.nowMs += 40 * MINUTE_MS;
    site.run(2 * MINUTE_MS);
    const running = site.memory.site.sums.importWh ?? 0;
    const booked = site.quarterHours.reduce((sum, quarterHour) => sum + quarterHour.importWh!, running);
    expect(booked).toBeCloseTo(38 * 60 - 1, -1);
    // The cut 12:00, then a whole 11:45 and a whole 12:00, then what is left of the hour that was jumped over.
    const ofNoon = site.quarterHours.map(({ slotStartMs: at, complete }) => [(at - NOON_MS) / MINUTE_MS, complete]);
    expect(ofNoon).toEqual([
      [-15, false],
      [0, false],
      [-15, true],
      [0, true],
      [15, false],
    ]);
  });

  it("are not begun again when the clock is set back by seconds just after the turn", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS + 2000);
    site.nowMs -= 5000;
    site.run(15 * MINUTE_MS + 5000);
    expect(site.quarterHours.map(({ slotStartMs }) => slotStartMs)).toEqual([NOON_MS - SLOT_MS, NOON_MS]);
    expect(site.quarterHours[1]).toMatchObject({ complete: true });
  });

  it("know what the grid emitted as it was told before they began, and nothing where nobody told it", () => {
    const site = atSlotStart();
    const tell = (gramsPerKwh: number[]) => {
      const series = { startMs: NOON_MS, minutes: 15 as const, gramsPerKwh };
      site.record([{ type: "grid-intensity-received", source: "api", data: { by: "api", series } }]);
    };
    tell([320, 280]);
    site.run(5 * MINUTE_MS);
    tell([100, 90]);
    site.run(42 * MINUTE_MS);
    expect(site.quarterHours.slice(1).map(({ co2GramsPerKwh }) => co2GramsPerKwh)).toEqual([320, 90, undefined]);
  });

  it("invent nothing for an hour in which the process did not run", () => {
    const site = atSlotStart();
    site.grid = { powerW: 10_000 };
    site.run(2 * MINUTE_MS);
    site.tick(60 * MINUTE_MS);
    expect(site.quarterHours[1]).toMatchObject({ complete: false, importWh: 167 });
  });
});
