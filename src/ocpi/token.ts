/** Credentials tokens: how they are made, written into a header, read from one, and compared. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 256 random bits in 43 characters; the text allows 64 printable ones. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** SHA-256 in base64: a token of 256 random bits needs no slow hash. */
export function hashOf(token: string): string {
  return createHash("sha256").update(token, "utf8").digest("base64");
}

/** Whether two hashes are the same, in a time that does not tell where they differ. */
export function sameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, "base64"), Buffer.from(other, "base64")];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The value of the Authorization header; `raw` is for partners of before 2.2, who do not encode. */
export function authorizationOf(token: string, raw: boolean): string {
  return `Token ${raw ? token : Buffer.from(token, "utf8").toString("base64")}`;
}

const LONGEST_HEADER = 512;
const PRINTABLE = /^[\x21-\x7e]{1,64}$/;

/**
 * What a header may mean: the decoded token and the raw one, since partners send either, with whatever white space they
 * left around it. Empty where it is no token at all.
 */
export function tokensOf(header: string | undefined): string[] {
  if (header === undefined || header.length > LONGEST_HEADER) return [];
  const match = /^Token\s+(\S+)\s*$/i.exec(header.trim());
  if (!match) return [];
  const decoded = Buffer.from(match[1]!, "base64").toString("utf8").trim();
  return [decoded, match[1]!].filter((token) => PRINTABLE.test(token));
}
