/** Why an EVSE gets what it gets, as data. */
import type { Reason } from "../reason.ts";
import type { CircuitView } from "./circuits.ts";
import type { Constraint } from "./constraints.ts";
import type { EvseObservation } from "./observe-evse.ts";
import type { Slack } from "./slack.ts";
import type { Wish } from "./wishes.ts";

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The constraint that binds, with its reading. */
function binding(constraint: Constraint, kind: Reason["kind"]): Reason {
  const { circuitId, phase, reading, limit } = constraint;
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
  readonly entry: EvseObservation;
  readonly wish: Wish;
  readonly currentA: number;
  /** What it should come to have in the next steps. */
  readonly targetA: number;
  /** What is left to raise after this tick. */
  readonly free: Slack;
  readonly recovering: CircuitView | undefined;
}

/** The reason of the current of an EVSE that the guard decides freely. */
export function reasonFor({ entry, wish, currentA, targetA, free, recovering }: Question): Reason {
  const { evse, memory, index } = entry;
  if (currentA >= wish.currentA) {
    const unlimited = wish.currentA >= evse.maxCurrentA && wish.reason.kind === "fair-share";
    return unlimited ? { kind: "maximum" } : wish.reason;
  }
  if (recovering) {
    const deviceId = recovering.index.circuit.meterId;
    return { kind: "safe-mode", circuitId: recovering.circuitId, ...(deviceId ? { deviceId } : {}) };
  }
  const { currentA: room, binding: constraint } = free.room(index);
  if (!constraint) return { kind: "raising", limitA: wish.currentA };
  if (currentA > 0) return room < 1 ? binding(constraint, constraint.kind) : { kind: "raising", limitA: wish.currentA };
  // A pause lasts until current is given again, also when it is the turn of another car with the current that is free.
  const paused = memory.paused || targetA < evse.minCurrentA || room < evse.minCurrentA;
  return paused ? binding(constraint, "paused") : { kind: "raising", limitA: wish.currentA };
}
