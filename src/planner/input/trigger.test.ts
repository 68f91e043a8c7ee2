import { describe, expect, it } from "vitest";
import type { PlanEvse } from "../../core/facts/plan-facts.ts";
import type { ProcessImage } from "../../core/image.ts";
import type { Reason } from "../../core/reason.ts";
import type { Session } from "../../core/state/sessions.ts";
import { initialState, type SiteState } from "../../core/state/state.ts";
import { planEvse, planInput, START_MS } from "../plan-input.test-kit.ts";
import { planTrigger } from "./trigger.ts";

const VEHICLE: Reason = { kind: "vehicle", limitA: 6 };
const MINUTE_MS = 60_000;

/** Two cars at one fuse; the first is planned at its least current and above, the second would take more. */
function site(limit: { reason: Reason; setAtMs: number }, { madeMs = START_MS, eagerSlots = 1, firstW = 4140 } = {}) {
  const state = initialState();
  const evses: PlanEvse[] = ["left", "right"].map((evseId, index) => planEvse({ evseId, transactionId: index + 1 }));
  const open = Object.fromEntries(
    evses.map(({ evseId, transactionId }) => {
      const session = { transactionId, evseId, chargePointId: evseId, connectorId: 1, startedMs: START_MS - 900_000 };
      return [transactionId, { ...session, energyWh: 0, costEur: 0, quarterHours: [] } as Session];
    }),
  );
  const row = (evseId: string, transactionId: number, powerW: number, eager: number) => {
    return { evseId, transactionId, powerW: [powerW], shortfallWh: 0, ...(eager > 0 ? { eagerSlots: eager } : {}) };
  };
  const result = { evses: [row("left", 1, firstW, 0), row("right", 2, 8000, eagerSlots)] };
  const current = { seq: 5, madeMs, trigger: "", input: planInput({ evses }), result };
  const lease = { currentA: 6, phases: 3, safeCurrentA: 6, expiresAtMs: 0, obeyed: true, writes: 1 };
  return {
    ...state,
    sessions: { ...state.sessions, open },
    plan: { current },
    limits: { ...state.limits, byEvse: { left: { ...lease, ...limit } } },
  } as unknown as SiteState;
}

const triggerAt = (state: SiteState, afterMs: number) =>
  planTrigger({ state, nowMs: START_MS + afterMs, operator: {} });

describe("a car that is full, where others would take its room", () => {
  const full = { reason: VEHICLE, setAtMs: START_MS + MINUTE_MS };

  it("is planned for no more as soon as it was asked for long enough, once", () => {
    expect(triggerAt(site(full), 2.9 * MINUTE_MS)).toBeUndefined();
    expect(triggerAt(site(full), 3 * MINUTE_MS)).toBe("a car takes nothing");
    const plannedSince = site(full, { madeMs: START_MS + 3 * MINUTE_MS });
    expect(triggerAt(plannedSince, 4 * MINUTE_MS)).toBeUndefined();
  });

  it("is planned for no more where a month's peak costs, too: others could take below it what it leaves", () => {
    const state = site(full, { eagerSlots: 0 });
    const peak = { name: "month", eurPerKw: 4, spreadDays: 10, count: 1, floorKw: 2, intervalSlots: 1 };
    const peaks = [{ ...peak, earlierKw: [], days: [], beforeWh: 0 }];
    const current = { ...state.plan.current!, input: planInput({ evses: state.plan.current!.input.evses, peaks }) };
    expect(triggerAt({ ...state, plan: { ...state.plan, current } }, 4 * MINUTE_MS)).toBe("a car takes nothing");
  });

  it("is planned for no more where another car gives energy back for it: what it does not take would be sold", () => {
    const state = site(full, { eagerSlots: 0 });
    const { result, ...plan } = state.plan.current!;
    const evses = result.evses.map((row) => (row.evseId === "right" ? { ...row, dischargeW: [4140] } : row));
    const current = { ...plan, result: { ...result, evses } };
    expect(triggerAt({ ...state, plan: { ...state.plan, current } }, 4 * MINUTE_MS)).toBe("a car takes nothing");
  });

  it("is left alone where nobody would take more, where the plan pauses it, and where it is not full", () => {
    expect(triggerAt(site(full, { eagerSlots: 0 }), 4 * MINUTE_MS)).toBeUndefined();
    expect(triggerAt(site(full, { firstW: 0 }), 4 * MINUTE_MS)).toBeUndefined();
    const takesLess = { ...full, reason: { kind: "vehicle", limitA: 9 } as const };
    expect(triggerAt(site(takesLess), 4 * MINUTE_MS)).toBeUndefined();
    const before = { ...full, setAtMs: START_MS - 20 * MINUTE_MS };
    expect(triggerAt(site(before), 4 * MINUTE_MS)).toBeUndefined();
  });
});

describe("a car that nobody knew, planned on three phases", () => {
  const seen = (currentA: readonly [number, number, number], laterPowerW?: number, told: { onePhase?: true } = {}) => {
    const state = site({ reason: { kind: "plan", limitA: 10 }, setAtMs: START_MS, ...told });
    const [left, right] = state.plan.current!.input.evses;
    const evses = [{ ...left!, ...(laterPowerW === undefined ? {} : { laterPowerW }) }, right!];
    const current = { ...state.plan.current!, input: planInput({ evses }) };
    const reading = { evseId: "left", atMonoMs: 0, currentA };
    const image = { monoMs: 1000, evses: new Map([["left", reading]]) } as unknown as ProcessImage;
    const nowMs = START_MS + MINUTE_MS;
    return planTrigger({ state: { ...state, plan: { ...state.plan, current } }, nowMs, operator: {}, image });
  };

  it("is planned anew as soon as it shows fewer", () => {
    expect(seen([16, 0, 0], 4140)).toBe("a car charges on fewer phases");
    for (const unchanged of [seen([16, 16, 16], 4140), seen([0, 0, 0], 4140), seen([16, 0, 0])])
      expect(unchanged).toBeUndefined();
  });

  it("is planned anew as soon as it shows all, once, where a month's peak is raised for a slow one whose driver said when it leaves", () => {
    const all = (part: Partial<PlanEvse> = {}, { valueKw = 12, isSaid = true } = {}) => {
      const state = site({ reason: { kind: "plan", limitA: 16 }, setAtMs: START_MS });
      const [left, right] = state.plan.current!.input.evses;
      const unseen = { ...left!, chargingNow: false, deliveredWh: 0, laterPowerW: 4140, ...part };
      const days = [{ fromSlot: 0, toSlot: 4, reachedKw: 7 }];
      const peak = { name: "month", eurPerKw: 4, spreadDays: 10, count: 1, floorKw: 0, intervalSlots: 1 };
      const input = planInput({ evses: [unseen, right!], peaks: [{ ...peak, earlierKw: [], days, beforeWh: 0 }] });
      const result = { ...state.plan.current!.result, peaks: [{ name: "month", valueKw, eur: 4 * valueKw }] };
      const wish = { departureMs: START_MS + 3_600_000, statedMs: START_MS, seq: 1 };
      const sessions = { ...state.sessions, wishes: isSaid ? { left: wish } : {} } as SiteState["sessions"];
      const plan = { current: { ...state.plan.current!, input, result } };
      const reading = { evseId: "left", atMonoMs: 0, currentA: [6, 6, 6] };
      const image = { monoMs: 1000, evses: new Map([["left", reading]]) } as unknown as ProcessImage;
      return planTrigger({ state: { ...state, sessions, plan }, nowMs: START_MS + 15_000, operator: {}, image });
    };
    expect(all()).toBe("a car charges on all phases");
    for (const seen of [all({ chargingNow: true }), all({ deliveredWh: 2000 })]) expect(seen).toBeUndefined();
    // Below what the month has reached it may as well go on, and so may who leaves at any time.
    expect(all({}, { valueKw: 7 })).toBeUndefined();
    expect(all({}, { isSaid: false })).toBeUndefined();
  });

  it("says nothing of the car that is announced for the same EVSE", () => {
    const state = site({ reason: { kind: "plan", limitA: 10 }, setAtMs: START_MS });
    const announced = planEvse({ evseId: "left", transactionId: -1, visitId: "b-1", laterPowerW: 4140 });
    const input = planInput({ evses: [...state.plan.current!.input.evses, announced] });
    const plan = { current: { ...state.plan.current!, input } };
    const reading = { evseId: "left", atMonoMs: 0, currentA: [16, 0, 0] };
    const image = { monoMs: 1000, evses: new Map([["left", reading]]) } as unknown as ProcessImage;
    expect(
      planTrigger({ state: { ...state, plan }, nowMs: START_MS + MINUTE_MS, operator: {}, image }),
    ).toBeUndefined();
  });

  it("shows nothing of itself while it is told to charge on one", () => {
    expect(seen([16, 0, 0], 4140, { onePhase: true })).toBeUndefined();
  });
});
