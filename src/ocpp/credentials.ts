/** OCPP security profile 1: Basic authentication with the identity as user name. */
import { createHash } from "node:crypto";

export type VerifyPassword = (hash: string, secret: Uint8Array) => Promise<boolean>;

const BASIC = /^\s*basic\s+([A-Za-z0-9+/_-]+=*)\s*$/i;
const MAX_SECRET_BYTES = 128;

/** The secret of an Authorization header whose user name equals `identity`, byte by byte; else why not. */
export function secretOf(header: string | undefined, identity: string): Uint8Array | "missing" | "wrong-user" {
  const match = BASIC.exec(header ?? "");
  if (!match) return "missing";
  const bytes = Buffer.from(match[1]!, "base64");
  const user = Buffer.from(`${identity}:`);
  if (!bytes.subarray(0, user.length).equals(user)) return "wrong-user";
  return bytes.subarray(user.length, user.length + MAX_SECRET_BYTES);
}

/** The secret as sent, and as the same AuthorizationKey written in the other way: hex as text, or its bytes. */
function secretForms(secret: Uint8Array): readonly Uint8Array[] {
  const buffer = Buffer.from(secret);
  const text = buffer.toString("latin1");
  const isHex = text.length >= 16 && text.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(text);
  const others = isHex
    ? [Buffer.from(text, "hex"), Buffer.from(text.toLowerCase()), Buffer.from(text.toUpperCase())]
    : buffer.some((byte) => byte < 0x20 || byte > 0x7e)
      ? [Buffer.from(buffer.toString("hex")), Buffer.from(buffer.toString("hex").toUpperCase())]
      : [];
  return [buffer, ...others.filter((other) => !other.equals(buffer))];
}

const MOST_WRONG = 1_000;

/**
 * Remembers which secrets fitted, so that a storm of reconnects does not cost a password hash each, and which did not:
 * a charge point with a wrong password sends the same one again and again.
 */
export class PasswordCheck {
  readonly #verify: VerifyPassword;
  /** Last fitting secret for each hash, as a digest. */
  readonly #fits = new Map<string, string>();
  /** Digests of the last secrets that did not fit. */
  readonly #wrong = new Set<string>();

  constructor(verify: VerifyPassword) {
    this.#verify = verify;
  }

  known(hash: string, secret: Uint8Array): boolean {
    return this.#fits.get(hash) === digest(hash, secret);
  }

  knownWrong(hash: string, secret: Uint8Array): boolean {
    return this.#wrong.has(digest(hash, secret));
  }

  async check(hash: string, secret: Uint8Array): Promise<boolean> {
    if (this.known(hash, secret)) return true;
    for (const form of secretForms(secret)) {
      if (await this.#verify(hash, form)) {
        this.#fits.set(hash, digest(hash, secret));
        return true;
      }
    }
    this.#wrong.add(digest(hash, secret));
    if (this.#wrong.size > MOST_WRONG) this.#wrong.delete(this.#wrong.values().next().value!);
    return false;
  }
}

function digest(hash: string, secret: Uint8Array): string {
  return createHash("sha256").update(hash).update("\0").update(secret).digest("base64");
}
