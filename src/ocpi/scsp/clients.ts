/**
 * Sites that we plan for: their sessions and contexts, as their CPOs pushed them. In memory and in a file that is written
 * seldom; what is lost with the power is read from the CPO again.
 */
import { type Static, Type } from "../../core/schema.ts";
import { CiString, CountryCode, DateTime, onlyKnown, PartyId, reader, timeMs } from "../schemas/wire.ts";
import { type ScOptimisation, ScOptimisationSchema, type SmacContext } from "../smac/context.ts";

/** A week of quarter-hours, and some. */
const MOST_PERIODS = 1_000;
const OneOf = (...names: readonly string[]) => Type.Union(names.map((name) => Type.Literal(name)));

const ForeignPeriodSchema = Type.Object({
  start_date_time: DateTime,
  dimensions: Type.Array(Type.Object({ type: Type.String({ maxLength: 40 }), volume: Type.Number() }), {
    minItems: 1,
    maxItems: 16,
  }),
  tariff_id: Type.Optional(CiString(36)),
});

export const ForeignSessionSchema = Type.Object({
  country_code: CountryCode,
  party_id: PartyId,
  id: CiString(36),
  start_date_time: DateTime,
  end_date_time: Type.Optional(DateTime),
  kwh: Type.Number(),
  cdr_token: Type.Object({
    country_code: CountryCode,
    party_id: PartyId,
    uid: CiString(36),
    type: Type.String({ maxLength: 20 }),
    contract_id: CiString(36),
  }),
  auth_method: OneOf("AUTH_REQUEST", "COMMAND", "WHITELIST"),
  authorization_reference: Type.Optional(CiString(36)),
  location_id: CiString(36),
  evse_uid: CiString(36),
  connector_id: CiString(36),
  meter_id: Type.Optional(Type.String({ maxLength: 255 })),
  currency: Type.String({ maxLength: 3 }),
  charging_periods: Type.Optional(Type.Array(ForeignPeriodSchema, { maxItems: MOST_PERIODS })),
  total_cost: Type.Optional(Type.Record(Type.String({ maxLength: 40 }), Type.Unknown())),
  status: OneOf("ACTIVE", "COMPLETED", "INVALID", "PENDING", "RESERVATION"),
  last_updated: DateTime,
  /** Not of the text: what the driver needs, where a CPO tells it. */
  departure_time: Type.Optional(DateTime),
  energy_need: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000 })),
});
export type ForeignSession = Static<typeof ForeignSessionSchema>;
export const readForeignSession = reader(ForeignSessionSchema);
export const ForeignSessionPatchSchema = Type.Intersect([
  Type.Partial(ForeignSessionSchema),
  Type.Object({ last_updated: DateTime }),
]);
export const readForeignSessionPatch = reader(ForeignSessionPatchSchema);

const MOST_SESSIONS = 1_000;
const MOST_CONTEXTS = 20;

/** What the file holds. */
export const KnownClientsSchema = Type.Record(
  Type.String(),
  Type.Object({
    sessions: Type.Array(ForeignSessionSchema, { maxItems: MOST_SESSIONS }),
    contexts: Type.Array(ScOptimisationSchema, { maxItems: MOST_CONTEXTS }),
  }),
);
export type KnownClients = Static<typeof KnownClientsSchema>;

export interface Client {
  readonly sessions: Map<string, ForeignSession>;
  readonly contexts: Map<string, { readonly wire: ScOptimisation; readonly context: SmacContext }>;
}

export class Clients {
  readonly #clients = new Map<string, Client>();
  readonly #listeners: ((partnerId: string) => void)[] = [];
  #version = 0;

  /** Raised with everything that is worth keeping. */
  get version(): number {
    return this.#version;
  }

  of(partnerId: string): Client {
    let client = this.#clients.get(partnerId);
    if (!client) {
      client = { sessions: new Map(), contexts: new Map() };
      this.#clients.set(partnerId, client);
    }
    return client;
  }

  all(): ReadonlyMap<string, Client> {
    return this.#clients;
  }

  /** What there is, for the file. */
  known(): KnownClients {
    const entries = [...this.#clients].map(([partnerId, { sessions, contexts }]) => [
      partnerId,
      { sessions: [...sessions.values()], contexts: [...contexts.values()].map(({ wire }) => wire) },
    ]);
    return Object.fromEntries(entries);
  }

  /** Called with every change of substance. */
  onChange(listener: (partnerId: string) => void): void {
    this.#listeners.push(listener);
  }

  changed(partnerId: string): void {
    this.#version++;
    for (const listener of this.#listeners) listener(partnerId);
  }

  /** Keeps a session; a finished one is kept for a while, so that it can be read. */
  keep(partnerId: string, session: ForeignSession): void {
    const { sessions } = this.of(partnerId);
    const name = session.id.toLowerCase();
    const before = sessions.get(name);
    if (before && timeMs(before.last_updated) > timeMs(session.last_updated)) return;
    sessions.delete(name);
    sessions.set(name, onlyKnown(ForeignSessionSchema, session));
    for (const old of [...sessions.keys()].slice(0, Math.max(0, sessions.size - MOST_SESSIONS))) sessions.delete(old);
    this.#version++;
    if (before?.status !== session.status) this.changed(partnerId);
  }

  /** A patch of a session whose periods are added to those that there are. */
  withPeriods(before: ForeignSession, patch: Partial<ForeignSession>): Partial<ForeignSession> {
    const periods = [...(before.charging_periods ?? []), ...(patch.charging_periods ?? [])].slice(-MOST_PERIODS);
    return { ...patch, ...(periods.length > 0 ? { charging_periods: periods } : {}) };
  }

  /** False where there is no room. */
  keepContext(partnerId: string, wire: ScOptimisation, context: SmacContext): boolean {
    const { contexts } = this.of(partnerId);
    const name = wire.id.toLowerCase();
    const before = contexts.get(name);
    if (!before && contexts.size >= MOST_CONTEXTS) return false;
    contexts.set(name, { wire, context });
    const substance = ({ last_updated: _, ...rest }: ScOptimisation) => JSON.stringify(rest);
    if (!before || substance(before.wire) !== substance(wire)) this.changed(partnerId);
    return true;
  }
}
