/**
 * Signed meter values (1.6 `format: SignedData`, 2.0.1 `signedMeterValue`; OCMF, EDL and others): what a bill can be
 * checked with. They are not read here, only taken out as they are.
 */
import type { ChargePointInput, SignedValue } from "../core/charge-point-input.ts";
import { readTime } from "./time.ts";
import { type Fields, fieldsOf, listOf, textOf } from "./wire.ts";

const EDGES = new Set(["Transaction.Begin", "Transaction.End"]);
const MOST_VALUES = 40;

/** Whether a sampled value carries a signature. */
export function isSigned(value: Fields): boolean {
  return value.format === "SignedData" || fieldsOf(value.signedMeterValue).signedMeterData !== undefined;
}

/** Signed values of a `meterValue` list. `atEdge` says that the message itself starts or ends a transaction. */
export function signedValuesOf(
  meterValue: unknown,
  clock: { readonly nowMs: number; readonly lagMs: number },
  atEdge: boolean,
): SignedValue[] {
  const values = listOf(meterValue, 100).flatMap((entry) => {
    const { atMs } = readTime(entry.timestamp, clock);
    return listOf(entry.sampledValue)
      .filter(isSigned)
      .map((value) => ({
        atMs,
        timestamp: textOf(entry.timestamp, 64) ?? "",
        atEdge: atEdge || EDGES.has(textOf(value.context) ?? ""),
        sampledValue: JSON.stringify(value),
      }));
  });
  return values.slice(0, MOST_VALUES);
}

/** The input that carries them, where there are any. */
export function signedInput(
  of: {
    readonly chargePointId: string;
    readonly connector: number;
    readonly transactionId?: number;
    readonly remoteId?: string;
  },
  values: readonly SignedValue[],
): ChargePointInput[] {
  return values.length > 0 ? [{ type: "signed-metered", ...of, values }] : [];
}
