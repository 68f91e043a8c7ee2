import { describe, expect, it } from "vitest";
import { NOON_MS } from "../site/site.test-kit.ts";
import { SLOT_MS, slotStartMs } from "../time/slots.ts";
import { atSlotStart, MINUTE_MS } from "./metering.test-kit.ts";

describe("quarter-hours of a transaction", () => {
  it("tell energy, cost, power and what limited it", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(1000);
    site.importEurPerKwh = 0.25;
    for (let second = 0; second < 900; second++) {
      site.evse = { powerW: second < 600 ? 7200 : 3600, energyWh: 1000 + second };
      const kind = second < 600 ? "maximum" : "circuit";
      site.decisions = [{ evseId: "garage-evse", currentA: 16, reason: { kind } }];
      site.tick();
    }
    expect(site.session.quarterHours).toEqual([
      {
        slotStartMs: NOON_MS,
        energyWh: 899,
        costEur: 0.22475,
        maxPowerW: 7200,
        limitedBySeconds: { maximum: 600, circuit: 300 },
      },
    ]);
  });

  it("count what was given back apart, by its own register, over a restart too", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(1000);
    const live = (seconds: number, powerW: number) => {
      for (let second = 0; second < seconds; second++) {
        const { energyWh = 1000, exportWh = 500 } = site.evse ?? {};
        const wh = Math.abs(powerW) / 3600;
        site.evse = { powerW, energyWh: energyWh + (powerW > 0 ? wh : 0), exportWh: exportWh + (powerW < 0 ? wh : 0) };
        site.tick();
      }
    };
    live(300, 7200);
    live(900, -3600);
    site.restart();
    live(900, -3600);
    const [first, ...later] = site.session.quarterHours;
    expect(first).toMatchObject({ energyWh: expect.closeTo(600, 0), dischargedWh: expect.closeTo(600, 0) });
    expect(later.every(({ energyWh, costEur }) => energyWh < 1 && costEur < 0.001)).toBe(true);
    const { dischargedWh = 0, exportRegisterWh = 0, energyWh } = site.session;
    expect(dischargedWh).toBeCloseTo(exportRegisterWh - 500, 0);
    expect(dischargedWh).toBeGreaterThanOrEqual(1500);
    expect(energyWh).toBeCloseTo(600, 0);
  });

  it("cost what the quarter-hour cost, not what the next one does", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(1000);
    for (let second = 1; second <= 20 * 60; second++) {
      site.importEurPerKwh = slotStartMs(site.nowMs + 1000) === NOON_MS ? 0.1 : 0.5;
      site.evse = { powerW: 3600, energyWh: 1000 + second };
      site.tick();
    }
    expect(site.session.quarterHours).toMatchObject([{ slotStartMs: NOON_MS, energyWh: 900, costEur: 0.09 }]);
    expect(site.quarterHours[1]).toMatchObject({ slotStartMs: NOON_MS, importEurPerKwh: 0.1 });
  });

  it("do not pass energy of an unknown price off as free", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(1000);
    site.importEurPerKwh = undefined;
    for (let second = 1; second <= 1800; second++) {
      if (second === 901) site.importEurPerKwh = 0.2;
      site.evse = { powerW: 3600, energyWh: 1000 + second };
      site.tick();
    }
    expect(site.session.quarterHours[0]).toMatchObject({
      costEur: 0,
      unpricedWh: site.session.quarterHours[0]!.energyWh,
    });
    expect(site.session.quarterHours[1]).not.toHaveProperty("unpricedWh");
    expect(site.session).toMatchObject({ unpricedWh: site.session.quarterHours[0]!.energyWh });
    expect(site.session.costEur).toBeCloseTo((site.session.quarterHours[1]!.energyWh * 0.2) / 1000, 6);
  });

  it("of months are kept as a week of them and a sum, and still add up", () => {
    const site = atSlotStart();
    site.plugIn(0);
    site.decisions = [{ evseId: "garage-evse", currentA: 6, reason: { kind: "plan" } }];
    let registerWh = 0;
    for (let slot = 0; slot < 800; slot++) {
      registerWh += 100;
      site.evse = { powerW: 400, energyWh: registerWh };
      site.run(SLOT_MS, SLOT_MS);
    }
    site.unplug(registerWh + 50);
    site.run(2000);
    const { quarterHours, olderWh, energyWh } = site.session;
    expect(quarterHours).toHaveLength(672);
    expect(olderWh! + quarterHours.reduce((sum, quarterHour) => sum + quarterHour.energyWh, 0)).toBe(energyWh);
    expect(energyWh).toBe(80_050);
  });

  it("are the integral of the power where the EVSE has no register", () => {
    const site = atSlotStart();
    site.tick();
    site.nowMs -= 1000;
    site.plugIn(undefined);
    site.evse = { powerW: 3600 };
    site.run(6 * MINUTE_MS);
    site.unplug();
    site.tick();
    expect(site.session.energyWh).toBe(360);
    expect(site.session.quarterHours.map(({ energyWh }) => energyWh)).toEqual([60, 300]);
  });

  it("count no energy twice when the register is silent for a quarter-hour", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(1000);
    site.evse = { powerW: 3600, energyWh: 1000 };
    site.run(20 * MINUTE_MS);
    site.evse = { powerW: 3600 };
    site.run(30 * MINUTE_MS);
    // The quarter-hour from 12:30 was booked by its power.
    expect(site.session.energyWh).toBe(900);
    site.evse = { powerW: 3600, energyWh: 3400 };
    site.run(10 * MINUTE_MS);
    expect(site.session.energyWh).toBe(2400);
  });

  it("go on after a restart of the controller where they were, while the car charges", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(1000);
    site.evse = { powerW: 3600, energyWh: 1900 };
    site.run(16 * MINUTE_MS);
    site.restart();
    site.evse = { powerW: 3600, energyWh: 4000 };
    site.run(15 * MINUTE_MS);
    expect(site.session.quarterHours.map(({ energyWh }) => energyWh)).toEqual([900, 2100]);
  });

  it("invent nothing for an hour in which the process did not run", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(undefined);
    site.evse = { powerW: 3600 };
    site.run(10 * MINUTE_MS);
    site.tick(60 * MINUTE_MS);
    expect(site.session.energyWh).toBeLessThan(620);
  });

  it("do not take the energy of the car that is there for an older transaction that never ended", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(5000);
    const old = { chargePointId: "garage", connector: 1, token: "OLD", meterStartWh: 1000, replayed: true };
    site.tell({ type: "transaction-started", ...old, atMs: site.nowMs - 5 * MINUTE_MS });
    site.evse = { powerW: 3600, energyWh: 5300 };
    site.run(15 * MINUTE_MS);
    const energies = Object.values(site.state.sessions.open).map(({ token, energyWh }) => [token, energyWh]);
    expect(energies).toEqual([
      ["CAFE", 300],
      ["OLD", 0],
    ]);
  });

  it("hold a whole night that the charge point replays, and are booked once", () => {
    const site = atSlotStart();
    site.tick();
    site.plugIn(1000);
    site.unplug(31_000);
    site.run(5000);
    site.restart();
    site.run(5000);
    expect(site.session).toMatchObject({ energyWh: 30_000, costEur: 9 });
    expect(site.session.quarterHours).toHaveLength(1);
  });

  it("are closed after a crash between the end and its booking", () => {
    const site = atSlotStart();
    site.run(MINUTE_MS);
    site.plugIn(1000);
    site.evse = { powerW: 3600, energyWh: 1500 };
    site.run(16 * MINUTE_MS);
    site.unplug(2000);
    site.restart();
    site.run(3000);
    expect(site.session.quarterHours.map(({ energyWh }) => energyWh)).toEqual([500, 500]);
  });
});
