/** What a fact is: the envelope, and how a type of fact is declared. */
import type { Static, TObject } from "../schema.ts";

/** Where a fact came from, as `kind` or `kind:id`, e.g. `guard`, `charge-point:garage-1`, `api`. */
export type FactSource = string;

/** A declared type of fact. `version` is that of `data`; older versions are upcast when the ledger is read. */
export interface FactDeclaration<Type extends string = string, Schema extends TObject = TObject> {
  readonly type: Type;
  readonly version: number;
  readonly schema: Schema;
}

/** Declares a type of fact. Names are in the past tense, kebab case. */
export function declareFact<const Type extends string, Schema extends TObject>(
  type: Type,
  version: number,
  schema: Schema,
): FactDeclaration<Type, Schema> {
  return { type, version, schema };
}

/** A fact that is not in the ledger yet. `key` makes it idempotent: a second one with the same key is not stored. */
export interface Draft<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
  readonly source: FactSource;
  readonly cause?: number;
  readonly key?: string;
}

/** A fact as the ledger keeps it. `seq` is gapless from 1; `atMs` wall clock; `monoMs` since the boot `boot`. */
export interface Envelope<Type extends string = string, Data = unknown> extends Draft<Type, Data> {
  readonly seq: number;
  readonly atMs: number;
  readonly monoMs: number;
  readonly wallTrusted: boolean;
  readonly boot: string;
  readonly version: number;
}

export type DraftOf<D> = D extends FactDeclaration<infer T, infer S> ? Draft<T, Static<S>> : never;
export type FactOf<D> = D extends FactDeclaration<infer T, infer S> ? Envelope<T, Static<S>> : never;
