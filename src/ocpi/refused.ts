/** What partners asked for and did not get, as facts: of a kind at most one a minute. */
import type { Clock, SiteAccess } from "../core/ports.ts";

const MINUTE_MS = 60_000;
const MOST_KINDS = 500;

export type NoteRefusal = (partnerId: string, what: string, reason: string) => void;

export function createRefusals(site: Pick<SiteAccess, "record">, clock: Clock): NoteRefusal {
  const last = new Map<string, number>();
  return (partnerId, what, reason) => {
    const kind = `${partnerId}/${what}`;
    const monoMs = clock.monoMs();
    if (monoMs - (last.get(kind) ?? Number.NEGATIVE_INFINITY) < MINUTE_MS) return;
    last.delete(kind);
    last.set(kind, monoMs);
    if (last.size > MOST_KINDS) last.delete(last.keys().next().value!);
    const data = { partnerId, what, reason: reason.slice(0, 200) };
    // It explains; nothing depends on it.
    site.record([{ type: "partner-refused", source: `partner:${partnerId}`, data }]).catch(() => undefined);
  };
}
