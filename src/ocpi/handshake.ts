/** What a partner offers: its versions, the newest that both know, and the endpoints of that. */
import type { Clock } from "../core/ports.ts";
import { OCPI_VERSIONS, type OcpiVersion } from "../core/site/site-upstream.ts";
import type { PartnerEndpoint, PartnerParty } from "../core/state/upstream.ts";
import { callPartner } from "./call.ts";
import type { Partner } from "./partner.ts";
import { type Credentials, readVersionDetails, readVersions } from "./schemas/credentials.ts";
import type { Parsed } from "./schemas/wire.ts";
import { CLIENT_API_UNUSABLE, MISSING_ENDPOINTS, type Refusal, refuse, UNSUPPORTED_VERSION } from "./status.ts";

export interface Offer {
  readonly ok: true;
  readonly version: OcpiVersion;
  readonly versionsUrl: string;
  readonly endpoints: readonly PartnerEndpoint[];
}

interface Question {
  readonly partner: Partner;
  readonly clock: Clock;
  readonly versionsUrl: string;
  readonly token: string;
  /** The version that the partner chose, where it did. */
  readonly version?: OcpiVersion;
}

async function fetchParsed<T>(
  question: Question,
  url: string,
  read: (value: unknown) => Parsed<T>,
): Promise<T | Refusal> {
  const { partner, clock, token, versionsUrl } = question;
  const outcome = await callPartner(partner, { method: "GET", url, token, versionsUrl }, clock);
  if (outcome.kind !== "ok") return refuse(CLIENT_API_UNUSABLE, `GET ${url}: ${outcome.reason}`);
  const parsed = read(outcome.data);
  return parsed.ok ? parsed.value : refuse(CLIENT_API_UNUSABLE, `GET ${url}: ${parsed.problem}`);
}

const isRefusal = (value: object): value is Refusal => "ok" in value && value.ok === false;

/** Asks a partner what it offers; a refusal has the code that the text wants. */
export async function learn(question: Question): Promise<Offer | Refusal> {
  const { partner, versionsUrl } = question;
  const versions = await fetchParsed(question, versionsUrl, readVersions);
  if (isRefusal(versions)) return versions;
  const wanted = question.version ? [question.version] : OCPI_VERSIONS;
  const version = wanted.find(
    (name) => partner.configuration.versions.includes(name) && versions.some((entry) => entry.version === name),
  );
  const listed = versions.map((entry) => entry.version).join(", ");
  if (version === undefined) return refuse(UNSUPPORTED_VERSION, `No common version; the partner lists ${listed}`);
  const { url } = versions.find((entry) => entry.version === version)!;
  const details = await fetchParsed(question, url, readVersionDetails);
  if (isRefusal(details)) return details;
  const endpoints = details.endpoints.map(({ identifier, role, url: endpoint }) => ({
    identifier: identifier.toLowerCase(),
    role: (role ?? "SENDER").toUpperCase(),
    url: endpoint,
  }));
  const exchanged =
    partner.has("no-credentials-exchange") || endpoints.some((entry) => entry.identifier === "credentials");
  if (!exchanged) return refuse(MISSING_ENDPOINTS, `${version} at the partner has no endpoint for credentials`);
  return { ok: true, version, versionsUrl, endpoints };
}

/** The parties behind credentials; codes are compared without regard to case, so they are kept in capitals. */
export function partiesOf(credentials: Credentials): PartnerParty[] {
  return credentials.roles.map((entry) => ({
    role: entry.role.toUpperCase(),
    countryCode: entry.country_code.toUpperCase(),
    partyId: entry.party_id.toUpperCase(),
    name: entry.business_details.name.slice(0, 100),
  }));
}
