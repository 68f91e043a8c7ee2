/** Reads sessions and contexts from the CPOs of the sites that we plan for: at the start, and with a registration. */
import type { Clock, Log, SiteAccess } from "../../core/ports.ts";
import { crawl } from "../call.ts";
import { endpointOf, type Partner } from "../partner.ts";
import type { PartyName } from "../party.ts";
import type { Secrets } from "../secrets.ts";
import { readContext, readScOptimisation } from "../smac/context.ts";
import { ocpiTime } from "../status.ts";
import { type Clients, readForeignSession } from "./clients.ts";

/** Sessions that did not change for longer are not planned for. */
const SINCE_MS = 2 * 86_400_000;
const PAGE = "100";

export interface SyncOptions {
  readonly clients: Clients;
  readonly partners: ReadonlyMap<string, Partner>;
  readonly secrets: Secrets;
  readonly site: Pick<SiteAccess, "subscribe">;
  readonly us: PartyName;
  readonly clock: Clock;
  readonly log: Log;
}

/** Each list of a partner; what does not fit is left out, one that is not answered comes with the next push. */
async function read(options: SyncOptions, partner: Partner): Promise<void> {
  const { clients, secrets, us, clock } = options;
  const { smac } = partner.configuration;
  const list = (identifier: string, keep: (entry: unknown) => void) => {
    const endpoint = endpointOf(partner, identifier, "SENDER");
    const token = secrets.outbound(partner.id);
    if (endpoint === undefined || token === undefined) return undefined;
    const url = new URL(endpoint);
    url.searchParams.set("date_from", ocpiTime(clock.wallMs() - SINCE_MS));
    url.searchParams.set("limit", PAGE);
    return crawl(partner, { url: url.toString(), token, from: us }, clock, (entries) => entries.forEach(keep));
  };
  await list("sessions", (entry) => {
    const session = readForeignSession(entry);
    if (session.ok) clients.keep(partner.id, session.value);
  });
  if (!smac) return;
  await list(smac.moduleId.toLowerCase(), (entry) => {
    const wire = readScOptimisation(entry);
    const context = wire.ok ? readContext(wire.value, smac) : undefined;
    if (wire.ok && context?.ok) clients.keepContext(partner.id, wire.value, context.context);
  });
}

/** Begins; the returned function ends it. */
export function startClientSync(options: SyncOptions): () => void {
  const { partners, site, log } = options;
  const run = (partner: Partner) => {
    if (!partner.registration()) return;
    read(options, partner).catch((error) =>
      log.error("Reading the sessions of another site failed", { partner: partner.id, error: String(error) }),
    );
  };
  for (const partner of partners.values()) run(partner);
  return site.subscribe((facts) => {
    for (const fact of facts) {
      const partner = fact.type === "partner-registered" ? partners.get(fact.data.partnerId) : undefined;
      if (partner) run(partner);
    }
  });
}
