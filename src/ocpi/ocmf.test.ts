/** Records that are signed here with the curves of OCMF, by nothing but node's own cryptography. */
import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { meterKey, readOcmf, verifyOcmf } from "./ocmf.ts";

const PAYLOAD =
  '{"FV":"1.0","PG":"T12","MS":"1234","RD":[{"TM":"2026-06-10T12:02:00,000+0000 S","TX":"B","RV":100.25,"RI":"1-b:1.8.0","RU":"kWh","ST":"G"},{"TX":"E","RV":112.5,"ST":"G"}]}';

const CURVES = [
  ["secp192r1", "prime192v1", "sha256"],
  ["secp192k1", "secp192k1", "sha256"],
  ["secp256r1", "prime256v1", "sha256"],
  ["secp256k1", "secp256k1", "sha256"],
  ["secp384r1", "secp384r1", "sha256"],
  ["brainpool256r1", "brainpoolP256r1", "sha256"],
  ["brainpool384r1", "brainpoolP384r1", "sha256"],
] as const;

function signed(curve: string, namedCurve: string, more: object = {}, encoding: "hex" | "base64" = "hex") {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
  const SD = sign("sha256", Buffer.from(PAYLOAD), privateKey).toString(encoding);
  const section = { SA: `ECDSA-${curve}-SHA256`, ...(encoding === "hex" ? {} : { SE: encoding }), ...more, SD };
  return { record: `OCMF|${PAYLOAD}|${JSON.stringify(section)}`, publicKey };
}

describe("a meter's signature", () => {
  test.each(CURVES)("by %s is found to be right, and wrong with one digit changed", (curve, namedCurve) => {
    const { record, publicKey } = signed(curve, namedCurve);
    const key = publicKey.export({ format: "der", type: "spki" }).toString("hex");
    expect(verifyOcmf(record, key)).toBe("valid");
    expect(verifyOcmf(record.replace("112.5", "111.5"), key)).toBe("invalid");
  });

  test("is checked with the key in every way in which it is written down", () => {
    const { record, publicKey } = signed("secp256r1", "prime256v1", {}, "base64");
    const spki = publicKey.export({ format: "der", type: "spki" });
    const point = spki.subarray(-65);
    const compressed = Buffer.concat([Buffer.from([2 + (point[64]! & 1)]), point.subarray(1, 33)]);
    const oca = `oca:base16:asn1:${spki.toString("hex")}`;
    const ways = [
      spki.toString("base64"),
      spki.toString("hex").toUpperCase(),
      publicKey.export({ format: "pem", type: "spki" }).toString(),
      point.toString("hex"),
      point.subarray(1).toString("hex"),
      compressed.toString("base64"),
      oca,
      Buffer.from(oca).toString("base64"),
    ];
    for (const way of ways) expect(verifyOcmf(record, way)).toBe("valid");
  });

  test("is of the usual curve where the record names none", () => {
    const { record, publicKey } = signed("secp256r1", "prime256v1", { SA: undefined });
    expect(verifyOcmf(record, publicKey.export({ format: "der", type: "spki" }).toString("hex"))).toBe("valid");
  });

  test("says nothing with a key of another curve, another algorithm, or what is no key", () => {
    const { record } = signed("secp256r1", "prime256v1");
    const other = signed("secp256k1", "secp256k1").publicKey.export({ format: "der", type: "spki" }).toString("hex");
    expect(verifyOcmf(record, other)).toBe("unverifiable");
    expect(verifyOcmf(record.replace("secp256r1", "ed25519"), other)).toBe("unverifiable");
    for (const key of ["", "abc", "04", "-----BEGIN PUBLIC KEY-----", "AA".repeat(500)])
      expect(verifyOcmf(record, key)).toBe("unverifiable");
    for (const text of ["", "OCMF|", "OCMF|{}", "OCMF|{}|{}", "OCMF|x|not json"])
      expect(typeof readOcmf(text)).toBe("string");
    expect(meterKey("abc", "secp256r1")).toBeUndefined();
  });

  test("with garbage in it is wrong, not a defect", () => {
    const { publicKey } = signed("secp256r1", "prime256v1");
    const key = publicKey.export({ format: "der", type: "spki" }).toString("hex");
    expect(verifyOcmf(`OCMF|${PAYLOAD}|{"SD":"zz"}`, key)).toBe("invalid");
    expect(verifyOcmf(`OCMF|${PAYLOAD}|{"SD":"3006020101020101"}`, key)).toBe("invalid");
  });
});

test("what a meter read is told in Wh; a unit holds until the next, a doubtful reading does not count", () => {
  const { record } = signed("secp256r1", "prime256v1");
  expect(readOcmf(record)).toMatchObject({ registersWh: [100_250, 112_500] });
  const doubtful = record.replace('"RV":112.5,"ST":"G"', '"RV":112.5,"ST":"T"');
  expect(readOcmf(doubtful)).toMatchObject({ registersWh: [100_250] });
});
