/** Carries objects to one partner: with its token, to its parties, and the outcome judged for the pump. */
import type { Clock, SiteAccess } from "../../core/ports.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import type { OcpiVersion, UpstreamConfiguration } from "../../core/site/site-upstream.ts";
import { type Call, callPartner, type Outcome } from "../call.ts";
import type { Market } from "../objects/location.ts";
import type { WireObject } from "../objects/wire-object.ts";
import { addressee, endpointOf, joinUrl, type Partner } from "../partner.ts";
import type { PartyName } from "../party.ts";
import type { Secrets } from "../secrets.ts";
import type { Delivered } from "./pump.ts";

export interface DeliveryContext {
  readonly partner: Partner;
  readonly site: Pick<SiteAccess, "read" | "record" | "state">;
  readonly model: SiteModel;
  readonly upstream: UpstreamConfiguration;
  readonly secrets: Secrets;
  readonly clock: Clock;
}

/** What the pump makes of an outcome. */
export const judged = (outcome: Outcome): Delivered => (outcome.kind === "ok" ? "done" : outcome.kind);

export class Courier {
  readonly context: DeliveryContext;

  constructor(context: DeliveryContext) {
    this.context = context;
  }

  /** The site as it is now, in the partner's version. */
  market(): Market {
    const { partner, site, model, upstream } = this.context;
    const version = (partner.registration()?.version ?? "2.2.1") as OcpiVersion;
    return { site: model, upstream, state: site.state(), version };
  }

  /** The URL of an object of ours at the partner; missing where it has no such module. */
  urlOf(identifier: string, ...ids: readonly string[]): string | undefined {
    const { partner, upstream } = this.context;
    const endpoint = endpointOf(partner, identifier, "RECEIVER");
    return endpoint === undefined ? undefined : joinUrl(endpoint, upstream.countryCode, upstream.partyId, ...ids);
  }

  /** Sends; `owner` is the party of the driver that it is about. */
  async send(method: Call["method"], url: string, body: WireObject | undefined, owner?: PartyName): Promise<Outcome> {
    const { partner, secrets, upstream, clock } = this.context;
    const token = secrets.outbound(partner.id);
    if (token === undefined) return { kind: "away", reason: "there is no token for it" };
    const to = addressee(partner, owner);
    const from = { countryCode: upstream.countryCode, partyId: upstream.partyId };
    // A PATCH of what it does not have is answered with a PUT.
    const mayBeUnknown = method === "PATCH" || method === "GET";
    return callPartner(
      partner,
      { method, url, token, ...(body ? { body } : {}), from, mayBeUnknown, ...(to ? { to } : {}) },
      clock,
    );
  }

  /** Asks for an object at the partner. */
  get(url: string, owner?: PartyName): Promise<Outcome> {
    return this.send("GET", url, undefined, owner);
  }

  /** PUT of an object of ours; nothing where the partner has no such module, or there is no such object. */
  async put(identifier: string, ids: readonly string[], body: WireObject | undefined): Promise<Delivered> {
    const url = this.urlOf(identifier, ...ids);
    return url === undefined || body === undefined ? "done" : judged(await this.send("PUT", url, body));
  }
}
