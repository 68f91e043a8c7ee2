/** Sites that we plan for: their sessions and contexts, as their CPOs pushed them. In memory; they are asked for again. */
import { type Static, Type } from "typebox";
import { CiString, DateTime, onlyKnown, reader, timeMs } from "../schemas/wire.ts";
import type { ScOptimisation, SmacContext } from "../smac/context.ts";

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

export interface Client {
  readonly sessions: Map<string, ForeignSession>;
  readonly contexts: Map<string, { readonly wire: ScOptimisation; readonly context: SmacContext }>;
}

export interface Clients {
  of(partnerId: string): Client;
  all(): ReadonlyMap<string, Client>;
  /** Keeps a session; a finished one is kept for a while, so that it can be read. */
  keep(partnerId: string, session: ForeignSession): void;
  keepContext(partnerId: string, wire: ScOptimisation, context: SmacContext): boolean;
  /** Called with every change of substance. */
  onChange(listener: (partnerId: string) => void): void;
  changed(partnerId: string): void;
}

export function createClients(): Clients {
  const clients = new Map<string, Client>();
  const listeners: ((partnerId: string) => void)[] = [];
  const of = (partnerId: string): Client => {
    let client = clients.get(partnerId);
    if (!client) {
      client = { sessions: new Map(), contexts: new Map() };
      clients.set(partnerId, client);
    }
    return client;
  };
  const changed = (partnerId: string) => {
    for (const listener of listeners) listener(partnerId);
  };
  return {
    of,
    all: () => clients,
    changed,
    onChange: (listener) => void listeners.push(listener),
    keep(partnerId, session) {
      const { sessions } = of(partnerId);
      const name = session.id.toLowerCase();
      const before = sessions.get(name);
      if (before && timeMs(before.last_updated) > timeMs(session.last_updated)) return;
      sessions.delete(name);
      sessions.set(name, onlyKnown(ForeignSessionSchema, session));
      for (const old of [...sessions.keys()].slice(0, Math.max(0, sessions.size - MOST_SESSIONS))) sessions.delete(old);
      if (before?.status !== session.status) changed(partnerId);
    },
    keepContext(partnerId, wire, context) {
      const { contexts } = of(partnerId);
      const name = wire.id.toLowerCase();
      const before = contexts.get(name);
      if (!before && contexts.size >= MOST_CONTEXTS) return false;
      contexts.set(name, { wire, context });
      const substance = ({ last_updated: _, ...rest }: ScOptimisation) => JSON.stringify(rest);
      if (!before || substance(before.wire) !== substance(wire)) changed(partnerId);
      return true;
    },
  };
}
