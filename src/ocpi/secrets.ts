/**
 * Tokens of partners, in a file that only its owner may read: hashes of those that partners show us, and the one that we
 * show them. An old token of theirs lives until a newer one has been used, and ten minutes after that: an answer that got
 * lost locks nobody out.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { Ajv } from "ajv";
import { type Static, Type } from "../core/schema.ts";
import { hashOf, sameHash } from "./token.ts";

const GRACE_MS = 600_000;
const REGISTRATION_MS = 7 * 86_400_000;
const MOST_TOKENS = 4;

const InboundSchema = Type.Object({
  hash: Type.String(),
  sinceMs: Type.Number(),
  /** For versions and credentials only, until registered. */
  registration: Type.Boolean(),
  used: Type.Boolean(),
  untilMs: Type.Optional(Type.Number()),
});
const PartnerSecretsSchema = Type.Object({
  inbound: Type.Array(InboundSchema),
  outbound: Type.Optional(Type.String()),
});
const FileSchema = Type.Object({
  version: Type.Literal(1),
  partners: Type.Record(Type.String(), PartnerSecretsSchema),
});

type Inbound = Static<typeof InboundSchema>;
type PartnerSecrets = Static<typeof PartnerSecretsSchema>;

/** Whose token was shown, and whether it is good for registering only. */
export interface TokenHolder {
  readonly partnerId: string;
  readonly registration: boolean;
  readonly token: string;
}

export interface Secrets {
  whoHas(tokens: readonly string[], nowMs: number): TokenHolder | undefined;
  /** The token to show a partner. */
  outbound(partnerId: string): string | undefined;
  /** Takes a token that the partner will show us; on disk when this returns. */
  accept(partnerId: string, token: string, kind: { readonly registration: boolean; readonly nowMs: number }): void;
  /** From now on the partner is shown this one, or none. */
  show(partnerId: string, token: string | undefined): void;
  /** A registration is complete: the tokens that were for registering only are dead. */
  endRegistration(partnerId: string): void;
  /** Takes one token of theirs back. */
  withdraw(partnerId: string, token: string): void;
  forget(partnerId: string): void;
}

function readSecrets(file: string): Record<string, PartnerSecrets> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  const check = new Ajv({ strict: false }).compile<Static<typeof FileSchema>>(FileSchema);
  const advice = "put it back from a backup, or remove it and register the partners again";
  try {
    const value: unknown = JSON.parse(text);
    if (check(value)) return value.partners;
  } catch {
    // The same words for what is no JSON at all.
  }
  throw new Error(`${file} does not hold the tokens of partners; ${advice}`);
}

function writeSecrets(file: string, partners: Readonly<Record<string, PartnerSecrets>>): void {
  const fresh = `${file}.new`;
  const handle = openSync(fresh, "w", 0o600);
  try {
    writeSync(handle, `${JSON.stringify({ version: 1, partners })}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(fresh, file);
}

/** A newer token was used: those before it end soon. */
function aged(inbound: readonly Inbound[], used: Inbound, nowMs: number): Inbound[] {
  const place = inbound.indexOf(used);
  return inbound.map((entry, index) => {
    if (entry === used) return { ...entry, used: true };
    if (index > place || entry.untilMs !== undefined) return entry;
    return { ...entry, untilMs: nowMs + GRACE_MS };
  });
}

/** Opens the file. Throws where it is there but cannot be read: a partner must not be forgotten by mistake. */
export function openSecrets(file: string): Secrets {
  const partners = readSecrets(file);
  const of = (partnerId: string): PartnerSecrets => partners[partnerId] ?? { inbound: [] };
  const alive = (entry: Inbound, nowMs: number) => nowMs < (entry.untilMs ?? Number.POSITIVE_INFINITY);
  const change = (partnerId: string, secrets: PartnerSecrets | undefined): void => {
    if (secrets) partners[partnerId] = secrets;
    else delete partners[partnerId];
    writeSecrets(file, partners);
  };
  const keep = (partnerId: string, inbound: Inbound[]) => change(partnerId, { ...of(partnerId), inbound });
  /** In memory, and on disk where that takes it: a full disk keeps no partner out. */
  const remember = (partnerId: string, inbound: Inbound[]) => {
    try {
      keep(partnerId, inbound);
    } catch {
      // The next change writes it too.
    }
  };
  return {
    whoHas(tokens, nowMs) {
      const shown = tokens.map((token) => ({ token, hash: hashOf(token) }));
      let found: { partnerId: string; entry: Inbound; token: string } | undefined;
      // All are compared, whatever was found: the time tells nothing.
      for (const [partnerId, { inbound }] of Object.entries(partners))
        for (const entry of inbound)
          for (const { token, hash } of shown)
            if (sameHash(entry.hash, hash) && alive(entry, nowMs)) found = { partnerId, entry, token };
      if (!found) return undefined;
      const { partnerId, entry, token } = found;
      if (!entry.used) remember(partnerId, aged(of(partnerId).inbound, entry, nowMs));
      return { partnerId, registration: entry.registration, token };
    },
    outbound: (partnerId) => of(partnerId).outbound,
    accept(partnerId, token, { registration, nowMs }) {
      const before = of(partnerId).inbound.filter(
        (entry) => alive(entry, nowMs) && !(registration && entry.registration),
      );
      const until = registration ? { untilMs: nowMs + REGISTRATION_MS } : {};
      const entry: Inbound = { hash: hashOf(token), sinceMs: nowMs, registration, used: false, ...until };
      keep(partnerId, [...before, entry].slice(-MOST_TOKENS));
    },
    show(partnerId, token) {
      const { inbound } = of(partnerId);
      change(partnerId, { inbound, ...(token === undefined ? {} : { outbound: token }) });
    },
    endRegistration(partnerId) {
      const { inbound } = of(partnerId);
      const left = inbound.filter((entry) => !entry.registration);
      if (left.length < inbound.length) keep(partnerId, left);
    },
    withdraw(partnerId, token) {
      const hash = hashOf(token);
      const left = of(partnerId).inbound.filter((entry) => entry.hash !== hash);
      keep(partnerId, left);
    },
    forget: (partnerId) => change(partnerId, undefined),
  };
}
