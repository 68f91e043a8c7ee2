/** The OCPP versions that are spoken, by WebSocket subprotocol. */
export type OcppVersion = "1.6" | "2.0.1";

const VERSION_BY_PROTOCOL: Readonly<Record<string, OcppVersion>> = { "ocpp2.0.1": "2.0.1", "ocpp1.6": "1.6" };
/** Newest first: a charge point that offers several gets the newest that both speak. */
const PREFERENCE = ["ocpp2.0.1", "ocpp1.6"] as const;

export interface KnownVersion {
  readonly version: OcppVersion;
  readonly protocol: string | undefined;
}
export type Negotiation = KnownVersion | "unknown";

/**
 * Chooses from a `Sec-WebSocket-Protocol` header. Missing or empty means 1.6 without a subprotocol (Grizzl-E, EVduty);
 * doubled entries and stray commas are tolerated; only names that nobody here speaks are `unknown`.
 */
export function negotiate(header: string | undefined): Negotiation {
  const offered = (header ?? "").split(",").flatMap((name) => name.trim() || []);
  if (offered.length === 0) return { version: "1.6", protocol: undefined };
  for (const protocol of PREFERENCE) {
    const asOffered = offered.find((name) => name.toLowerCase() === protocol);
    if (asOffered) return { version: VERSION_BY_PROTOCOL[protocol]!, protocol: asOffered };
  }
  return "unknown";
}
