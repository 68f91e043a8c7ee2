/**
 * Who may change something: somebody with the token, or somebody at the machine itself. A browser at the machine may
 * have been sent by a foreign page, so on loopback Host and Origin must be loopback too (DNS rebinding, CSRF).
 */
import type { FastifyRequest } from "fastify";
import type { Clock } from "../core/ports.ts";
import { createFailures } from "./failures.ts";

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

/** Checks requests; remembers failures by address for a minute. */
export function createAccess(options: AccessOptions): (request: FastifyRequest) => Promise<Access> {
  const failures = createFailures(options.clock);

  return async (request) => {
    if (isLocal(request)) return { ok: true, by: "local" };
    if (failures.isBlocked(request.ip))
      return { ok: false, status: 429, title: "Too many wrong tokens", detail: "Wait a minute, then try again" };
    if (options.tokenHash === undefined)
      return {
        ok: false,
        status: 403,
        title: "Nobody may change anything from here",
        detail: "Set api.tokenHash in site.yaml (`wattledger hash-password`)",
      };
    const [scheme, token] = (request.headers.authorization ?? "").split(" ");
    if (scheme?.toLowerCase() === "bearer" && token && (await options.verifyPassword(options.tokenHash, token)))
      return { ok: true, by: "token" };
    if (token) failures.note(request.ip);
    return { ok: false, status: 401, title: "A token is needed", detail: "Send it as Authorization: Bearer" };
  };
}
