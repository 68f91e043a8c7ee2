import { describe, expect, it } from "vitest";
import type { Reason } from "../../core/reason.ts";
import type { Session, SessionQuarterHour } from "../../core/state/sessions.ts";
import { initialState } from "../../core/state/state.ts";
import { carLimit } from "./car.ts";

function session(quarterHours: readonly Partial<SessionQuarterHour>[]): Session {
  const empty = { slotStartMs: 0, energyWh: 0, costEur: 0, maxPowerW: 0, limitedBySeconds: {} };
  return {
    transactionId: 1,
    chargePointId: "cp",
    evseId: "left",
    connectorId: 1,
    startedMs: 0,
    energyWh: 0,
    costEur: 0,
    quarterHours: quarterHours.map((part) => ({ ...empty, ...part })),
  };
}

const SLOT_MS = 900_000;
const NOW_MS = 10 * SLOT_MS;

function context(reason?: Reason, setAtMs = 60_000) {
  const state = initialState();
  const limit = { currentA: 6, phases: 3, safeCurrentA: 6, expiresAtMs: 0, setAtMs, obeyed: true, writes: 0 };
  const byEvse = reason ? { left: { ...limit, reason } } : {};
  return { state: { ...state, limits: { ...state.limits, byEvse } }, nowMs: NOW_MS, wattsPerAmpere: 690 };
}

const vehicle = (seconds = 600) => ({ limitedBySeconds: { vehicle: seconds } });

describe("what a car takes", () => {
  it("is all that it is given, until it shows something else", () => {
    expect(carLimit(session([]), 0, context())).toEqual({ refuses: false });
    expect(carLimit(session([{ energyWh: 0, limitedBySeconds: { plan: 900 } }]), 0, context())).toEqual({
      refuses: false,
    });
  });

  it("is nothing while it leaves the current that it is offered, and after it did when it was asked last", () => {
    expect(carLimit(session([]), 40, context({ kind: "vehicle", limitA: 6 })).refuses).toBe(true);
    const paused = { limitedBySeconds: { plan: 900 } };
    expect(carLimit(session([{ energyWh: 20, ...vehicle() }, paused]), 0, context()).refuses).toBe(true);
  });

  it("is not what the car before it took", () => {
    const shown = context({ kind: "vehicle", limitA: 6 });
    expect(carLimit({ ...session([]), startedMs: 50_000 }, 0, shown)).toEqual({ refuses: false });
  });

  it("is something again as soon as it draws", () => {
    expect(carLimit(session([{ energyWh: 20, ...vehicle() }]), 4000, context()).refuses).toBe(false);
    const woke = { energyWh: 1000, maxPowerW: 4140, ...vehicle() };
    expect(carLimit(session([{ ...vehicle() }, woke]), 0, context())).toEqual({ refuses: false, mostW: 4140 });
  });

  it("is not nothing because it was once: it has charged since, and the plan lets it wait now", () => {
    const charged = { slotStartMs: SLOT_MS, energyWh: 1600, maxPowerW: 6600 };
    const waits = { slotStartMs: 2 * SLOT_MS, limitedBySeconds: { plan: 900 } };
    expect(carLimit(session([{ ...vehicle() }, charged, waits]), 0, context()).refuses).toBe(false);
  });

  it("is nothing for as long as nobody asks it again, also when it became full within a quarter-hour", () => {
    const asked = carLimit(session([]), 40, context({ kind: "vehicle", limitA: 6 }, NOW_MS - 130_000));
    expect(asked).toEqual({ refuses: true, refusedMs: NOW_MS });
    const justAsked = carLimit(session([]), 40, context({ kind: "vehicle", limitA: 6 }, NOW_MS - 30_000));
    expect(justAsked).toEqual({ refuses: true });
    const charged = { slotStartMs: NOW_MS - SLOT_MS, energyWh: 564, maxPowerW: 6600, ...vehicle() };
    const evse = { transactionId: 1, refusedMs: NOW_MS - 100_000 };
    const input = { nowMs: NOW_MS - 100_000, evses: [evse] };
    const { state, ...rest } = context();
    const planned = { ...rest, state: { ...state, plan: { current: { input } } } } as unknown as typeof rest & {
      state: typeof state;
    };
    expect(carLimit(session([charged]), 0, planned)).toEqual({ refuses: true, refusedMs: NOW_MS - 100_000 });
    const woke = { slotStartMs: NOW_MS, energyWh: 700, maxPowerW: 6600 };
    expect(carLimit(session([charged, woke]), 0, planned).refuses).toBe(false);
    expect(carLimit(session([charged]), 1400, planned).refuses).toBe(false);
  });

  it("is what it gave back, though it was full when it was asked", () => {
    const full = { slotStartMs: 8 * SLOT_MS, energyWh: 0, ...vehicle() };
    expect(carLimit(session([full]), 0, context()).refuses).toBe(true);
    expect(carLimit(session([full]), -5000, context()).refuses).toBe(false);
    const gave = { slotStartMs: 9 * SLOT_MS, dischargedWh: 2000 };
    expect(carLimit(session([full, gave]), 0, context()).refuses).toBe(false);
  });

  it("is not forgotten where its limit followed it for the last minute of a quarter-hour alone, and it was paused then", () => {
    const slow = { energyWh: 808, maxPowerW: 3240, ...vehicle(83) };
    const paused = { energyWh: 13, maxPowerW: 3240, limitedBySeconds: { plan: 900 } };
    expect(carLimit(session([slow, paused]), 0, context())).toEqual({ refuses: false, mostW: 3240 });
    // Such a minute says nothing of a car that has not begun yet.
    expect(carLimit(session([{ energyWh: 5, ...vehicle(83) }]), 0, context())).toEqual({ refuses: false });
  });

  it("is at most what it was seen to take while it could have had more", () => {
    expect(carLimit(session([{ energyWh: 1600, maxPowerW: 6600, ...vehicle() }]), 0, context()).mostW).toBe(6600);
    expect(carLimit(session([]), 6900, context({ kind: "vehicle", limitA: 12 })).mostW).toBe(11 * 690);
  });
});
