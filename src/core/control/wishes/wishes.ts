/** What each EVSE should get if nothing were tight: the driver's override, the plan, the sun, or a fair share. */
import { ceilingA, nextChangeMs, profilesOf, worthwhileA } from "../../market/ceiling.ts";
import type { Reason } from "../../reason.ts";
import type { ControlInput } from "../control.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import { wishPhases } from "../evses/phase-switch.ts";
import type { EvseMemory } from "../memory.ts";
import { WISH_CHANGE_MS } from "../thresholds.ts";
import { phased } from "./phases.ts";
import {
  hasNoTimeToSpare,
  type Plan,
  planInForce,
  plannedCurrentA,
  sellsSun,
  takesMore,
  waiting,
} from "./plan-current.ts";
import { hasJustResumed } from "./resumed.ts";
import { sunnyCurrent, surplusW } from "./solar.ts";

export interface Wish {
  readonly currentA: number;
  /** What it takes of what the others leave: the plan would give more if there was room. */
  readonly moreA?: number;
  /** What the plan gives of `currentA`: what the sun adds to it is taken after all that others have planned. */
  readonly plannedA?: number;
  /** It needs all of its time: others are lowered before it. */
  readonly noTimeToSpare?: true;
  readonly reason: Reason;
}

/** By position of the EVSE. */
export type Wishes = ReadonlyMap<number, Wish>;

/** The most that a wish may become, A; without one whatever it has. */
export function mostWishedA(wish: Wish | undefined): number {
  return wish ? Math.max(wish.currentA, wish.moreA ?? 0) : Number.POSITIVE_INFINITY;
}

interface Wished {
  readonly wish: Wish;
  readonly memory: EvseMemory;
}

interface Today {
  readonly input: ControlInput;
  readonly plan: Plan | undefined;
  /** Surplus of the sun for each car that could take some, W. */
  readonly shareW: number | undefined;
}

function onePhase({ memory }: EvseObservation): Pick<Reason, "onePhase"> {
  return memory.onePhase ? { onePhase: true } : {};
}

function planned({ input, plan, shareW }: Today, entry: EvseObservation): Wished | undefined {
  const currentA = plannedCurrentA(input, plan, entry, 0);
  if (!plan || currentA === undefined || !entry.session) return undefined;
  const { currentA: sunnyA, memory } = sunnyCurrent(input, entry, shareW);
  const onOne = onePhase(entry);
  const eager = takesMore(input, plan, entry) ? { moreA: entry.evse.maxCurrentA } : {};
  const pressed = hasNoTimeToSpare(plan, entry) ? ({ noTimeToSpare: true } as const) : {};
  const more = { ...eager, ...pressed };
  if (sunnyA > currentA) {
    const sunny = { currentA: sunnyA, plannedA: currentA, reason: { kind: "solar", ...onOne } } as const;
    return { wish: { ...sunny, ...more }, memory };
  }
  const reason: Reason = currentA === 0 ? waiting(input, plan, entry) : { kind: "plan", limitA: currentA, ...onOne };
  return { wish: { currentA, reason, ...more }, memory };
}

/** A session without a plan is served by fair share: no car sits for ever. */
function desired(today: Today, entry: EvseObservation): Wished {
  const { maxCurrentA, id } = entry.evse;
  if (today.input.state.sessions.overrides[id])
    return { wish: { currentA: maxCurrentA, reason: { kind: "override" } }, memory: entry.memory };
  const fairShare = { currentA: maxCurrentA, reason: { kind: "fair-share" } } as const;
  return planned(today, entry) ?? { wish: fairShare, memory: entry.memory };
}

/** Nothing flows while the number of phases changes. */
function pausing({ memory }: EvseObservation): Wished {
  return { wish: { currentA: 0, reason: { kind: "phase-switch" } }, memory };
}

/** Small and frequent changes of a wish are held back: each is a profile write. */
function steady({ wish, memory }: Wished, monoMs: number): Wish {
  const gradual = wish.reason.kind === "plan" || wish.reason.kind === "solar";
  const wasGradual = memory.wishKind === "plan" || memory.wishKind === "solar";
  const recent = monoMs - memory.wishSinceMonoMs < WISH_CHANGE_MS;
  if (!gradual || !wasGradual || !recent || wish.currentA === memory.wishA) return wish;
  return { ...wish, currentA: memory.wishA };
}

/** A plan that has just let a car charge again does not stop it: it goes on at the least current. */
function notAgain(wish: Wish, { evse, memory }: EvseObservation, monoMs: number): Wish {
  if (!hasJustResumed(memory, monoMs) || wish.currentA > 0 || wish.reason.kind !== "plan") return wish;
  const reason: Reason = { kind: "plan", limitA: evse.minCurrentA, ...(memory.onePhase ? { onePhase: true } : {}) };
  return { ...wish, currentA: evse.minCurrentA, reason };
}

function remember(memory: EvseMemory, wish: Wish, monoMs: number): EvseMemory {
  const { kind } = wish.reason;
  if (memory.wishA === wish.currentA) return memory.wishKind === kind ? memory : { ...memory, wishKind: kind };
  return { ...memory, wishA: wish.currentA, wishKind: kind, wishSinceMonoMs: monoMs };
}

/** What the car itself takes bounds every wish. */
function bounded(wish: Wish, entry: EvseObservation): Wish {
  const { vehicleCapA } = entry.memory;
  const capA = vehicleCapA === undefined ? undefined : Math.max(entry.evse.minCurrentA, vehicleCapA);
  if (capA === undefined || capA > mostWishedA(wish)) return wish;
  if (capA > wish.currentA) return { ...wish, moreA: capA };
  const { moreA: _, ...rest } = wish;
  return { ...rest, currentA: capA, reason: { kind: "vehicle", limitA: capA } };
}

/** What a partner's profile leaves of a wish; below the least current of the EVSE that is nothing. */
function belowCeiling(wish: Wish, input: ControlInput, entry: EvseObservation): Wish {
  if (!entry.session) return wish;
  const profiles = profilesOf(input.state, entry.session);
  if (profiles.length === 0) return wish;
  const { nowMs } = input.image;
  const circuit = { voltageV: input.site.voltageV, phases: wishPhases(entry) };
  const lowest = ceilingA(profiles, nowMs, circuit);
  if (!lowest || lowest.currentA > mostWishedA(wish)) return wish;
  if (lowest.currentA > wish.currentA) return { ...wish, moreA: lowest.currentA };
  const currentA =
    lowest.currentA < Math.max(entry.evse.minCurrentA, worthwhileA(profiles, circuit)) ? 0 : lowest.currentA;
  const untilMs = nextChangeMs(profiles, nowMs);
  const reason: Reason = { kind: "contract", limitA: lowest.currentA, by: lowest.partnerId };
  return { currentA, reason: untilMs === undefined ? reason : { ...reason, untilMs } };
}

/** The wishes of all EVSEs with a session, by position; their observations come back with what has to be kept. */
export function wishesOf(
  input: ControlInput,
  active: readonly EvseObservation[],
): { readonly wishes: Wishes; readonly active: readonly EvseObservation[] } {
  const plan = planInForce(input);
  const takers = active.filter(
    (entry) => entry.session && entry.memory.vehicleCapA === undefined && !sellsSun(input, plan, entry),
  ).length;
  const surplus = takers === 0 ? undefined : surplusW(input);
  const shareW = surplus === undefined ? undefined : surplus / takers;
  const wishes = new Map<number, Wish>();
  const { monoMs } = input.image;
  const remembered = active.map((entry): EvseObservation => {
    if (!entry.session) return entry;
    const today: Today = { input, plan, shareW: sellsSun(input, plan, entry) ? undefined : shareW };
    const { memory: told, pauses } = phased(input, entry, today);
    const now = told === entry.memory ? entry : { ...entry, memory: told };
    const wished = pauses ? pausing(now) : desired(today, now);
    const wish = notAgain(steady(wished, monoMs), now, monoMs);
    wishes.set(entry.index, belowCeiling(bounded(wish, now), input, now));
    const memory = remember(wished.memory, wish, monoMs);
    return memory === entry.memory ? entry : { ...entry, memory };
  });
  return { wishes, active: remembered };
}
