/** OCMF 1.x (SAFE e.V.): whether a meter's signature is right, and what it read. The record itself is never changed. */
import { createPublicKey, getCurves, type KeyObject, verify } from "node:crypto";
import { Type } from "../core/schema.ts";
import { reader } from "./schemas/wire.ts";

/** Of each algorithm of OCMF (table 22): curve as OpenSSL calls it, its object identifier, bytes of a coordinate, hash. */
const CURVES: Readonly<Record<string, { readonly openssl: string; readonly oid: string; readonly bytes: number }>> = {
  secp192k1: { openssl: "secp192k1", oid: "2b8104001f", bytes: 24 },
  secp256k1: { openssl: "secp256k1", oid: "2b8104000a", bytes: 32 },
  secp192r1: { openssl: "prime192v1", oid: "2a8648ce3d030101", bytes: 24 },
  secp256r1: { openssl: "prime256v1", oid: "2a8648ce3d030107", bytes: 32 },
  secp384r1: { openssl: "secp384r1", oid: "2b81040022", bytes: 48 },
  brainpool256r1: { openssl: "brainpoolP256r1", oid: "2b2403030208010107", bytes: 32 },
  brainpool384r1: { openssl: "brainpoolP384r1", oid: "2b240303020801010b", bytes: 48 },
};
const DEFAULT_ALGORITHM = "ECDSA-secp256r1-SHA256";
const EC_PUBLIC_KEY = "2a8648ce3d0201";

const Words = Type.Optional(Type.String());
const readSignature = reader(Type.Object({ SA: Words, SE: Words, SM: Words, SD: Type.String({ maxLength: 2_000 }) }));
const readPayload = reader(
  Type.Object({
    RD: Type.Array(
      Type.Object({
        TX: Words,
        RV: Type.Optional(Type.Number()),
        RI: Words,
        RU: Words,
        ST: Words,
      }),
      { maxItems: 1_000 },
    ),
  }),
);

export interface OcmfRecord {
  /** The bytes that were signed, as they came. */
  readonly payload: string;
  readonly curve: string;
  readonly hash: string;
  readonly signature: Buffer;
  /** Readings of energy in the order of the record, Wh. */
  readonly registersWh: readonly number[];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isHex = (text: string) => /^([0-9a-f]{2})+$/i.test(text);

function registersOf(payload: string): number[] {
  const parsed = readPayload(parse(payload));
  if (!parsed.ok) return [];
  const factors: Readonly<Record<string, number>> = { Wh: 1, kWh: 1000 };
  // A reading without unit or identification has those of the one before (OCMF, table 7).
  let unit: string | undefined;
  return parsed.value.RD.flatMap(({ RV, RU, ST }) => {
    unit = RU ?? unit;
    const factor = factors[unit ?? ""];
    return RV === undefined || factor === undefined || (ST !== undefined && ST !== "G") ? [] : [RV * factor];
  });
}

/** Takes a record apart; a string says why it is none. */
export function readOcmf(text: string): OcmfRecord | string {
  const [first, last] = [text.indexOf("|"), text.lastIndexOf("|")];
  if (!text.startsWith("OCMF|") || last <= first) return "it is no OCMF";
  const payload = text.slice(first + 1, last);
  const section = readSignature(parse(text.slice(last + 1)));
  if (!section.ok) return "its signature section cannot be read";
  const { SA = DEFAULT_ALGORITHM, SE = "hex", SM = "application/x-der", SD } = section.value;
  const [, curve = "", hash = ""] = /^ECDSA-([a-z0-9]+)-(SHA\d+)$/i.exec(SA) ?? [];
  const known = curve.toLowerCase();
  if (!CURVES[known]) return `its algorithm ${SA.slice(0, 40)} is unknown`;
  if (SM !== "application/x-der") return `its signature is of type ${SM.slice(0, 40)}`;
  if (SE !== "hex" && SE !== "base64") return `its signature is encoded as ${SE.slice(0, 20)}`;
  const signature = Buffer.from(SD, SE);
  return { payload, curve: known, hash: hash.toLowerCase(), signature, registersWh: registersOf(payload) };
}

/** DER of a length below 65,536. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

/** A bare point of a curve as SubjectPublicKeyInfo (RFC 5480). */
function spkiOf(point: Buffer, oid: string): Buffer {
  const algorithm = Buffer.concat([der(6, Buffer.from(EC_PUBLIC_KEY, "hex")), der(6, Buffer.from(oid, "hex"))]);
  return der(0x30, Buffer.concat([der(0x30, algorithm), der(3, Buffer.concat([Buffer.from([0]), point]))]));
}

/** The bytes of a key in hex or base64; OCA's signed meter values write `oca:base16:asn1:` before it, and base64 around that. */
function bytesOf(text: string): Buffer {
  const bare = text.trim().replace(/^oca:base16:asn1:/i, "");
  if (isHex(bare)) return Buffer.from(bare, "hex");
  const decoded = Buffer.from(bare, "base64");
  const inner = decoded.toString("latin1");
  return /^oca:base16:asn1:/i.test(inner) ? bytesOf(inner) : decoded;
}

/** A meter's public key, however it was written down, for a curve; missing where it is none. */
export function meterKey(text: string, curve: string): KeyObject | undefined {
  const known = CURVES[curve];
  if (!known || !getCurves().includes(known.openssl)) return undefined;
  try {
    if (text.includes("-----BEGIN")) return createPublicKey(text);
    const bytes = bytesOf(text);
    const isPoint =
      (bytes[0] === 4 && bytes.length === 2 * known.bytes + 1) ||
      ((bytes[0] === 2 || bytes[0] === 3) && bytes.length === known.bytes + 1);
    // Some write down the coordinates alone.
    const isBare = bytes.length === 2 * known.bytes;
    const point = isBare ? Buffer.concat([Buffer.from([4]), bytes]) : bytes;
    const key = isPoint || isBare ? spkiOf(point, known.oid) : bytes;
    return createPublicKey({ key, format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

export type OcmfVerdict = "valid" | "invalid" | "unverifiable";

/** Whether a record was signed with the key; `unverifiable` where either cannot be read, or the key is of another curve. */
export function verifyOcmf(text: string, publicKey: string): OcmfVerdict {
  const record = readOcmf(text);
  if (typeof record === "string") return "unverifiable";
  const key = meterKey(publicKey, record.curve);
  const named = key?.asymmetricKeyDetails?.namedCurve;
  if (!key || (named !== undefined && named !== CURVES[record.curve]?.openssl)) return "unverifiable";
  try {
    const data = Buffer.from(record.payload, "utf8");
    return verify(record.hash, data, { key, dsaEncoding: "der" }, record.signature) ? "valid" : "invalid";
  } catch {
    return "invalid";
  }
}
