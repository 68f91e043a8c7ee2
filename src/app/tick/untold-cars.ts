/**
 * Cars that nobody told us of because the disk hangs: a charge point sends nothing more until its last message is answered, and
 * the answer waits for the disk. Whoever begins, is plugged in, or comes after the car that ended may draw what the safe default
 * of the EVSE allows.
 */
import type { ChargePointInput } from "../../core/charge-point-input.ts";
import { evseAt } from "../../core/decide/context.ts";
import type { Clock } from "../../core/ports.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import type { ConnectorStatus } from "../../core/state/charge-points.ts";

/** A car that starts is there already; one that is plugged in has to start, the next one to be driven in. */
const STARTS_AFTER_MS = 500;
const NEXT_AFTER_MS = 10_000;

const CAR_IS_THERE: ReadonlySet<ConnectorStatus> = new Set(["preparing", "occupied", "charging"]);

export interface UntoldCarsOptions {
  readonly site: SiteModel;
  readonly clock: Clock;
  /** Whether a transaction is on record at an EVSE: its car has been told of. */
  readonly isOnRecord: (evseId: string) => boolean;
  /** Told that a car may be there, and when that is over. */
  readonly tell: (evseId: string, isThere: boolean) => void;
}

type Untold = (input: ChargePointInput, endedEvseIds: readonly string[]) => (isTaken?: boolean) => void;

/** How long after an input a car may draw at the connector that it names, of which nobody knows; `undefined`: none. */
function mayDrawAfterMs(input: ChargePointInput): number | undefined {
  if (input.type === "transaction-started") return input.replayed ? undefined : STARTS_AFTER_MS;
  if (input.type !== "status" || !CAR_IS_THERE.has(input.status)) return undefined;
  return input.status === "charging" ? STARTS_AFTER_MS : NEXT_AFTER_MS;
}

/**
 * Counts the car of a start, a plug-in or an end from when the disk should have taken it, until the returned function is
 * called; where the disk refused a start or an end, until the next one at that EVSE is taken. `endedEvseIds` is where the input ends
 * something.
 */
export function untoldCars({ site, clock, isOnRecord, tell }: UntoldCarsOptions): Untold {
  /** Of several messages about one EVSE the last one that is taken ends it. */
  const waiting = new Map<string, number>();
  /** By EVSE: what ends the count of a message that was refused. */
  const refused = new Map<string, () => void>();
  const count = (evseId: string, by: number) => {
    const left = (waiting.get(evseId) ?? 0) + by;
    waiting.set(evseId, left);
    if (left === (by > 0 ? 1 : 0)) tell(evseId, by > 0);
  };

  function counted(evseId: string, afterMs: number): () => void {
    let isCounted = false;
    const stop = clock.after(afterMs, "untold car", () => {
      isCounted = true;
      count(evseId, 1);
    });
    return () => {
      stop();
      if (isCounted) count(evseId, -1);
    };
  }

  return (input, endedEvseIds) => {
    const begunAfterMs = mayDrawAfterMs(input);
    const begun = "connector" in input ? evseAt(site, input.chargePointId, input.connector ?? 0)?.id : undefined;
    const isNew = begun !== undefined && begunAfterMs !== undefined && !isOnRecord(begun);
    const evseIds = isNew ? [begun] : endedEvseIds;
    const ends = evseIds.map((id) => ({ id, end: counted(id, isNew ? begunAfterMs : NEXT_AFTER_MS) }));
    const transactionsAt = input.type === "transaction-started" && begun !== undefined ? [begun] : endedEvseIds;
    return (isTaken = true) => {
      for (const { id, end } of ends) {
        // It is told again, and counts since it was told first.
        if (isTaken || refused.has(id)) end();
        else refused.set(id, end);
      }
      if (!isTaken) return;
      for (const id of transactionsAt) {
        refused.get(id)?.();
        refused.delete(id);
      }
    };
  };
}
