/** The limits that were decided last, each with its expiry, and whether they are obeyed. */
import type { SiteFact } from "../facts/index.ts";
import type { Reason } from "../reason.ts";

export interface LimitState {
  readonly currentA: number;
  readonly dischargeA?: number;
  readonly phases: number;
  readonly onePhase?: boolean;
  readonly safeCurrentA: number;
  readonly expiresAtMs: number;
  readonly setAtMs: number;
  readonly reason: Reason;
  readonly answer?: "accepted" | "rejected" | "not-supported" | "no-answer";
  readonly obeyed: boolean;
  /** Profile writes since the transaction began: flash wears. */
  readonly writes: number;
}

export interface LimitsState {
  readonly byEvse: Readonly<Record<string, LimitState>>;
  /** EVSEs that have not taken their safe default, with their answer. */
  readonly refusedDefaults?: Readonly<Record<string, "rejected" | "not-supported" | "no-answer">>;
  readonly batteries: Readonly<Record<string, { readonly powerW?: number; readonly expiresAtMs: number }>>;
  /** Inverters that are held back, why, and since when; of those of an earlier boot nothing is known. */
  readonly pvs?: Readonly<
    Record<string, { readonly limitW: number; readonly reason: string; readonly sinceMs: number }>
  >;
}

export function initialLimits(): LimitsState {
  return { byEvse: {}, batteries: {} };
}

function patch(slice: LimitsState, evseId: string, changed: Partial<LimitState>): LimitsState {
  const before = slice.byEvse[evseId];
  if (!before) return slice;
  return { ...slice, byEvse: { ...slice.byEvse, [evseId]: { ...before, ...changed } } };
}

function answerDefault(slice: LimitsState, fact: Extract<SiteFact, { type: "safe-default-answered" }>): LimitsState {
  const { evseId, answer } = fact.data;
  const { [evseId]: _, ...others } = slice.refusedDefaults ?? {};
  return { ...slice, refusedDefaults: answer === "accepted" ? others : { ...others, [evseId]: answer } };
}

/** Folds one fact into the limits. */
export function evolveLimits(slice: LimitsState, fact: SiteFact): LimitsState {
  switch (fact.type) {
    case "limit-changed": {
      const { evseId, ...limit } = fact.data;
      const before = slice.byEvse[evseId];
      const entry = { ...limit, setAtMs: fact.atMs, obeyed: before?.obeyed ?? true, writes: (before?.writes ?? 0) + 1 };
      return { ...slice, byEvse: { ...slice.byEvse, [evseId]: entry } };
    }
    case "limit-answered":
      return patch(slice, fact.data.evseId, { answer: fact.data.answer });
    case "safe-default-answered":
      return answerDefault(slice, fact);
    case "limit-obedience-changed":
      return patch(slice, fact.data.evseId, { obeyed: fact.data.obeyed });
    case "transaction-started":
      return patch(slice, fact.data.evseId, { writes: 0, obeyed: true, onePhase: false });
    case "battery-setpoint-changed": {
      const { deviceId, powerW, expiresAtMs } = fact.data;
      const entry = { expiresAtMs, ...(powerW === undefined ? {} : { powerW }) };
      return { ...slice, batteries: { ...slice.batteries, [deviceId]: entry } };
    }
    case "pv-limit-changed": {
      const { deviceId, limitW, reason } = fact.data;
      const { [deviceId]: before, ...others } = slice.pvs ?? {};
      if (limitW === undefined) return { ...slice, pvs: others };
      const entry = { limitW, reason, sinceMs: before?.sinceMs ?? fact.atMs };
      return { ...slice, pvs: { ...others, [deviceId]: entry } };
    }
    case "booted":
      return slice.pvs === undefined ? slice : { ...slice, pvs: {} };
    default:
      return slice;
  }
}
