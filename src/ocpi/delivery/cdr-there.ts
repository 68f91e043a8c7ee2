/**
 * Whether a partner has a record already: the answer to an earlier message may have been lost, or the controller was cut
 * off before it was on disk. It is asked for the record where it keeps it; the text leaves the address to the partner, so
 * that nothing is found there proves nothing.
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

export interface SentRecord {
  readonly endpoint: string;
  readonly record: WireObject;
  readonly owner?: PartyName | undefined;
}

/** The record of an answer to GET; some wrap it in a list. */
function recordOf(outcome: Outcome): WireObject | undefined {
  if (outcome.kind !== "ok") return undefined;
  const data = Array.isArray(outcome.data) && outcome.data.length === 1 ? outcome.data[0] : outcome.data;
  return typeof data === "object" && data !== null && !Array.isArray(data) ? (data as WireObject) : undefined;
}

const isSameId = (a: unknown, b: unknown) => String(a).toLowerCase() === String(b).toLowerCase();

/** As if it had just been sent, where the partner has it; or that the partner is away; missing where it shows nothing. */
export async function lookFor(courier: Courier, { endpoint, record, owner }: SentRecord): Promise<Outcome | undefined> {
  const url = joinUrl(endpoint, String(record.id));
  const answer = await courier.get(url, owner);
  if (answer.kind === "away" && answer.http === undefined) return answer;
  const known = recordOf(answer);
  if (!known || !isSameId(known.id, record.id)) return undefined;
  const isSame = Math.abs(Number(known.total_energy) - Number(record.total_energy)) < SAME_KWH;
  if (isSame) return { kind: "ok", data: undefined, headers: { location: url } };
  return { kind: "refused", http: CONFLICT, reason: "It has a record of this id with other figures" };
}

/** An outcome of POST, seen with what the partner has: taken after all, refused because it has another, or as it was. */
export async function inDoubt(courier: Courier, sent: SentRecord, outcome: Outcome): Promise<Outcome> {
  if (outcome.kind === "ok" || outcome.http === undefined) return outcome;
  const found = await lookFor(courier, sent);
  if (found && found.kind !== "away") return found;
  const claims = outcome.http === CONFLICT || (outcome.kind === "refused" && SAYS_SO.test(outcome.reason));
  return claims ? { kind: "ok", data: undefined, headers: {} } : outcome;
}
