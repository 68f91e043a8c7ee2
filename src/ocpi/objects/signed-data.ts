/** Signed meter values in a CDR: the bytes of the meter, untouched, beside what they say in plain words. */

import type { SiteFact } from "../../core/facts/index.ts";
import { Type } from "../../core/schema.ts";
import { meterKey, readOcmf } from "../ocmf.ts";
import { reader } from "../schemas/wire.ts";
import type { WireObject } from "./wire-object.ts";

export type SignedFact = Extract<SiteFact, { type: "signed-value-reported" }>;

/** As later editions of 2.2.1 have it; what is longer is left out, never cut. */
const LONGEST_PLAIN = 5_000;
const LONGEST_SIGNED = 5_000;
const LONGEST_KEY = 512;

export interface Signed {
  /** What the meter signed, as text where it is text. */
  readonly text: string;
  readonly method: string;
  readonly publicKey?: string;
}

const Words = Type.Optional(Type.String());
const readSigned = reader(
  Type.Object({ signedMeterData: Words, signedMeterValue: Words, encodingMethod: Words, publicKey: Words }),
);
const readSampled16 = reader(Type.Object({ value: Type.String() }));
const readSampled201 = reader(Type.Object({ signedMeterValue: Type.Object({ signedMeterData: Type.String() }) }));

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isPlain = (text: string) => text.startsWith("OCMF|");

/** Charge points wrap the record in base64, or do not. */
function unwrapped(data: string): string {
  if (isPlain(data) || !/^[A-Za-z0-9+/]+={0,2}$/.test(data)) return data;
  const decoded = Buffer.from(data, "base64").toString("utf8");
  return isPlain(decoded) ? decoded : data;
}

function fromParts(value: unknown): Signed | undefined {
  const parts = readSigned(value);
  if (!parts.ok) return undefined;
  const data = parts.value.signedMeterData ?? parts.value.signedMeterValue;
  if (data === undefined) return undefined;
  const text = unwrapped(data);
  const { encodingMethod, publicKey } = parts.value;
  const method = encodingMethod || (isPlain(text) ? "OCMF" : "#NA");
  return { text, method, ...(publicKey ? { publicKey } : {}) };
}

/** The record in a sampled value of OCPP 1.6 (text, or JSON in text) or 2.0.1. */
export function signedIn(sampledValue: string): Signed | undefined {
  const value = parse(sampledValue);
  const newer = readSampled201(value);
  if (newer.ok) return fromParts((value as { signedMeterValue: unknown }).signedMeterValue);
  const older = readSampled16(value);
  if (!older.ok) return undefined;
  const inner = fromParts(parse(older.value.value));
  if (inner) return inner;
  const text = unwrapped(older.value.value);
  return { text, method: isPlain(text) ? "OCMF" : "#NA" };
}

function valueObject({ text }: Signed, nature: string): WireObject | undefined {
  const plain = isPlain(text) ? text.slice(text.indexOf("|") + 1, text.lastIndexOf("|")) : text;
  const signed = Buffer.from(text, "utf8").toString("base64");
  if (plain.length > LONGEST_PLAIN || signed.length > LONGEST_SIGNED) return undefined;
  return { nature, plain_data: plain, signed_data: signed };
}

/** A meter's key as OCPI wants it, base64 of DER; as it was written where it cannot be read. */
function keyObject(key: string, text: string): string {
  const record = readOcmf(text);
  const read = typeof record === "string" ? undefined : meterKey(key, record.curve);
  return read?.export({ format: "der", type: "spki" }).toString("base64") ?? key;
}

/** `SignedData` of a CDR; missing where nothing was signed, or nothing of it fits. One record for both ends is an End. A record without a key has that which is known of the meter. */
export function signedData(facts: readonly SignedFact[], knownKey: string | undefined): WireObject | undefined {
  const known = facts.flatMap(({ data }) => signedIn(data.sampledValue) ?? []);
  const distinct = known.filter(({ text }, index) => known.findIndex((other) => other.text === text) === index);
  const values = distinct.flatMap(
    (signed, index) => valueObject(signed, index === distinct.length - 1 ? "End" : "Start") ?? [],
  );
  const [first] = distinct;
  if (!first || values.length === 0) return undefined;
  const own = distinct.find(({ publicKey }) => publicKey !== undefined)?.publicKey;
  const key = own ?? (knownKey === undefined ? undefined : keyObject(knownKey, first.text));
  return {
    encoding_method: first.method.slice(0, 36),
    public_key: key === undefined || key.length > LONGEST_KEY ? undefined : key,
    signed_values: values,
  };
}
