/** What leaves over API and MQTT: tokens of drivers only with their last four characters. */
import type { Envelope } from "../facts/fact.ts";
import { type Static, Type } from "../schema.ts";
import type { Session } from "../state/sessions.ts";
import type { PublicSession } from "./session-view.ts";

/** A fact as it leaves over API and MQTT. */
export const PublicFactSchema = Type.Object({
  seq: Type.Integer(),
  atMs: Type.Number({ description: "Epoch ms, by the site's clock" }),
  monoMs: Type.Number({ description: "Since the start of the controller" }),
  wallTrusted: Type.Boolean({ description: "Whether that clock was set" }),
  boot: Type.String(),
  type: Type.String(),
  version: Type.Integer({ description: "Of `data`" }),
  source: Type.String(),
  cause: Type.Optional(Type.Integer({ description: "The fact that it follows from" })),
  data: Type.Unknown({ description: "By `type`" }),
});
export type PublicFact = Static<typeof PublicFactSchema>;

const HIDDEN = "…";

/** The last four characters of a token. */
export function maskToken(token: string): string {
  return token.length <= 4 ? HIDDEN : `${HIDDEN}${token.slice(-4)}`;
}

function masked(data: unknown): unknown {
  if (typeof data !== "object" || data === null || !("token" in data) || typeof data.token !== "string") return data;
  return { ...data, token: maskToken(data.token) };
}

/** Of an address that a partner named, the host: what follows may be known to nobody else. */
function hostOnly(data: unknown): unknown {
  if (typeof data !== "object" || data === null || !("responseUrl" in data)) return data;
  const host = /^https?:\/\/[^/?#]+/i.exec(String(data.responseUrl))?.[0] ?? "";
  return { ...data, responseUrl: `${host}/${HIDDEN}` };
}

/** A fact for the public: raw payloads of charge points may hold tokens too and stay in the ledger. */
export function publicFact(fact: Envelope): PublicFact {
  const { key: _, ...rest } = fact;
  const data = hostOnly(masked(fact.data));
  if (typeof data === "object" && data !== null && "payload" in data) {
    const { payload: __, ...shown } = data as { payload: unknown };
    return { ...rest, data: shown };
  }
  return { ...rest, data };
}

/** A session for the public. */
export function publicSession({ quarterHours, visit, notVisits: _, ...session }: Session): PublicSession {
  const token = session.token === undefined ? {} : { token: maskToken(session.token) };
  const announced = visit === undefined ? {} : { visitId: visit.visitId };
  return { ...session, quarterHours: [...quarterHours], ...token, ...announced };
}
