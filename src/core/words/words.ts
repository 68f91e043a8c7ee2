/** Every text that the core puts into words. A language is a file that implements this; English is `en.ts`. */
import type { DoubtKind } from "../plausibility/doubt.ts";
import type { PhaseIndex } from "../quantity.ts";
import type { Reason } from "../reason.ts";

/** What a text about one EVSE may say. Times are already local text. */
export interface EvseWords {
  readonly limitA: number;
  /** What it is told to give back, A. */
  readonly dischargeA?: number;
  /** Nobody measures what it draws: so much is reckoned for it, A. */
  readonly assumedA?: number;
  readonly reason: Reason;
  readonly until?: string;
  readonly ready?: string;
  /** By then not all that was asked for is charged. */
  readonly isShort?: boolean;
  /** That is later than the site guesses that it leaves. */
  readonly isIfStays?: boolean;
  /** It goes on for a while though the plan has nothing for it now: when the plan has again. */
  readonly resumes?: string;
  readonly powerW?: number;
  readonly status: string;
  readonly online: boolean;
  readonly charging: boolean;
  readonly session: boolean;
  /** Age of the last reading of the device that the reason names; missing when it never answered. */
  readonly readingAgeS?: number;
  /** That device answers, but its values cannot be used. */
  readonly unusable?: boolean;
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

/** What is wrong with a meter that answers. */
export interface DoubtWords {
  readonly meter: string;
  readonly kind: DoubtKind;
  readonly phases?: readonly PhaseIndex[];
  readonly seenOn?: readonly PhaseIndex[];
  readonly evses?: readonly string[];
}

export interface ModeWords {
  readonly word: "normal" | "limited" | "safe";
  readonly since: string;
  readonly kind?: string;
  readonly deviceId?: string;
  readonly circuitId?: string;
  readonly detail?: string;
  readonly operator?: OperatorWords;
  /** So many cars are below what they will get, and come up in steps. */
  readonly rising?: number;
  /** Sentences on meters that cannot be right, and whether one of them is why the site is in safe mode. */
  readonly doubts?: readonly string[];
  readonly unusable?: boolean;
}

export interface LedgerWords {
  readonly since: string;
  readonly reason: string;
  readonly waitingFacts: number;
  readonly lostFacts: number;
}

/** Facts on the disk are not whole any more: which, and when that was found as local text. */
export interface LedgerDamageWords {
  readonly found: string;
  readonly reason: string;
}

/** Why no new plan is followed. */
export interface PlanTroubleWords {
  readonly since: string;
  /** Path of the number that is none, below `input` or `result`; missing where planning itself failed. */
  readonly where?: string;
}

/** What waits to be sent to a partner. */
export type WaitingKind = "place" | "sessions" | "records" | "profiles" | "results" | "contexts";

/** How it stands with a partner. Times are already local text. */
export interface PartnerWords {
  readonly id: string;
  /** It is called with its one token, and calls nobody. */
  readonly calledOnly?: boolean;
  /** Missing while it is not registered. */
  readonly since?: string;
  readonly lastHeard?: string;
  readonly waiting: Readonly<Partial<Record<WaitingKind, number>>>;
  /** It does not answer; when it is tried again, and its last problem. */
  readonly nextAttempt?: string;
  readonly problem?: string;
  readonly refusedRecords: number;
  readonly refusedReason?: string;
}

export interface Words {
  /** Why the limit is what it is, and what would change it. */
  because(evse: EvseWords): string;
  /** What the car is doing. */
  sentence(evse: EvseWords): string;
  /** The site's word, why, since when, and what ends it. */
  mode(mode: ModeWords): string;
  /** What is wrong with a meter, what it means, and what to do. */
  doubt(doubt: DoubtWords): string;
  /** The disk refuses: what goes on, what does not, and what to do. */
  ledger(ledger: LedgerWords): string;
  /** The disk has lost facts: what goes on, what does not, and what to do. */
  ledgerDamage(damage: LedgerDamageWords): string;
  /** No new plan is followed: why, what goes on, and what to do. */
  planTrouble(trouble: PlanTroubleWords): string;
  /** How it stands with a partner, what waits, and what to do. */
  partner(partner: PartnerWords): string;
}
