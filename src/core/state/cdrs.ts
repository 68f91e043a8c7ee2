/** Where the CDRs are: in the ledger, and with which partners. */

import type { SiteFact } from "../facts/index.ts";
import type { DriverContractSchema } from "../facts/market-facts.ts";
import type { Static } from "../schema.ts";
import { kept } from "./kept.ts";

/** Where a CDR is in the ledger, when it was made, and who has it. */
export interface BilledSession {
  readonly seq: number;
  readonly atMs: number;
  readonly evseId: string;
  readonly startedMs: number;
  readonly contract?: Pick<Static<typeof DriverContractSchema>, "partnerId" | "countryCode" | "partyId">;
  /** Partners that have taken it. */
  readonly takenBy?: readonly string[];
}

/** A CDR that a partner did not want: kept until it takes it. */
export interface RefusedCdr {
  readonly partnerId: string;
  readonly cdrId: string;
  readonly cdrSeq: number;
  readonly reason: string;
  readonly sinceMs: number;
}

export interface CdrsState {
  /** By transaction, the last ones. */
  readonly billed: Readonly<Record<string, BilledSession>>;
  /** By partner and sequence, the last ones. */
  readonly refusedCdrs: Readonly<Record<string, RefusedCdr>>;
}

const BILLED_KEPT = 2_000;
const REFUSED_KEPT = 2_000;

function billed<S extends CdrsState>(slice: S, fact: Extract<SiteFact, { type: "cdr-issued" }>): S {
  const { transactionId, contract, evseId, startMs: startedMs } = fact.data;
  const { partnerId = "", countryCode = "", partyId = "" } = contract ?? {};
  const owner = contract ? { contract: { partnerId, countryCode, partyId } } : {};
  const entry = { seq: fact.seq, atMs: fact.atMs, evseId, startedMs, ...owner };
  return { ...slice, billed: kept(slice.billed, String(transactionId), entry, BILLED_KEPT) };
}

function delivered<S extends CdrsState>(slice: S, fact: Extract<SiteFact, { type: "cdr-delivered" }>): S {
  const { partnerId, cdrId, cdrSeq, transactionId, taken, reason = "" } = fact.data;
  const key = `${partnerId}/${cdrSeq}`;
  const { [key]: before, ...others } = slice.refusedCdrs;
  if (!taken) {
    const entry = { partnerId, cdrId, cdrSeq, reason, sinceMs: before?.sinceMs ?? fact.atMs };
    return { ...slice, refusedCdrs: kept(slice.refusedCdrs, key, entry, REFUSED_KEPT) };
  }
  const known = slice.billed[transactionId];
  if (known?.seq !== cdrSeq) return { ...slice, refusedCdrs: others };
  const takenBy = [...new Set([...(known.takenBy ?? []), partnerId])];
  return { ...slice, refusedCdrs: others, billed: { ...slice.billed, [transactionId]: { ...known, takenBy } } };
}

/** Folds one fact into what is known of CDRs. */
export function evolveCdrs<S extends CdrsState>(slice: S, fact: SiteFact): S {
  if (fact.type === "cdr-issued") return billed(slice, fact);
  return fact.type === "cdr-delivered" ? delivered(slice, fact) : slice;
}
