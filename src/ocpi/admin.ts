/** What the operator sees of the partners and may ask for: the API, the page and the command line. */
import type { Clock, SiteAccess } from "../core/ports.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import type { Attempt, UpstreamAdmin } from "../core/upstream-admin.ts";
import { refusedBy } from "./delivery/books.ts";
import { REFUSED } from "./delivery/deliveries.ts";
import type { Pump } from "./delivery/pump.ts";
import type { Partner } from "./partner.ts";
import { statusOf } from "./partner-status.ts";
import type { Registrations } from "./registration.ts";

export interface AdminOptions {
  readonly partners: ReadonlyMap<string, Partner>;
  readonly pumps: ReadonlyMap<string, Pump>;
  readonly registrations: Registrations;
  readonly site: Pick<SiteAccess, "state">;
  readonly model: SiteModel;
  readonly clock: Clock;
}

/** Sends what waits and what was refused before, now. */
function sendAll(id: string, pump: Pump, refused: number): Attempt {
  if (refused > 0) pump.owe(REFUSED);
  const again = refused > 0 ? `, ${refused} of them records that it refused before` : "";
  const waiting = pump.pending.filter((name) => name !== REFUSED).length + refused;
  pump.run();
  return { ok: true, message: `${waiting} objects wait for ${id}${again}; they are tried now` };
}

export function createAdmin(options: AdminOptions): UpstreamAdmin {
  const { partners, pumps, registrations, site, model, clock } = options;
  const nobody = (id: string): Attempt => {
    const known = [...partners.keys()].join(", ") || "none";
    return { ok: false, message: `There is no partner "${id}" in site.yaml (known: ${known})` };
  };
  const withPartner = async (id: string, run: (partner: Partner) => Promise<Attempt>): Promise<Attempt> => {
    const partner = partners.get(id);
    return partner ? run(partner) : nobody(id);
  };
  return {
    status: () => {
      const now = { state: site.state(), nowMs: clock.wallMs(), timeZone: model.configuration.site.timeZone };
      return [...partners.values()].map((partner) => statusOf(partner, pumps.get(partner.id), now));
    },
    issueToken(id) {
      const partner = partners.get(id);
      return partner && registrations.issueToken(partner);
    },
    register: (id, token, url) => withPartner(id, (partner) => registrations.register(partner, token, url)),
    update: (id) => withPartner(id, (partner) => registrations.update(partner)),
    unregister: (id) => withPartner(id, (partner) => registrations.unregister(partner)),
    async send(id) {
      const pump = pumps.get(id);
      if (pump && !partners.get(id)?.registration())
        return { ok: false, message: `${id} is not registered, so nothing is sent to it` };
      return pump ? sendAll(id, pump, refusedBy(site.state().upstream.refusedCdrs, id).length) : nobody(id);
    },
  };
}
