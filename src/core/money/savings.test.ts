import { describe, expect, it } from "vitest";
import { siteOf } from "../control/site.test-kit.ts";
import type { Session } from "../state/sessions.ts";
import type { QuarterHour } from "../state/site-slice.ts";
import { SLOT_MS } from "../time/slots.ts";
import { savings } from "./savings.ts";

const START_MS = Date.parse("2026-06-01T00:00Z");
const at = (slot: number) => START_MS + slot * SLOT_MS;

/** Eight quarter-hours: dear ones, then cheap ones; 250 Wh of building in each. */
function quarterHours(carWh: Readonly<Record<number, number>>, part: Partial<QuarterHour> = {}): QuarterHour[] {
  return Array.from({ length: 8 }, (_, slot) => ({
    slotStartMs: at(slot),
    complete: true,
    importWh: 250 + (carWh[slot] ?? 0),
    exportWh: 0,
    importEurPerKwh: slot < 4 ? 0.4 : 0.1,
    exportEurPerKwh: 0.08,
    ...part,
  }));
}

function session(carWh: Readonly<Record<number, number>>, part: Partial<Session> = {}): Session {
  const quarterHours = Object.entries(carWh).map(([slot, energyWh]) => ({
    slotStartMs: at(Number(slot)),
    energyWh,
    costEur: 0,
    maxPowerW: 4 * energyWh,
    limitedBySeconds: {},
  }));
  return {
    transactionId: 1,
    chargePointId: "cp",
    evseId: "evse",
    connectorId: 1,
    startedMs: at(0),
    endedMs: at(8),
    energyWh: quarterHours.reduce((sum, { energyWh }) => sum + energyWh, 0),
    costEur: 0,
    quarterHours,
    ...part,
  };
}

const period = { fromMs: at(0), toMs: at(8) };

describe("what the owner saved", () => {
  it("is the price difference of the energy that was moved, and nothing else", () => {
    const carWh = { 5: 2000, 6: 2000 };
    const result = savings({ ...period, quarterHours: quarterHours(carWh), sessions: [session(carWh)] });
    expect(result).toMatchObject({ quarterHours: 8, sessions: 1, sessionsLeftOut: 0, movedWh: 4000 });
    // Building 4 x 0.25 kWh at 0.40 and as much at 0.10; the car 4 kWh at 0.10 instead of 0.40.
    expect(result.actual.costEur).toBeCloseTo(0.5 + 0.4, 9);
    expect(result.uncontrolled.costEur).toBeCloseTo(0.5 + 1.6, 9);
    expect(result.savedEur).toBeCloseTo(1.2, 9);
    expect(result.uncontrolled).toMatchObject({ importWh: 6000, missingWh: 0 });
  });

  it("counts the sun that charging at once would not have met", () => {
    const carWh = { 5: 2000 };
    // In slot 5 the sun gave what the car took; without the car it is exported.
    const result = savings({
      ...period,
      quarterHours: quarterHours({}).map((q, s) => (s === 5 ? { ...q, importWh: 0, exportWh: 250 } : q)),
      sessions: [session(carWh)],
    });
    expect(result.uncontrolled.exportWh).toBe(2250);
    expect(result.savedEur).toBeCloseTo(2 * 0.4 - 2 * 0.08, 9);
  });

  it("leaves out what cannot be known: open sessions, quarter-hours without a price, stays that are not whole", () => {
    const carWh = { 5: 2000 };
    const known = quarterHours(carWh);
    const without = known.map((quarterHour, slot) => {
      const { importEurPerKwh: _, ...unpriced } = quarterHour;
      return slot === 2 ? unpriced : quarterHour;
    });
    const { endedMs: _, ...open } = session(carWh);
    expect(savings({ ...period, quarterHours: known, sessions: [open] })).toMatchObject({
      sessions: 0,
      sessionsLeftOut: 1,
      savedEur: 0,
    });
    const holes = savings({ ...period, quarterHours: without, sessions: [session(carWh)] });
    expect(holes).toMatchObject({
      quarterHours: 7,
      quarterHoursLeftOut: 1,
      sessions: 0,
      sessionsLeftOut: 1,
      savedEur: 0,
    });
  });

  it("leaves out a quarter-hour of which a restart hid a part, with the cars of then: their own registers know it whole", () => {
    const carWh = { 5: 2000, 6: 2000 };
    const hidden = quarterHours(carWh).map((hour, slot) =>
      slot === 5 ? { ...hour, complete: false, importWh: 700, seenMs: 280_000 } : hour,
    );
    const result = savings({ ...period, quarterHours: hidden, sessions: [session(carWh)] });
    expect(result).toMatchObject({ quarterHours: 7, quarterHoursLeftOut: 1, sessions: 0, sessionsLeftOut: 1 });
    expect(result.savedEur).toBe(0);
    // Nothing is sold that nobody made.
    expect(result.uncontrolled.exportWh).toBe(0);
  });

  it("says nothing of cars that were full and took nothing: there is nothing to move", () => {
    const full = [session({}), session({ 5: 0 })];
    const books = quarterHours({});
    expect(savings({ ...period, quarterHours: books, sessions: full })).toMatchObject({
      sessions: 0,
      sessionsLeftOut: 0,
    });
    // One of which only the registers are known is no such car.
    const unseen = session({}, { energyWh: 4000 });
    expect(savings({ ...period, quarterHours: books, sessions: [unseen] }).sessionsLeftOut).toBe(1);
    const { endedMs: _, ...open } = session({});
    expect(savings({ ...period, quarterHours: books, sessions: [open] }).sessionsLeftOut).toBe(1);
  });

  it("leaves out quarter-hours that exported at a price that nobody knows: that is not nothing", () => {
    const sold = quarterHours({}).map((quarterHour, slot) => {
      const { exportEurPerKwh: _, ...unpriced } = quarterHour;
      return slot < 2 ? { ...unpriced, importWh: 0, exportWh: slot === 0 ? 500 : 0 } : quarterHour;
    });
    const result = savings({ ...period, quarterHours: sold, sessions: [] });
    expect(result).toMatchObject({ quarterHours: 7, quarterHoursLeftOut: 1 });
    // A car that charged on the sun would have sold it, at once or later.
    const held = sold.map((quarterHour) => ({ ...quarterHour, exportWh: 0, pvWh: 300 }));
    expect(savings({ ...period, quarterHours: held, sessions: [] })).toMatchObject({ quarterHoursLeftOut: 2 });
  });

  it("may be a loss, and says so", () => {
    const carWh = { 0: 2000 };
    const late = session(carWh, { startedMs: at(0), quarterHours: session({ 0: 1000, 1: 1000 }).quarterHours });
    const dearer = quarterHours({ 0: 1000, 1: 1000 }).map((quarterHour, slot) => ({
      ...quarterHour,
      importEurPerKwh: 0.1 * (slot + 1),
    }));
    const faster = { ...late, quarterHours: late.quarterHours.map((q) => ({ ...q, maxPowerW: 8000 })) };
    expect(savings({ ...period, quarterHours: dearer, sessions: [faster] }).savedEur).toBeCloseTo(-0.1, 9);
  });

  it("says what was emitted with and without control, of the quarter-hours of which that is known", () => {
    const carWh = { 5: 2000, 6: 2000 };
    const all = quarterHours(carWh).map((entry, slot) => ({ ...entry, co2GramsPerKwh: slot < 4 ? 400 : 100 }));
    const told = savings({ ...period, quarterHours: all, sessions: [session(carWh)] });
    // Building 1 kWh at 400 g and 1 at 100 g; the car 4 kWh at 100 g instead of 400 g.
    expect([told.actual.co2Kg, told.uncontrolled.co2Kg]).toEqual([0.9, 2.1]);
    expect(told).not.toHaveProperty("co2QuarterHours");
    const half = all.map(({ co2GramsPerKwh, ...entry }, slot) => (slot < 6 ? { ...entry, co2GramsPerKwh } : entry));
    const partly = savings({ ...period, quarterHours: half, sessions: [session(carWh)] });
    expect(partly).toMatchObject({ co2QuarterHours: 6, actual: { co2Kg: 0.65 }, uncontrolled: { co2Kg: 2.05 } });
    const none = savings({ ...period, quarterHours: quarterHours(carWh), sessions: [session(carWh)] });
    expect(none.actual).not.toHaveProperty("co2Kg");
  });

  it("counts the month's peaks in both worlds, and the life of the batteries, the cars' too", () => {
    const own = siteOf({ evses: [{ id: "evse", givesW: 8000 }], battery: { maxW: 5000 } });
    const capacity = [
      {
        ...{
          name: "peak",
          intervalMinutes: 15 as const,
          peaks: 1,
          floorKw: 0,
          eurPerKwMonth: 4,
          steps: [],
          windows: [],
        },
        otherwise: { weight: 1, contractedKw: 0 },
      },
    ];
    const site = { ...own, configuration: { ...own.configuration, tariff: { ...own.configuration.tariff, capacity } } };
    // Spread over four quarter-hours; seen to charge with 8 kW.
    const carWh = { 4: 500, 5: 500, 6: 500, 7: 500 };
    const car = session(carWh);
    const spread = { ...car, quarterHours: car.quarterHours.map((entry) => ({ ...entry, maxPowerW: 8000 })) };
    const books = quarterHours(carWh, { batteryDischargeWh: 900 });
    const result = savings({ ...period, quarterHours: books, sessions: [spread], site });
    // 0.75 kWh are 3 kW; at once 2 kWh and the building are 9 kW.
    expect(result.actual.peaksEur).toBe(12);
    expect(result.uncontrolled.peaksEur).toBe(36);
    expect(result).toMatchObject({ batteryDischargeWh: 7200, batteryCycles: 0.8, batteryWearEur: 0.216 });
    expect(result.carsWearEur).toBeUndefined();

    // It gave 850 Wh back while it was dear and charged 1000 Wh more for it: nobody would have moved those.
    const [first, ...rest] = spread.quarterHours;
    const gives = { ...first!, slotStartMs: at(0), energyWh: 0, dischargedWh: 850 };
    const given = { ...spread, quarterHours: [gives, { ...first!, energyWh: 1500 }, ...rest] };
    const after = quarterHours({ 0: -250, 4: 1500, 5: 500, 6: 500, 7: 500 });
    const exported = after.map((entry, slot) => (slot === 0 ? { ...entry, exportWh: 600 } : entry));
    const both = savings({ ...period, quarterHours: exported, sessions: [given], site });
    expect(both.movedWh).toBe(2000);
    expect(both).toMatchObject({ carsDischargeWh: 850, carsWearEur: 0.0425 });
    expect(both.uncontrolled.costEur).toBeCloseTo((2 + 8 * 0.25 - 1) * 0.4 + 0.1, 6);
  });
});
