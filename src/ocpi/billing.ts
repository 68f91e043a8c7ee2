/** Makes the record of each session when its books are closed. */
import { dueCdrs } from "../core/market/cdr.ts";
import { dueReservationEnds } from "../core/market/reservations.ts";
import type { Clock, Log, SiteAccess } from "../core/ports.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import type { UpstreamConfiguration } from "../core/site/site-upstream.ts";
import { checkedDrafts } from "./signed-check.ts";

const LOOK_EVERY_MS = 5_000;

/** Looks every few seconds until the returned function is called. A ledger that refuses is asked again. */
export function startBilling(options: {
  readonly site: Pick<SiteAccess, "state" | "read" | "record">;
  readonly model: SiteModel;
  readonly upstream: UpstreamConfiguration;
  readonly clock: Clock;
  readonly log: Log;
}): () => void {
  const { site, model, upstream, clock, log } = options;
  let busy = false;
  return clock.every(LOOK_EVERY_MS, "ocpi-billing", () => {
    if (busy) return;
    const due = dueCdrs(model, site.state(), clock.wallMs());
    const ends = dueReservationEnds(site.state(), clock.wallMs());
    if (due.length + ends.length === 0) return;
    const market = { site: model, upstream, state: site.state() };
    const records = due.flatMap((draft) => [draft, ...checkedDrafts(market, draft, (seq) => site.read(seq - 1, 1)[0])]);
    busy = true;
    site
      .record([...records, ...ends])
      .catch((error) => log.warn("A CDR could not be recorded yet", { error: String(error) }))
      .finally(() => {
        busy = false;
      });
  });
}
