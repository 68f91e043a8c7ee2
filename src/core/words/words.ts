/** Every text that the core puts into words. A language is a file that implements this; English is `en.ts`. */
import type { Reason } from "../reason.ts";

/** What a text about one EVSE may say. Times are already local text. */
export interface EvseWords {
  readonly limitA: number;
  readonly reason: Reason;
  readonly until?: string;
  readonly ready?: string;
  readonly powerW?: number;
  readonly status: string;
  readonly online: boolean;
  readonly charging: boolean;
  readonly session: boolean;
  /** Age of the last reading of the device that the reason names; missing when it never answered. */
  readonly readingAgeS?: number;
  /** The charge point has not taken its safe default. */
  readonly withoutDefault?: boolean;
}

/** What the grid operator allows now, W; `until` is local text. */
export interface OperatorWords {
  readonly limitW?: number;
  readonly exportLimitW?: number;
  readonly until?: string;
  readonly by: string;
  /** It is not heard of: the limits are the fail-safe ones, or none are left. */
  readonly silent: boolean;
  /** The limit counts cars and batteries only. */
  readonly controllable: boolean;
}

export interface ModeWords {
  readonly word: "normal" | "limited" | "safe";
  readonly since: string;
  readonly kind?: string;
  readonly deviceId?: string;
  readonly circuitId?: string;
  readonly detail?: string;
  readonly operator?: OperatorWords;
}

export interface Words {
  /** Why the limit is what it is, and what would change it. */
  because(evse: EvseWords): string;
  /** What the car is doing. */
  sentence(evse: EvseWords): string;
  /** The site's word, why, since when, and what ends it. */
  mode(mode: ModeWords): string;
}
