/** A fault as data: what, when, for how long, and at which of the devices. */
import type { WorldPlan } from "./plan.ts";
import type { World } from "./world.ts";

export interface Fault {
  readonly family: string;
  readonly kind: string;
  readonly fromS: number;
  readonly forS: number;
  /** Chooses the device, 0..1. */
  readonly pick: number;
}

/** How a kind of fault is done to a world. */
export interface FaultKind {
  /** For people: what happens. */
  readonly story: string;
  /** Shortest and longest duration, s. */
  readonly seconds: readonly [least: number, most: number];
  /** As it was installed, and not somewhere in the middle. */
  readonly fromTheStart?: boolean;
  /** Drawn after everything else, and in one world of some: a seed of before it was thought of keeps its world. */
  readonly drawnLast?: boolean;
  /** Where it is not, nothing happens, and nothing is told. */
  isPossible?(plan: WorldPlan, fault: Fault): boolean;
  begin(world: World, fault: Fault): void;
  /** Called each second while it lasts, the first one included. */
  each?(world: World, fault: Fault): void;
  end?(world: World, fault: Fault): void;
}

export type FaultFamily = Readonly<Record<string, FaultKind>>;

/** The device of a fault among several. */
export function pickOf<T>(of: readonly T[], { pick }: Fault): T {
  return of[Math.min(of.length - 1, Math.floor(pick * of.length))]!;
}
