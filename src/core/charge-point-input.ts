/**
 * What a charge point tells us and what it is answered, whatever its OCPP version: the one internal model that the
 * adapters in `src/ocpp` translate from and to. Nothing here is trusted to be complete: chargers leave things out.
 */

import type { EvseValues } from "./image.ts";
import type { ConnectorStatus } from "./state/charge-points.ts";

/** One set of meter values at one time. */
export interface EvseSample extends EvseValues {
  readonly atMs: number;
}

/** A signed meter value as the charge point sent it: a bill may have to be checked with the meter's own signature. */
export interface SignedValue {
  readonly atMs: number;
  /** Its time as it was written. */
  readonly timestamp: string;
  /** Of the start or the end of a transaction. */
  readonly atEdge: boolean;
  /** JSON text of the whole sampled value. */
  readonly sampledValue: string;
}

interface From {
  readonly chargePointId: string;
}
/** `connector` is the OCPP 1.6 connectorId or the 2.0.1 EVSE id; 0 is the charge point itself. */
interface At extends From {
  readonly connector: number;
}

export type ChargePointInput =
  | (From & { readonly type: "connected"; readonly protocol: string; readonly remote: string })
  | (From & { readonly type: "disconnected"; readonly reason: string })
  | (From & {
      readonly type: "booted";
      readonly vendor: string;
      readonly model: string;
      readonly serial?: string;
      readonly firmware?: string;
      readonly reason?: string;
    })
  | (From & { readonly type: "heartbeat" })
  | (At & {
      readonly type: "status";
      readonly status: ConnectorStatus;
      readonly remoteId?: string;
      readonly errorCode?: string;
      readonly info?: string;
    })
  | (From & { readonly type: "authorize"; readonly token: string; readonly unrecorded?: boolean })
  | (At & {
      readonly type: "transaction-started";
      /** The charge point's own transaction id (2.0.1). */
      readonly remoteId?: string;
      readonly token?: string;
      readonly meterStartWh?: number;
      readonly atMs: number;
      /** The time as it was written, by whatever clock: the same when the message comes again. */
      readonly writtenMs?: number;
      /** The charge point says, or the time says, that it happened while it was offline. */
      readonly replayed: boolean;
    })
  | (From & {
      readonly type: "transaction-ended";
      /** Ours (1.6), as the charge point repeats it. */
      readonly transactionId?: number;
      /** The charge point's own (2.0.1). */
      readonly remoteId?: string;
      readonly connector?: number;
      readonly token?: string;
      readonly meterStopWh?: number;
      readonly atMs: number;
      readonly writtenMs?: number;
      readonly reason: string;
      readonly replayed: boolean;
    })
  | (At & {
      readonly type: "metered";
      readonly transactionId?: number;
      readonly remoteId?: string;
      readonly samples: readonly EvseSample[];
      /** The charge point says that it comes late. */
      readonly replayed?: boolean;
    })
  | (At & {
      readonly type: "signed-metered";
      readonly transactionId?: number;
      readonly remoteId?: string;
      readonly values: readonly SignedValue[];
    })
  | (From & {
      readonly type: "probed";
      readonly rateUnit: "A" | "W";
      readonly maxStackLevel?: number;
      readonly maxPeriods?: number;
      readonly meterIntervalS?: number;
      readonly smartCharging?: boolean;
      readonly settings: Readonly<Record<string, string>>;
    })
  | (From & {
      readonly type: "notified";
      readonly kind: "firmware" | "diagnostics" | "log" | "security" | "data-transfer" | "report" | "other";
      readonly action: string;
      readonly payload: string;
    })
  | (From & {
      readonly type: "violated";
      readonly action: string;
      readonly problem: string;
      readonly payload: string;
    })
  | {
      readonly type: "refused";
      readonly identity: string;
      readonly remote: string;
      readonly reason: string;
      readonly count: number;
    };

export type TokenStatus = "accepted" | "unknown" | "blocked";

/** The answer to an input; a type without an entry in the union is answered with nothing (`{}`). */
export interface ChargePointAnswer {
  /** To `authorize`, `transaction-started` and `transaction-ended`. */
  readonly tokenStatus?: TokenStatus;
  /** To `transaction-started`. */
  readonly transactionId?: number;
}

/** `currentA` per phase from `offsetS` after the start on. */
export interface SchedulePeriod {
  readonly offsetS: number;
  readonly currentA: number;
  /** On so many phases; missing: those of the schedule. */
  readonly phases?: number;
}

/** A charging limit as the core wants it: a schedule that ends in the safe current by itself. */
export interface LimitSchedule {
  /** Present when a transaction is open: the limit is tied to it (TxProfile), else it is a TxDefaultProfile. */
  readonly transactionId?: number;
  readonly remoteId?: string;
  readonly startMs: number;
  /** First period has `startMs` 0 offset; the last one is the safe current. Per phase, A. */
  readonly periods: readonly SchedulePeriod[];
  /** From then on no more than this, on the way to the safe current, where the charge point takes so many periods. */
  readonly halfway?: SchedulePeriod;
  /** The whole schedule ends here; the low-stack safe default remains. */
  readonly durationS: number;
  readonly phases: number;
  readonly voltageV: number;
}

/** What the controller asks of a charge point. */
export type ChargePointCommand =
  | {
      readonly type: "set-limit";
      readonly chargePointId: string;
      readonly evseId: string;
      readonly connector: number;
      readonly schedule: LimitSchedule;
    }
  | {
      readonly type: "install-safe-default";
      readonly chargePointId: string;
      readonly evseId: string;
      readonly connector: number;
      readonly currentA: number;
      readonly phases: number;
      readonly voltageV: number;
    }
  | { readonly type: "clear-limits"; readonly chargePointId: string; readonly connector?: number }
  | {
      readonly type: "read-composite";
      readonly chargePointId: string;
      readonly connector: number;
      readonly durationS: number;
    }
  | {
      readonly type: "trigger";
      readonly chargePointId: string;
      readonly message: "boot" | "status" | "meter-values" | "heartbeat";
      readonly connector?: number;
    }
  | {
      readonly type: "start-transaction";
      readonly chargePointId: string;
      readonly connector: number;
      readonly token: string;
    }
  | {
      readonly type: "stop-transaction";
      readonly chargePointId: string;
      readonly transactionId: number;
      readonly remoteId?: string;
    }
  | {
      readonly type: "change-availability";
      readonly chargePointId: string;
      readonly connector: number;
      readonly operative: boolean;
    }
  | { readonly type: "reset"; readonly chargePointId: string; readonly hard: boolean }
  | { readonly type: "unlock"; readonly chargePointId: string; readonly connector: number }
  | {
      readonly type: "reserve";
      readonly chargePointId: string;
      readonly connector: number;
      /** The same id again replaces the reservation. */
      readonly reservationId: number;
      readonly token: string;
      readonly expiresAtMs: number;
    }
  | { readonly type: "cancel-reservation"; readonly chargePointId: string; readonly reservationId: number }
  | { readonly type: "get-settings"; readonly chargePointId: string; readonly names: readonly string[] }
  | { readonly type: "change-setting"; readonly chargePointId: string; readonly name: string; readonly value: string };

/** How a command ended. `accepted` is the charge point's word, not proof: the meter decides. */
export interface CommandResult {
  readonly status: "accepted" | "rejected" | "not-supported" | "no-answer" | "offline";
  readonly detail: string;
  readonly data?: unknown;
}
