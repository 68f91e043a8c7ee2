/** A charge point of the virtual site, which holds its limit by its own clock, and the car at it, which obeys after a while. */
import type { LimitSchedule } from "../charge-point-input.ts";
import type { EvseReading } from "../image.ts";

/** A car at an EVSE. `phases` counts from the EVSE's own L1; it takes at most `takesA(second)`. */
export interface CarOptions {
  readonly phases?: 1 | 2 | 3;
  readonly takesA?: (second: number) => number;
  /** Seconds until it reacts to a new pilot. */
  readonly obeyS?: number;
  readonly rampAPerS?: number;
  /** It gives back what it is told, and says its state of charge, %. */
  readonly socPercent?: number;
  /** It gives back no more than this, whatever it is told, A. */
  readonly givesAtMostA?: number;
}

export interface Car
  extends Required<Omit<CarOptions, "socPercent" | "givesAtMostA" | "phases">>,
    Pick<CarOptions, "socPercent" | "givesAtMostA"> {
  readonly transactionId: number;
  /** A car may go over to other phases. */
  phases: 1 | 2 | 3;
  currentA: number;
  offeredA: number;
  reactsInS: number;
}

/** What goes wrong with a charge point. */
export interface Fault {
  readonly offline?: boolean;
  /** Draws this whatever it is told. */
  readonly stubbornA?: number;
  /** Answers every limit with a refusal and keeps what it had. */
  readonly refuses?: boolean;
  /** Refuses limits below 0 only. */
  readonly refusesBack?: boolean;
  /** Takes a limit below 0 for one without its sign. */
  readonly losesSign?: boolean;
  /** Refuses schedules that go halfway to the safe current. */
  readonly refusesHalfway?: boolean;
  /** Does not take its safe default. */
  readonly refusesDefault?: boolean;
  /** Its meter values do not arrive. */
  readonly mute?: boolean;
  /** Gives all phases, whatever it is told. */
  readonly ignoresPhases?: boolean;
  /** Ties no limit to a transaction: what it was told goes on with the next car. */
  readonly keepsLimit?: boolean;
  /** They tell its power, and no currents. */
  readonly powerAlone?: boolean;
}

/** What a charge point has and holds. */
export interface Station {
  safeA: number;
  schedule?: LimitSchedule;
  car?: Car;
  fault: Fault;
  reading?: EvseReading;
}

/** What the charge point offers its car, A. */
export function offeredA({ schedule, safeA, fault }: Station, nowMs: number): number {
  if (!schedule) return safeA;
  const sinceS = (nowMs - schedule.startMs) / 1000;
  if (sinceS >= schedule.durationS) return safeA;
  const toldA = schedule.periods.findLast((period) => period.offsetS <= sinceS)?.currentA ?? safeA;
  const currentA = fault.losesSign ? Math.abs(toldA) : toldA;
  const { halfway } = schedule;
  return halfway && sinceS >= halfway.offsetS ? Math.min(currentA, halfway.currentA) : currentA;
}

/** On how many phases it gives its car current. */
export function givenPhases({ schedule, fault }: Station, nowMs: number): number {
  const sinceS = schedule ? (nowMs - schedule.startMs) / 1000 : 0;
  if (!schedule || fault.ignoresPhases || sinceS >= schedule.durationS) return 3;
  return schedule.periods.findLast((period) => period.offsetS <= sinceS)?.phases ?? schedule.phases;
}

/** One second of a car that is offered so much. */
export function liveCar(car: Car, nowOfferedA: number, second: number): void {
  if (nowOfferedA !== car.offeredA) {
    car.offeredA = nowOfferedA;
    car.reactsInS = car.obeyS;
  }
  car.reactsInS = Math.max(0, car.reactsInS - 1);
  if (car.reactsInS > 0) return;
  if (nowOfferedA < 0 && car.socPercent !== undefined) {
    car.currentA = Math.max(nowOfferedA, -(car.givesAtMostA ?? Number.POSITIVE_INFINITY));
    return;
  }
  const target = nowOfferedA < 6 ? 0 : Math.min(nowOfferedA, car.takesA(second));
  car.currentA = target < car.currentA ? target : Math.min(target, Math.max(car.currentA, 5.9) + car.rampAPerS);
}
