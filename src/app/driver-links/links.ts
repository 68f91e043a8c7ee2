/** The drivers' links of a site: an address, the EVSE and its key behind the #, which no browser sends and no log sees. */
import { networkInterfaces } from "node:os";
import type { SiteConfiguration } from "../../core/site/site.ts";
import { type DriverSecrets, driverKey } from "./keys.ts";

export interface DriverLink {
  readonly evseId: string;
  readonly name: string;
  readonly url: string;
}

/** Where phones reach the page, as far as this machine can tell. */
export function guessedBase({ api }: SiteConfiguration): string {
  const everywhere = api.host === "0.0.0.0" || api.host === "::";
  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal);
  const host = everywhere ? (own?.address ?? "127.0.0.1") : api.host;
  return `http://${host.includes(":") ? `[${host}]` : host}:${api.port}`;
}

/** One link an EVSE. `base` is scheme, host and port. */
export function driverLinks(configuration: SiteConfiguration, secrets: DriverSecrets, base: string): DriverLink[] {
  return configuration.chargePoints.flatMap(({ evses }) =>
    evses.map(({ id, name = id }) => ({ evseId: id, name, url: `${base}/car#${id}/${driverKey(secrets, id)}` })),
  );
}
