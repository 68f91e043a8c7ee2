/** What the modules know of the site. */
import type { Clock, Log, SiteAccess } from "../../core/ports.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import type { OcpiVersion, UpstreamConfiguration } from "../../core/site/site-upstream.ts";
import type { Market } from "../objects/location.ts";
import type { Secrets } from "../secrets.ts";

export interface ModuleContext {
  readonly site: SiteAccess;
  readonly model: SiteModel;
  readonly upstream: UpstreamConfiguration;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
}

/** The site as the objects see it, now. */
export function marketOf({ site, model, upstream }: ModuleContext, version: OcpiVersion): Market {
  return { site: model, upstream, state: site.state(), version };
}
