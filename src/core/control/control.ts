/**
 * One tick of control: observe, allocate, arbitrate, guard, lease. Pure: everything it knows is in its arguments,
 * everything it wants is in its result. The memory is what must survive between ticks but is not worth a fact.
 */
import type { ChargePointCommand } from "../charge-point-input.ts";
import type { SiteDraft } from "../facts/index.ts";
import type { ProcessImage } from "../image.ts";
import type { PerPhase, Quality } from "../quantity.ts";
import type { Reason } from "../reason.ts";
import type { SiteModel } from "../site/site-model.ts";
import type { SiteState } from "../state/state.ts";

/** What a circuit carries now, as far as it is known. */
export interface CircuitObservation {
  readonly circuitId: string;
  readonly quality: Quality;
  readonly currentA?: PerPhase;
  /** It has no meter: `currentA` is the most that it can carry. */
  readonly assumed?: true;
  readonly limitA: number;
}

/** What an EVSE may draw from this tick on, per phase, A; 0 pauses. */
export interface EvseDecision {
  readonly evseId: string;
  readonly currentA: number;
  /** What it gives back, with `currentA` 0; missing is nothing. */
  readonly dischargeA?: number;
  /** What is reckoned for it because nobody measures what it draws; missing where that is measured, or nothing. */
  readonly assumedA?: number;
  readonly reason: Reason;
}

export interface BatteryCommand {
  readonly deviceId: string;
  /** Charging +; `undefined` lets it run by itself. */
  readonly powerW: number | undefined;
  readonly expiresInMs: number;
}

export interface PvCommand {
  readonly deviceId: string;
  /** The most that it may give; `undefined`: all that there is. */
  readonly limitW: number | undefined;
  readonly expiresInMs: number;
}

export interface ControlStep<Memory> {
  readonly memory: Memory;
  readonly circuits: readonly CircuitObservation[];
  readonly evses: readonly EvseDecision[];
  /** To be recorded before `commands` leave. */
  readonly drafts: readonly SiteDraft[];
  readonly commands: readonly ChargePointCommand[];
  readonly batteries: readonly BatteryCommand[];
  readonly pvs: readonly PvCommand[];
  /** True when a command cures an overload: it may leave before the facts are on a slow disk. */
  readonly urgent: boolean;
}

export type ControlInput = { readonly site: SiteModel; readonly state: SiteState; readonly image: ProcessImage };
