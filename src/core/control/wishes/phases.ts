/**
 * Whether a car should charge on a single phase: where the plan says so, or the sun carries its least current on one phase and
 * not on all. Relays wear and cars dislike it, so the number is changed seldom, and while nothing flows.
 */
import type { ControlInput } from "../control.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import { wishPhases } from "../evses/phase-switch.ts";
import type { EvseMemory } from "../memory.ts";
import {
  EFFECT_MS,
  EVSE_READING_VALID_MS,
  GONE_MARGIN_A,
  MOST_PHASE_SWITCHES,
  OTHER_PHASES_MS,
  PHASE_SWITCH_EVERY_MS,
  PHASE_SWITCH_GIVEN_UP_MS,
  PHASE_SWITCH_PAUSE_MS,
  SUN_CLOUD_MS,
} from "../thresholds.ts";
import { isPlannedOnOnePhase, type Plan, plannedW } from "./plan-current.ts";
import { hasJustResumed } from "./resumed.ts";

/** The sun has to carry so much more than the least current before a car goes back to all phases. */
const ALL_PHASES_FROM = 1.1;

export interface Phased {
  readonly memory: EvseMemory;
  /** It pauses for a moment, to charge on another number of phases then. */
  readonly pauses: boolean;
}

/** `one` or `all`, missing: as it is; and whether the sun alone says so. */
interface Target {
  readonly phases: "one" | "all" | undefined;
  readonly bySun?: true;
}

/** What the sun carries beside what the car draws already, W. */
function sunnyW({ site }: ControlInput, entry: EvseObservation, shareW: number | undefined): number {
  return shareW === undefined ? 0 : entry.surelyA * site.voltageV * wishPhases(entry) + shareW;
}

function bySun(
  entry: EvseObservation,
  { carriedW, leastW }: { readonly carriedW: number; readonly leastW: number },
): Target["phases"] {
  const count = (entry.memory.phases ?? entry.evse.phases).length;
  const allW = leastW * count;
  if (carriedW >= allW * (entry.memory.onePhase ? ALL_PHASES_FROM : 1)) return "all";
  return carriedW >= leastW && carriedW < allW ? "one" : undefined;
}

function targetOf(
  input: ControlInput,
  entry: EvseObservation,
  { plan, shareW }: { readonly plan: Plan | undefined; readonly shareW: number | undefined },
): Target {
  const { evse, session } = entry;
  const powerW = plannedW(input, plan, entry, 0);
  if (!plan || !session || powerW === undefined || input.state.sessions.overrides[evse.id]) return { phases: "all" };
  const onOne = isPlannedOnOnePhase(input, plan, entry, 0);
  if (powerW > 0 && !onOne) return { phases: "all" };
  const leastW = evse.minCurrentA * input.site.voltageV;
  const sunny = bySun(entry, { carriedW: sunnyW(input, entry, shareW), leastW });
  return sunny === undefined && onOne ? { phases: "one" } : { phases: sunny, bySun: true };
}

/** One phase only where the EVSE shows which it loads, and nothing is wrong. */
function mayGoToOne({ image }: ControlInput, entry: EvseObservation): boolean {
  const { evse, memory, connected, refused } = entry;
  const reading = image.evses.get(evse.id);
  const showsPhases = reading?.currentA !== undefined && image.monoMs - reading.atMonoMs <= EVSE_READING_VALID_MS;
  if (!showsPhases || !connected || refused || !memory.obeyed) return false;
  // A car of one phase gains nothing; one that charges shows in a moment whether it is one.
  const phases = memory.phases?.length ?? (memory.limitA > 0 ? 1 : evse.phases.length);
  return phases > 1 && (memory.switches ?? 0) < MOST_PHASE_SWITCHES;
}

interface Wanting {
  readonly memory: EvseMemory;
  readonly bySun: boolean;
}

function without(memory: EvseMemory, ...names: readonly (keyof EvseMemory)[]): EvseMemory {
  if (names.every((name) => memory[name] === undefined)) return memory;
  const rest: Record<string, unknown> = { ...memory };
  for (const name of names) delete rest[name];
  return rest as unknown as EvseMemory;
}

/** From now on told so. What the car showed on the other number of phases says nothing of this one. */
function switched(memory: EvseMemory, target: "one" | "all", monoMs: number): EvseMemory {
  const bare = without(
    memory,
    ...(["onePhase", "loaded", "vehicleCapA", "belowSinceMonoMs", "excessPart"] as const),
    ...(["switchingSinceMonoMs", "otherPhasesSinceMonoMs"] as const),
  );
  return {
    ...bare,
    ...(target === "one" ? { onePhase: true } : {}),
    switchedMonoMs: monoMs,
    switches: (memory.switches ?? 0) + 1,
  };
}

/** Nothing flows any more, or it had its time to end. */
function isStill({ image }: ControlInput, { evse, memory, measuredA }: EvseObservation): boolean {
  if (memory.limitA > 0) return false;
  const { monoMs } = image;
  if (monoMs - memory.limitSinceMonoMs >= PHASE_SWITCH_PAUSE_MS) return true;
  const readMonoMs = image.evses.get(evse.id)?.atMonoMs ?? Number.NEGATIVE_INFINITY;
  return readMonoMs - memory.limitSinceMonoMs >= EFFECT_MS && measuredA !== undefined && measuredA <= GONE_MARGIN_A;
}

/** Whether the other number has been better for long enough, and the last change is long enough ago. Who is in a hurry waits less. */
function isDue({ state, image }: ControlInput, entry: EvseObservation, { memory, bySun }: Wanting): boolean {
  const { monoMs } = image;
  const { switchedMonoMs, otherPhasesSinceMonoMs = monoMs } = memory;
  const sinceMs = monoMs - otherPhasesSinceMonoMs;
  if (entry.memory.limitA > 0 && bySun && sinceMs < SUN_CLOUD_MS) return false;
  if (switchedMonoMs === undefined) return true;
  const isInHurry = state.sessions.overrides[entry.evse.id] !== undefined;
  if (!isInHurry && hasJustResumed(memory, monoMs)) return false;
  const waitMs = entry.memory.limitA > 0 ? OTHER_PHASES_MS : 0;
  const everyMs = isInHurry ? OTHER_PHASES_MS : PHASE_SWITCH_EVERY_MS;
  return monoMs - switchedMonoMs >= everyMs && sinceMs >= waitMs;
}

/** Brings the number of phases nearer to what the plan or the sun want of it. */
export function phased(
  input: ControlInput,
  entry: EvseObservation,
  today: { readonly plan: Plan | undefined; readonly shareW: number | undefined },
): Phased {
  const { evse, memory } = entry;
  const { monoMs } = input.image;
  if (!evse.phaseSwitching) return { memory, pauses: false };
  // Once it pauses for it, it is done: what the sun does meanwhile is looked at afterwards.
  const begun: Target = { phases: memory.onePhase ? "all" : "one" };
  const { phases: target, bySun = false } =
    memory.switchingSinceMonoMs === undefined ? targetOf(input, entry, today) : begun;
  const isOther = target !== undefined && (target === "one") !== (memory.onePhase === true);
  if (!isOther || (target === "one" && !mayGoToOne(input, entry)))
    return { memory: without(memory, "switchingSinceMonoMs", "otherPhasesSinceMonoMs"), pauses: false };
  const wanting = memory.otherPhasesSinceMonoMs === undefined ? { ...memory, otherPhasesSinceMonoMs: monoMs } : memory;
  const { switchingSinceMonoMs } = wanting;
  if (switchingSinceMonoMs === undefined && !isDue(input, entry, { memory: wanting, bySun }))
    return { memory: wanting, pauses: false };
  // It is raised from the next tick on, which knows that nobody has seen what it loads now.
  if (isStill(input, entry)) return { memory: switched(wanting, target, monoMs), pauses: true };
  if (switchingSinceMonoMs === undefined) return { memory: { ...wanting, switchingSinceMonoMs: monoMs }, pauses: true };
  // Who does not pause is not switched; it may be tried again later.
  if (monoMs - switchingSinceMonoMs < PHASE_SWITCH_GIVEN_UP_MS) return { memory: wanting, pauses: true };
  return { memory: { ...without(wanting, "switchingSinceMonoMs"), switchedMonoMs: monoMs }, pauses: false };
}
