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

function context(reason?: Reason) {
  const state = initialState();
  const limit = { currentA: 6, phases: 3, safeCurrentA: 6, expiresAtMs: 0, setAtMs: 60_000, obeyed: true, writes: 0 };
  const byEvse = reason ? { left: { ...limit, reason } } : {};
  return { state: { ...state, limits: { ...state.limits, byEvse } }, wattsPerAmpere: 690 };
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
    const { state, wattsPerAmpere } = context({ kind: "vehicle", limitA: 6 });
    expect(carLimit({ ...session([]), startedMs: 50_000 }, 0, { state, wattsPerAmpere })).toEqual({ refuses: false });
  });

  it("is something again as soon as it draws", () => {
    expect(carLimit(session([{ energyWh: 20, ...vehicle() }]), 4000, context()).refuses).toBe(false);
    const woke = { energyWh: 1000, maxPowerW: 4140, ...vehicle() };
    expect(carLimit(session([{ ...vehicle() }, woke]), 0, context())).toEqual({ refuses: false, mostW: 4140 });
  });

  it("is at most what it was seen to take while it could have had more", () => {
    expect(carLimit(session([{ energyWh: 1600, maxPowerW: 6600, ...vehicle() }]), 0, context()).mostW).toBe(6600);
    expect(carLimit(session([]), 6900, context({ kind: "vehicle", limitA: 12 })).mostW).toBe(11 * 690);
  });
});
