/**
 * Tokens that partners told us: a copy of theirs, in memory and in a file that is written seldom. What is lost with the
 * power is asked for again at the next start.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { Ajv } from "ajv";
import type { Clock, Log } from "../../core/ports.ts";
import { type Static, Type } from "../../core/schema.ts";
import { type Token, TokenSchema } from "../schemas/requests.ts";
import { onlyKnown, timeMs } from "../schemas/wire.ts";

const SAVE_EVERY_MS = 300_000;
const MOST_TOKENS = 100_000;

const FileSchema = Type.Object({
  version: Type.Literal(1),
  partners: Type.Record(
    Type.String(),
    Type.Object({ syncedMs: Type.Optional(Type.Number()), tokens: Type.Array(TokenSchema) }),
  ),
});

export interface TokenStore {
  /** The token of a uid, whatever its type, and whose it is. */
  find(uid: string): { readonly partnerId: string; readonly token: Token } | undefined;
  get(partnerId: string, name: TokenName): Token | undefined;
  /** Keeps it; one that is older than what is known changes nothing. False when there is no room. */
  put(partnerId: string, token: Token): boolean;
  /** When the list of a partner was read to its end last, epoch ms. */
  syncedMs(partnerId: string): number | undefined;
  synced(partnerId: string, atMs: number): void;
  close(): void;
}

export interface TokenName {
  readonly countryCode: string;
  readonly partyId: string;
  readonly uid: string;
  readonly type: string;
}

const nameOf = ({ countryCode, partyId, uid, type }: TokenName) =>
  `${countryCode}/${partyId}/${type}/${uid}`.toLowerCase();
const nameOfToken = (token: Token) =>
  nameOf({ countryCode: token.country_code, partyId: token.party_id, uid: token.uid, type: token.type });

interface Entry {
  readonly partnerId: string;
  readonly token: Token;
}

function readFile(file: string, log: Log): Static<typeof FileSchema>["partners"] {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    const check = new Ajv({ strict: false }).compile<Static<typeof FileSchema>>(FileSchema);
    if (check(value)) return value.partners;
    log.warn("The copy of the partners' tokens cannot be read; they are asked for them again");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      log.warn("The copy of the partners' tokens cannot be read; they are asked for them again");
  }
  return {};
}

export function openTokenStore(file: string, { clock, log }: { readonly clock: Clock; readonly log: Log }): TokenStore {
  const byName = new Map<string, Entry>();
  const byUid = new Map<string, Entry>();
  const synced = new Map<string, number>();
  let changed = false;

  function keep(partnerId: string, token: Token): void {
    const entry = { partnerId, token: onlyKnown(TokenSchema, token) };
    byName.set(nameOfToken(token), entry);
    const uid = token.uid.toLowerCase();
    // Two partners may have the same uid: who told it first keeps it while it is valid.
    const before = byUid.get(uid);
    const isItself = before && nameOfToken(before.token) === nameOfToken(token);
    if (!before || isItself || before.partnerId === partnerId || !before.token.valid) byUid.set(uid, entry);
  }
  for (const [partnerId, known] of Object.entries(readFile(file, log))) {
    for (const token of known.tokens) keep(partnerId, token);
    if (known.syncedMs !== undefined) synced.set(partnerId, known.syncedMs);
  }

  function save(): void {
    if (!changed) return;
    const partners: Record<string, { syncedMs?: number; tokens: Token[] }> = {};
    for (const { partnerId, token } of byName.values()) {
      partners[partnerId] ??= { tokens: [] };
      partners[partnerId].tokens.push(token);
    }
    for (const [partnerId, syncedMs] of synced) partners[partnerId] = { tokens: [], ...partners[partnerId], syncedMs };
    try {
      writeFileSync(`${file}.new`, `${JSON.stringify({ version: 1, partners })}\n`, { mode: 0o600 });
      renameSync(`${file}.new`, file);
      changed = false;
    } catch (error) {
      log.warn("The copy of the partners' tokens was not saved; after a restart they are asked for again", {
        error: String(error),
      });
    }
  }
  const stop = clock.every(SAVE_EVERY_MS, "ocpi-tokens", save);

  return {
    find: (uid) => byUid.get(uid.toLowerCase()),
    get: (partnerId, name) => {
      const entry = byName.get(nameOf(name));
      return entry?.partnerId === partnerId ? entry.token : undefined;
    },
    put(partnerId, token) {
      const before = byName.get(nameOfToken(token));
      if (before && timeMs(before.token.last_updated) > timeMs(token.last_updated)) return true;
      if (!before && byName.size >= MOST_TOKENS) return false;
      keep(partnerId, token);
      changed = true;
      return true;
    },
    syncedMs: (partnerId) => synced.get(partnerId),
    synced(partnerId, atMs) {
      synced.set(partnerId, atMs);
      changed = true;
    },
    close() {
      stop();
      save();
    },
  };
}
