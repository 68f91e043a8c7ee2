/** What the ledger and its writing thread tell each other. */

import type { FactRow } from "./checksum.ts";
import type { LedgerErrorKind } from "./ledger-error.ts";
import type { StateSnapshot } from "./store-snapshot.ts";

export interface WriterData {
  readonly path: string;
  /** Largest size of the file in pages of 4096 bytes. */
  readonly maxPages?: number;
  /** Pages in the write-ahead log after which it is folded into the file. */
  readonly checkpointPages?: number;
  /** A few old facts are looked at this often. */
  readonly lookEveryMs?: number;
  /** Becomes 1 when everything is written and closed. */
  readonly signal: Int32Array;
}

export type WriterRequest =
  | { readonly type: "append"; readonly id: number; readonly rows: readonly FactRow[] }
  | ({ readonly type: "snapshot" } & StateSnapshot)
  | { readonly type: "limit"; readonly maxPages: number }
  | { readonly type: "close" };

export type WriterAnswer =
  /** The thread is there; its last fact on disk. */
  | { readonly started: number }
  | { readonly id: number; readonly kind?: LedgerErrorKind; readonly message?: string }
  /** What is wrong with facts that were recorded before. */
  | { readonly damage: string }
  | { readonly warning: string };
