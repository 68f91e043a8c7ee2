/** Reads the tokens of partners that let them be read: at the start, after a registration, and a few times a day. */
import type { Clock, Log, SiteAccess } from "../../core/ports.ts";
import { crawl } from "../call.ts";
import { endpointOf, isTaken, type Partner } from "../partner.ts";
import { readToken, type Token } from "../schemas/requests.ts";
import type { Secrets } from "../secrets.ts";
import { ocpiTime } from "../status.ts";
import type { TokenStore } from "./token-store.ts";

const EVERY_MS = 6 * 3_600_000;
const AGAIN_MS = 600_000;
const PAGE = 500;

export interface SyncOptions {
  readonly partners: ReadonlyMap<string, Partner>;
  readonly store: TokenStore;
  readonly secrets: Secrets;
  readonly site: Pick<SiteAccess, "subscribe">;
  readonly countryCode: string;
  readonly partyId: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** The party whose driver has a token. */
export const ownerOf = ({ country_code, party_id }: Token) => ({ countryCode: country_code, partyId: party_id });

/** Keeps the copy of the tokens young until the returned function is called. */
export function startTokenSync(options: SyncOptions): () => void {
  const { partners, store, secrets, site, clock, log, countryCode, partyId } = options;
  const stops = new Map<string, () => void>();
  const busy = new Set<string>();
  let closed = false;

  async function read(partner: Partner): Promise<boolean> {
    const endpoint = endpointOf(partner, "tokens", "SENDER");
    const token = secrets.outbound(partner.id);
    if (endpoint === undefined || token === undefined) return true;
    const startedMs = clock.wallMs();
    const since = store.syncedMs(partner.id);
    const url = new URL(endpoint);
    url.searchParams.set("limit", String(PAGE));
    if (since !== undefined) url.searchParams.set("date_from", ocpiTime(since));
    let unread = 0;
    const call = { url: url.toString(), token, from: { countryCode, partyId } };
    const outcome = await crawl(partner, call, clock, (entries) => {
      for (const entry of entries) {
        const parsed = readToken(entry);
        if (parsed.ok && isTaken(partner, ownerOf(parsed.value))) continue;
        if (!parsed.ok || !store.put(partner.id, parsed.value)) unread++;
      }
    });
    if (unread > 0) log.warn("Some tokens of a partner could not be kept", { partner: partner.id, tokens: unread });
    if (outcome.kind !== "ok") return false;
    store.synced(partner.id, startedMs);
    return true;
  }

  function run(partner: Partner): void {
    if (busy.has(partner.id) || closed || !partner.registration()) return;
    busy.add(partner.id);
    stops.get(partner.id)?.();
    read(partner)
      .catch((error) => {
        log.error("Reading the tokens of a partner failed", { partner: partner.id, error: String(error) });
        return false;
      })
      .then((done) => {
        busy.delete(partner.id);
        if (closed) return;
        const pauseMs = (done ? EVERY_MS : AGAIN_MS) * (0.75 + Math.random() / 2);
        stops.set(
          partner.id,
          clock.after(pauseMs, "ocpi-token-sync", () => run(partner)),
        );
      });
  }

  const unsubscribe = site.subscribe((facts) => {
    for (const fact of facts) {
      const partner = fact.type === "partner-registered" ? partners.get(fact.data.partnerId) : undefined;
      if (partner) run(partner);
    }
  });
  for (const partner of partners.values()) run(partner);
  return () => {
    closed = true;
    unsubscribe();
    for (const stop of stops.values()) stop();
  };
}
