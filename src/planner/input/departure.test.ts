import { describe, expect, it } from "vitest";
import { chargingNeed } from "../../core/drivers/need.ts";
import { chargePoint, homeConfiguration, NOON_MS } from "../../core/site/site.test-kit.ts";
import { siteModel } from "../../core/site/site-model.ts";
import { initialState } from "../../core/state/state.ts";
import { departureOf } from "./departure.ts";

const HOUR_MS = 3_600_000;

/** What is planned of the departure of a car that came at noon; `announcedHours` is how long it was announced to stay. */
function departureAt(maxCurrentA: number, announcedHours?: number) {
  const site = siteModel(homeConfiguration({ chargePoints: [chargePoint("left", { maxCurrentA })] }));
  const state = initialState();
  const evseId = site.evses[0]!.id;
  const departureMs = NOON_MS + (announcedHours ?? 0) * HOUR_MS;
  const announced = { visitId: "v", arrivalMs: NOON_MS, departureMs, statedMs: NOON_MS };
  const session = { transactionId: 1, chargePointId: "left", evseId, connectorId: 1, startedMs: NOON_MS };
  const open = { ...session, energyWh: 0, costEur: 0, quarterHours: [] };
  const visiting = announcedHours === undefined ? open : { ...open, visit: announced };
  const need = chargingNeed(site, state, visiting, { nowMs: NOON_MS });
  return departureOf(visiting, need, { site, state, nowMs: NOON_MS, slots: 96, chargingMs: HOUR_MS });
}

/** The chance that a car of which nothing is known has left an EVSE after so many hours. */
function chanceAfter(hours: number, maxCurrentA: number): number {
  const { leftBy } = departureAt(maxCurrentA);
  return leftBy[Math.min(leftBy.length - 1, Math.round(hours * 4))]!;
}

describe("a car of which nothing is known", () => {
  it("stays for hours at an EVSE of 11 or 22 kW, and half an hour at a rapid one", () => {
    for (const maxCurrentA of [16, 32]) expect(chanceAfter(0.5, maxCurrentA)).toBeLessThan(0.15);
    expect(chanceAfter(0.5, 72)).toBeGreaterThan(0.5);
    expect(chanceAfter(1, 72)).toBeGreaterThan(0.85);
  });

  it("has come for its energy alone at a rapid EVSE, and not where it was said when it leaves", () => {
    expect(departureAt(72).staysBriefly).toBe(true);
    expect(departureAt(32).staysBriefly).toBeUndefined();
    expect(departureAt(72, 3).staysBriefly).toBeUndefined();
  });
});
