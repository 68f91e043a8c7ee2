/** Who we are in the market, and where partners find what we offer. */
import type { OcpiVersion, UpstreamConfiguration } from "../core/site/site-upstream.ts";
import type { Credentials } from "./schemas/credentials.ts";

export interface Identity {
  readonly countryCode: string;
  readonly partyId: string;
  /** Without a slash at its end; missing where partners cannot call us. */
  readonly baseUrl?: string;
  readonly versionsUrl?: string;
  versionUrl(version: OcpiVersion): string;
  credentials(token: string): Credentials;
}

/** Everything of OCPI lies below this path. */
export const PREFIX = "/ocpi";

export function identityOf(upstream: UpstreamConfiguration): Identity {
  const { countryCode, partyId, name, website, publicUrl } = upstream;
  const baseUrl = publicUrl === undefined ? undefined : `${publicUrl.replace(/\/+$/, "")}${PREFIX}`;
  const business = { name: name || partyId, ...(website === undefined ? {} : { website }) };
  return {
    countryCode,
    partyId,
    ...(baseUrl === undefined ? {} : { baseUrl, versionsUrl: `${baseUrl}/versions` }),
    versionUrl: (version) => `${baseUrl ?? ""}/${version}`,
    credentials: (token) => ({
      token,
      url: `${baseUrl ?? ""}/versions`,
      roles: (upstream.serviceProvider ? ["CPO", "SCSP"] : ["CPO"]).map((role) => ({
        role,
        business_details: business,
        party_id: partyId,
        country_code: countryCode,
      })),
    }),
  };
}
