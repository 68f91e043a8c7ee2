/**
 * Who may change something: somebody with the token, or somebody at the machine itself. A browser at the machine may
 * have been sent by a foreign page, so on loopback Host and Origin must be loopback too (DNS rebinding, CSRF).
 */
import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { Clock } from "../core/ports.ts";
import { createWrongTokens } from "./wrong-tokens.ts";

export interface AccessOptions {
  readonly tokenHash?: string;
  readonly verifyPassword: (hash: string, secret: string) => Promise<boolean>;
  readonly clock: Clock;
}

export type Access =
  | { readonly ok: true; readonly by: string }
  | { readonly ok: false; readonly status: 401 | 403 | 429; readonly title: string; readonly detail: string };

const LOOPBACK_ADDRESSES = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);
const LOOPBACK_NAMES = new Set(["127.0.0.1", "localhost", "[::1]"]);

function hostName(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  try {
    return new URL(value.includes("://") ? value : `http://${value}`).hostname;
  } catch {
    return "";
  }
}

/** A proxy on this machine speaks for somebody else: what it forwards is not local. */
const FORWARDED = ["forwarded", "x-forwarded-for", "x-real-ip", "via"] as const;

function isLocal(request: FastifyRequest): boolean {
  const { host, origin } = request.headers;
  if (FORWARDED.some((name) => request.headers[name] !== undefined)) return false;
  const names = [hostName(host), hostName(origin)];
  return LOOPBACK_ADDRESSES.has(request.ip) && names.every((name) => name === undefined || LOOPBACK_NAMES.has(name));
}

const MOST_TOKENS = 1_000;

/**
 * Checks requests; remembers failures by address for a minute. A token is hashed once: what is known to be right gets in
 * whoever guesses behind the same address, and what is known to be wrong is no new guess.
 */
export function createAccess(options: AccessOptions): (request: FastifyRequest) => Promise<Access> {
  const { tokenHash, verifyPassword } = options;
  const wrongTokens = createWrongTokens(options.clock);
  /** By digest of the token: whether it fits. */
  const fitting = new Map<string, Promise<boolean>>();

  function check(hash: string, token: string, address: string): Promise<boolean> {
    // It counts while it is being hashed, too: a flood would else be through before the first is known to be wrong.
    wrongTokens.note(address);
    const fits = verifyPassword(hash, token).then((isRight) => {
      if (isRight) wrongTokens.forget(address);
      return isRight;
    });
    fitting.set(digest(token), fits);
    if (fitting.size > MOST_TOKENS) fitting.delete(fitting.keys().next().value!);
    return fits;
  }

  return async (request) => {
    if (isLocal(request)) return { ok: true, by: "local" };
    if (tokenHash === undefined)
      return {
        ok: false,
        status: 403,
        title: "Nobody may change anything from here",
        detail: "Set api.tokenHash in site.yaml (`wattledger hash-password`)",
      };
    const [scheme, token] = (request.headers.authorization ?? "").split(" ");
    const refused = {
      ok: false,
      status: 401,
      title: "A token is needed",
      detail: "Send it as Authorization: Bearer",
    } as const;
    if (scheme?.toLowerCase() !== "bearer" || !token) return refused;
    const known = fitting.get(digest(token));
    if (!known && wrongTokens.isBlocked(request.ip))
      return { ok: false, status: 429, title: "Too many wrong tokens", detail: "Wait a minute, then try again" };
    return (await (known ?? check(tokenHash, token, request.ip))) ? { ok: true, by: "token" } : refused;
  };
}

function digest(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
