import type { EvseLayout } from "./model-evse.ts";
import type { StepChoice } from "./model-peaks.ts";

/** Where the model keeps what; indexes of variables by EVSE or battery and slot. */
export interface PlanLayout {
  readonly evses: readonly EvseLayout[];
  readonly batteries: readonly { readonly charge: readonly number[]; readonly discharge: readonly number[] }[];
  readonly imports: readonly number[];
  readonly exports: readonly number[];
  readonly pvs: readonly number[];
  /** Each yes-or-no between two directions: which flow it allows when it is yes, and which when no. */
  readonly directions: readonly Direction[];
  /** Steps of what a month's peak costs. */
  readonly steps: readonly StepChoice[];
}

export interface Direction {
  readonly choice: number;
  readonly whenYes: number;
  readonly whenNo: number;
}
