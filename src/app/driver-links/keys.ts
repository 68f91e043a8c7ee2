/**
 * Keys of the drivers' links: one an EVSE, derived from a secret that lies beside the ledger in a file that only its owner
 * may read. Without the file no link opens anything.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { chownSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Log } from "../../core/ports.ts";

const FILE = "driver-links.json";
const SECRET_BYTES = 32;
/** 128 bits: 22 characters in a link. */
const KEY_BYTES = 16;
/** A renewed secret counts after so long at most; a disk that hangs is not waited for longer. */
const FRESH_MS = 3_000;
const PATIENCE_MS = 1_000;

export interface DriverSecrets {
  readonly secret: string;
  /** How often the key of an EVSE was renewed by itself. */
  readonly renewed: Readonly<Record<string, number>>;
}

/** Whether a key opens an EVSE to its driver. */
export interface DriverKeys {
  opens(evseId: string, key: string): Promise<boolean>;
}

/** The key of an EVSE, base64url. */
export function driverKey({ secret, renewed }: DriverSecrets, evseId: string): string {
  const text = `evse ${renewed[evseId] ?? 0} ${evseId}`;
  const code = createHmac("sha256", Buffer.from(secret, "base64url")).update(text).digest();
  return code.subarray(0, KEY_BYTES).toString("base64url");
}

function parse(text: string, file: string): DriverSecrets {
  try {
    const { version, secret, renewed } = JSON.parse(text);
    const isWhole = version === 1 && Buffer.from(secret, "base64url").length === SECRET_BYTES;
    if (isWhole && typeof renewed === "object" && renewed !== null) return { secret, renewed };
  } catch {
    // The same words for what is no JSON at all.
  }
  throw new Error(
    `${file} does not hold the drivers' keys: put it back from a backup, or remove it and print all links anew`,
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** The secrets beside a ledger; missing where there are none yet. Throws on a file that cannot be read. */
function readDriverSecrets(directory: string): DriverSecrets | undefined {
  const file = join(directory, FILE);
  try {
    return parse(readFileSync(file, "utf8"), file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whole or not at all; whoever owns the ledger may read it, also when root wrote it. */
function write(directory: string, secrets: DriverSecrets): void {
  const file = join(directory, FILE);
  const handle = openSync(`${file}.new`, "w", 0o600);
  try {
    writeSync(handle, `${JSON.stringify({ version: 1, ...secrets })}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  const { uid, gid } = statSync(directory);
  if (process.getuid?.() === 0) chownSync(`${file}.new`, uid, gid);
  renameSync(`${file}.new`, file);
}

/** The secrets beside a ledger, made where there are none. Old links of `renew`, an EVSE or all of them, open nothing any more. */
export function prepareDriverSecrets(directory: string, renew?: { readonly evseId: string } | "all"): DriverSecrets {
  const known = readDriverSecrets(directory);
  if (known && renew === undefined) return known;
  const fresh = { secret: randomBytes(SECRET_BYTES).toString("base64url"), renewed: {} };
  const one = (before: DriverSecrets, evseId: string) => {
    return { ...before, renewed: { ...before.renewed, [evseId]: (before.renewed[evseId] ?? 0) + 1 } };
  };
  const secrets = known && renew !== undefined && renew !== "all" ? one(known, renew.evseId) : fresh;
  write(directory, secrets);
  return secrets;
}

/** Constant time, whatever the lengths. */
function isSame(a: string, b: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

/** The keys beside a running ledger; a renewal is noticed within seconds. */
export function openDriverKeys(directory: string, clock: Clock, log: Log): DriverKeys {
  const file = join(directory, FILE);
  let known: DriverSecrets | undefined;
  let version = "";
  let readMonoMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let complaint = "";

  async function read(): Promise<void> {
    try {
      const { mtimeMs, size, ino } = await stat(file);
      const found = `${mtimeMs} ${size} ${ino}`;
      if (found !== version) known = parse(await readFile(file, "utf8"), file);
      version = found;
      complaint = "";
    } catch (error) {
      known = undefined;
      version = "";
      const reason = isMissing(error) ? "" : String(error);
      if (reason !== complaint) log.warn("The drivers' links open nothing: their keys cannot be read", { reason });
      complaint = reason;
    }
    readMonoMs = clock.monoMs();
  }

  /** One look at the disk at a time: one that hangs holds up nobody else. */
  async function refresh(): Promise<void> {
    if (clock.monoMs() - readMonoMs < FRESH_MS) return;
    reading ??= read().finally(() => {
      reading = undefined;
    });
    let stop = () => {};
    const patience = new Promise<void>((resolve) => {
      stop = clock.after(PATIENCE_MS, "drivers' keys", resolve);
    });
    await Promise.race([reading, patience]);
    stop();
  }

  return {
    async opens(evseId, key) {
      await refresh();
      return known !== undefined && isSame(driverKey(known, evseId), key);
    },
  };
}
