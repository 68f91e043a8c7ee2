/** Hashes of passwords and tokens: scrypt, so that a stolen site.yaml does not give them away. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** 2^14 x 8 x 1: about 30 ms and 16 MB on a Pi 4, once for each new secret. */
const COST = { N: 16_384, r: 8, p: 1 } as const;
const KEY_BYTES = 32;

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

function derive(secret: Uint8Array | string, salt: Uint8Array, cost: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, KEY_BYTES, { ...cost, maxmem: 64 * 1024 * 1024 }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

/** `scrypt$N$r$p$salt$hash`, the last two in base64url. */
export async function hashPassword(secret: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(secret, salt, COST);
  return `scrypt$${COST.N}$${COST.r}$${COST.p}$${salt.toString("base64url")}$${key.toString("base64url")}`;
}

/** Whether `secret` is the one behind `hash`; a hash that is not one of ours fits nothing. Constant time. */
export async function verifyPassword(hash: string, secret: Uint8Array | string): Promise<boolean> {
  const [scheme, N, r, p, salt = "", expected = ""] = hash.split("$");
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  if (scheme !== "scrypt" || !(cost.N <= 1_048_576) || !(cost.r <= 32) || !(cost.p <= 16)) return false;
  const key = Buffer.from(expected, "base64url");
  if (key.length !== KEY_BYTES) return false;
  // Costs that scrypt refuses, or that would take more memory than a hash of ours, are no hash of ours.
  const derived = await derive(secret, Buffer.from(salt, "base64url"), cost).catch(() => undefined);
  return derived !== undefined && timingSafeEqual(derived, key);
}
