/** Why an EVSE gets what it gets, as data. */
import type { ProcessImage } from "../../image.ts";
import type { Reason } from "../../reason.ts";
import type { CircuitView } from "../circuits/circuits.ts";
import { type Constraint, weightOf } from "../circuits/constraint.ts";
import { BUDGET_KEY } from "../circuits/constraints.ts";
import type { Slack } from "../circuits/slack.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import type { Wish } from "../wishes/wishes.ts";
import { pauseLeftMs } from "./pause.ts";

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The constraint that binds, with its reading. */
export function binding(constraint: Constraint, kind: Reason["kind"]): Reason {
  const { key, circuitId, phase, reading, limit, stated } = constraint;
  if (stated) {
    const { limitW, by, untilMs, failSafe } = stated;
    const end = untilMs === undefined ? {} : { untilMs };
    const budget = key === BUDGET_KEY ? { budget: true } : {};
    return { kind, circuitId, limitW, by, ...end, ...(failSafe ? { failSafe } : {}), ...budget };
  }
  if (phase === undefined) return { kind, circuitId, limitW: Math.round(limit) };
  return {
    kind,
    circuitId,
    phase,
    limitA: tenth(limit),
    ...(reading === undefined ? {} : { readingA: tenth(reading) }),
  };
}

export interface Question {
  readonly image: Pick<ProcessImage, "nowMs" | "monoMs">;
  readonly entry: EvseObservation;
  readonly wish: Wish;
  readonly currentA: number;
  /** What is left to raise after this tick. */
  readonly free: Slack;
  /** What leaves it without its minimum current, however those who charge share theirs. */
  readonly leftOutBy: Constraint | undefined;
  readonly recovering: CircuitView | undefined;
  readonly beyondCars: CircuitView | undefined;
}

/** Nothing rises while a phase is above its limit also without its cars, whichever phase the EVSE is on. */
function waitsFor({ circuitId, beyondCars: phase, limitA, currentA }: CircuitView, kind: Reason["kind"]): Reason {
  const readingA = tenth(currentA![phase!]);
  return { kind, circuitId, phase: phase!, limitA: tenth(limitA), readingA };
}

/** The reason of the current of an EVSE that the guard decides freely. */
export function reasonFor(question: Question): Reason {
  const { image, entry, wish, currentA, free, leftOutBy, recovering, beyondCars } = question;
  const { evse, memory, index } = entry;
  if (currentA > wish.currentA && wish.reason.kind === "plan") return { kind: "plan", limitA: currentA };
  if (currentA >= wish.currentA) {
    const unlimited = wish.currentA >= evse.maxCurrentA && wish.reason.kind === "fair-share";
    return unlimited ? { kind: "maximum" } : wish.reason;
  }
  if (recovering) {
    const deviceId = recovering.index.circuit.meterId;
    return { kind: "safe-mode", circuitId: recovering.circuitId, ...(deviceId ? { deviceId } : {}) };
  }
  if (beyondCars) return waitsFor(beyondCars, currentA > 0 ? "circuit" : "paused");
  if (currentA === 0 && leftOutBy) return binding(leftOutBy, "paused");
  const raising: Reason = { kind: "raising", limitA: wish.currentA };
  const { currentA: room, binding: constraint } = free.room(index);
  if (!constraint) return raising;
  const leastA = currentA > 0 ? 1 : evse.minCurrentA;
  const isFull = room + constraint.heldBack / weightOf(constraint, entry) < leastA;
  if (currentA > 0) return isFull ? binding(constraint, constraint.kind) : raising;
  const restMs = pauseLeftMs(memory, image.monoMs);
  if (!isFull && restMs > 0) return { kind: "paused", untilMs: image.nowMs + restMs };
  // A pause lasts until current is given again, also when it is the turn of another car with the current that is free.
  const paused = isFull || memory.pausedMonoMs !== undefined || memory.limitA > 0;
  return paused ? binding(constraint, "paused") : raising;
}
