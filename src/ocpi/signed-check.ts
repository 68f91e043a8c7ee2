/** Checks the signed meter values behind a CDR: whether the signatures are right, and what the meter itself counted. */
import type { SiteDraft } from "../core/facts/index.ts";
import type { ReadFact } from "./objects/cdr.ts";
import type { Market } from "./objects/location.ts";
import { knownMeterKey } from "./objects/meter-key.ts";
import { type Signed, type SignedFact, signedIn } from "./objects/signed-data.ts";
import { type OcmfVerdict, readOcmf, verifyOcmf } from "./ocmf.ts";

/** Energy between the first and the last reading of all records, Wh. */
function signedWh(records: readonly Signed[]): number | undefined {
  const registers = records.flatMap(({ text }) => {
    const record = readOcmf(text);
    return typeof record === "string" ? [] : record.registersWh;
  });
  return registers.length < 2 ? undefined : Math.round((registers.at(-1)! - registers[0]!) * 1000) / 1000;
}

/** One that is wrong makes all wrong; right are they where each is. */
function together(verdicts: readonly OcmfVerdict[]): OcmfVerdict {
  if (verdicts.includes("invalid")) return "invalid";
  return verdicts.every((verdict) => verdict === "valid") ? "valid" : "unverifiable";
}

/** The fact on the signed values of a CDR; none where there are none. */
export function checkedDrafts(market: Omit<Market, "version">, cdr: SiteDraft, read: ReadFact): SiteDraft[] {
  if (cdr.type !== "cdr-issued") return [];
  const { transactionId, evseId, signedSeqs = [], energyWh } = cdr.data;
  const records = signedSeqs.flatMap((seq) => {
    const fact = read(seq) as SignedFact | undefined;
    return fact?.type === "signed-value-reported" ? (signedIn(fact.data.sampledValue) ?? []) : [];
  });
  if (records.length === 0) return [];
  const known = knownMeterKey(market, evseId);
  const verdict = together(
    records.map(({ text, publicKey }) => {
      const key = known?.key ?? publicKey;
      return key === undefined ? "unverifiable" : verifyOcmf(text, key);
    }),
  );
  const hasOwn = records.some(({ publicKey }) => publicKey !== undefined);
  const keyFrom = known?.from ?? (hasOwn ? ("record" as const) : undefined);
  const energy = signedWh(records);
  const data = {
    transactionId,
    evseId,
    verdict,
    records: records.length,
    billedWh: energyWh,
    ...(keyFrom === undefined ? {} : { keyFrom }),
    ...(energy === undefined ? {} : { signedWh: energy }),
  };
  return [
    { type: "signed-values-checked", source: "billing", key: `signed-check:${transactionId}:${cdr.data.cdrId}`, data },
  ];
}
