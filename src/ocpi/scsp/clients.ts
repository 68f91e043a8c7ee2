/**
 * Sites that we plan for: their sessions and contexts, as their CPOs pushed them. In memory and in a file that is written
 * seldom; what is lost with the power is read from the CPO again.
 */
import { type Static, Type } from "typebox";
import { CiString, DateTime, onlyKnown, reader, timeMs } from "../schemas/wire.ts";
import { type ScOptimisation, ScOptimisationSchema, type SmacContext } from "../smac/context.ts";

export const ForeignSessionSchema = Type.Object({
  country_code: Type.String({ maxLength: 2 }),
  party_id: Type.String({ maxLength: 3 }),
  id: CiString(36),
  start_date_time: DateTime,
  kwh: Type.Number({ minimum: 0 }),
  location_id: CiString(36),
  evse_uid: CiString(36),
  status: Type.String({ maxLength: 20 }),
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
