/** What leaves over API and MQTT: tokens of drivers only with their last four characters. */
import type { Envelope } from "../facts/fact.ts";
import type { Session } from "../state/sessions.ts";

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
export function publicFact(fact: Envelope): unknown {
  const { key: _, ...rest } = fact;
  const data = hostOnly(masked(fact.data));
  if (typeof data === "object" && data !== null && "payload" in data) {
    const { payload: __, ...shown } = data as { payload: unknown };
    return { ...rest, data: shown };
  }
  return { ...rest, data };
}

/** A session for the public. */
export function publicSession(session: Session): unknown {
  return session.token === undefined ? session : { ...session, token: maskToken(session.token) };
}
