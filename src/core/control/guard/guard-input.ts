/** What the guard decides from: everything of one tick, frozen. */
import type { CircuitView } from "../circuits/circuits.ts";
import type { Constraint } from "../circuits/constraint.ts";
import type { ControlInput } from "../control.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import type { ControlMemory } from "../memory.ts";
import type { Wishes } from "../wishes/wishes.ts";

export interface GuardInput {
  readonly input: ControlInput;
  readonly memory: ControlMemory;
  /** EVSEs with a transaction, and those that something is reserved for. */
  readonly active: readonly EvseObservation[];
  readonly wishes: Wishes;
  readonly constraints: readonly Constraint[];
  /** Circuit on the EVSE's way whose meter is absent, or not trusted again yet, by position of the EVSE. */
  readonly blind: ReadonlyMap<number, CircuitView>;
  readonly recovering: ReadonlyMap<number, CircuitView>;
  /** Circuit on its way with a phase above its limit also without cars. */
  readonly beyondCars: ReadonlyMap<number, CircuitView>;
  /** What the grid operator's limit leaves each EVSE while nobody knows the import, A. */
  readonly blindShareA?: number;
}
