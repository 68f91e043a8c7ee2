/**
 * Whether a partner has a record already: the answer to an earlier message may have been lost. It is asked for the record
 * where it keeps it; the text leaves the address to the partner, so that nothing is found there proves nothing.
 */
import type { Outcome } from "../call.ts";
import type { WireObject } from "../objects/wire-object.ts";
import { joinUrl } from "../partner.ts";
import type { PartyName } from "../party.ts";
import type { Courier } from "./courier.ts";

/** How partners put it. */
const SAYS_SO = /already (exist|known|receiv|present|stored|process|sent)|exists already|duplicate/i;
const CONFLICT = 409;
const SAME_KWH = 0.001;

/** The record of an answer to GET; some wrap it in a list. */
function recordOf(outcome: Outcome): WireObject | undefined {
  if (outcome.kind !== "ok") return undefined;
  const data = Array.isArray(outcome.data) && outcome.data.length === 1 ? outcome.data[0] : outcome.data;
  return typeof data === "object" && data !== null && !Array.isArray(data) ? (data as WireObject) : undefined;
}

const isSameId = (a: unknown, b: unknown) => String(a).toLowerCase() === String(b).toLowerCase();

/** An outcome of POST, seen with what the partner has: taken after all, refused because it has another, or as it was. */
export async function inDoubt(
  courier: Courier,
  endpoint: string,
  record: WireObject,
  { outcome, owner }: { readonly outcome: Outcome; readonly owner?: PartyName | undefined },
): Promise<Outcome> {
  if (outcome.kind === "ok" || outcome.http === undefined) return outcome;
  const url = joinUrl(endpoint, String(record.id));
  const known = recordOf(await courier.get(url, owner));
  if (known && isSameId(known.id, record.id)) {
    const isSame = Math.abs(Number(known.total_energy) - Number(record.total_energy)) < SAME_KWH;
    if (isSame) return { kind: "ok", data: undefined, headers: { location: url } };
    const reason = `It has a record of this id with other figures (${outcome.reason})`;
    return { kind: "refused", http: outcome.http, reason };
  }
  const claims = outcome.http === CONFLICT || (outcome.kind === "refused" && SAYS_SO.test(outcome.reason));
  return claims ? { kind: "ok", data: undefined, headers: {} } : outcome;
}
