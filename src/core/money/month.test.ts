import { describe, expect, it } from "vitest";
import { Books, homeConfiguration } from "../site/site.test-kit.ts";
import { BOOKED_KEPT } from "../state/booked.ts";
import { SLOT_MS } from "../time/slots.ts";
import { monthSoFar } from "./month.ts";

const HOUR_MS = 3_600_000;
const DAY_SLOTS = 96;
/** Midnight of the first of October in Berlin, in whose month the clocks are set back. */
const OCTOBER_MS = Date.parse("2026-09-30T22:00Z");
const NOVEMBER_MS = Date.parse("2026-10-31T23:00Z");

/** A home where cars charge 2 kWh each as soon as it is cheap: so many a day, one after the other from noon on. */
function lived(fromMs: number, toMs: number, carsADay: number): Books {
  const capacity = [
    {
      ...{ name: "peak", intervalMinutes: 15 as const, peaks: 1, floorKw: 0, eurPerKwMonth: 4, steps: [], windows: [] },
      otherwise: { weight: 1, contractedKw: 0 },
    },
  ];
  const books = new Books(
    homeConfiguration({ tariff: { import: { kind: "fixed", eurPerKwh: 0.3 }, opportunityEurPerHour: 0, capacity } }),
  );
  let transactionId = 0;
  for (let slotMs = fromMs; slotMs < toMs; slotMs += SLOT_MS) {
    books.nowMs = slotMs;
    const slot = Math.round((slotMs - fromMs) / SLOT_MS) % DAY_SLOTS;
    // A stay is two quarter-hours: a dear one, then a cheap one, in which the car charges.
    const turn = slot - 12;
    const isCar = turn >= 0 && turn < 2 * carsADay;
    const charges = isCar && turn % 2 === 1;
    const evse = { chargePointId: "garage", evseId: "garage-evse" };
    if (isCar && turn % 2 === 0) {
      transactionId++;
      const start = { ...evse, transactionId, connectorId: 1, atMs: slotMs, replayed: false };
      books.record([{ type: "transaction-started", source: "garage", data: start }]);
    }
    const prices = { importEurPerKwh: turn % 2 === 0 ? 0.4 : 0.1, exportEurPerKwh: 0 };
    const energy = { importWh: 250 + (charges ? 2000 : 0), exportWh: 0, pvWh: 250, buildingWh: 500 };
    const quarter = { slotStartMs: slotMs, complete: true, ...energy, ...prices };
    books.nowMs = slotMs + SLOT_MS;
    books.record([{ type: "quarter-hour-metered", source: "metering", data: quarter }]);
    if (!charges) continue;
    const end = { ...evse, transactionId, atMs: slotMs + SLOT_MS - 1, reason: "Local", replayed: false };
    books.record([{ type: "transaction-ended", source: "garage", data: end }]);
    // The last quarter-hour is metered just after the end.
    const { evseId } = evse;
    const metered = { transactionId, evseId, slotStartMs: slotMs, energyWh: 2000, costEur: 0.2, maxPowerW: 8000 };
    books.record([{ type: "transaction-metered", source: "metering", data: { ...metered, limitedBySeconds: {} } }]);
  }
  return books;
}

describe("the month so far", () => {
  it("is whole on its last evening, however many cars came", () => {
    const { state, site } = lived(OCTOBER_MS - 5 * DAY_SLOTS * SLOT_MS, NOVEMBER_MS - HOUR_MS, 12);
    const month = monthSoFar(state, site, NOVEMBER_MS - HOUR_MS);
    const cars = 31 * 12;
    expect(month).toMatchObject({ fromMs: OCTOBER_MS, sinceMs: OCTOBER_MS, sessions: cars, energyWh: cars * 2000 });
    expect(month.costEur).toBeCloseTo(cars * 0.2, 6);
    expect(month.ownSunPart).toBeCloseTo((31 * 96 * 250) / (31 * 96 * 500 + cars * 2000), 3);
    // Each car would have charged at once, at 0.40 instead of 0.10.
    const { savings } = month;
    expect(savings).toMatchObject({ sessions: cars, sessionsLeftOut: 0, quarterHours: 31 * 96, movedWh: cars * 2000 });
    expect(savings.savedEur).toBeCloseTo(cars * 2 * 0.3, 6);
  });

  it("has nothing of the last month in it, nor that month's peaks", () => {
    const until = NOVEMBER_MS + DAY_SLOTS * SLOT_MS;
    const { state, site } = lived(OCTOBER_MS, until, 3);
    const month = monthSoFar(state, site, until);
    expect(month).toMatchObject({ fromMs: NOVEMBER_MS, sessions: 3, energyWh: 6000 });
    expect(month.savings).toMatchObject({ quarterHours: 96, sessions: 3 });
    // 2.25 kWh in a quarter-hour are 9 kW: once, not once for each month that is remembered.
    expect(month.savings.actual.peaksEur).toBe(36);
  });

  it("says since when it is told, where more cars came than are kept", () => {
    const noonMs = OCTOBER_MS + 12 * HOUR_MS;
    const books = lived(OCTOBER_MS, noonMs, 0);
    const evse = { chargePointId: "garage", evseId: "garage-evse" };
    for (let transactionId = 1; transactionId <= BOOKED_KEPT + 5; transactionId++) {
      const atMs = noonMs + transactionId * 1000;
      const start = { ...evse, transactionId, connectorId: 1, atMs, replayed: false };
      const end = { ...evse, transactionId, atMs: atMs + 500, reason: "Local", replayed: false };
      books.record([{ type: "transaction-started", source: "garage", data: start }]);
      books.record([{ type: "transaction-ended", source: "garage", data: end }]);
    }
    const month = monthSoFar(books.state, books.site, noonMs + HOUR_MS);
    expect(month).toMatchObject({ fromMs: OCTOBER_MS, sinceMs: noonMs + 5500, sessions: BOOKED_KEPT });
    expect(month.savings.fromMs).toBe(month.sinceMs);
  });
});
