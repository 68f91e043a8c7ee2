/** The part of `site.yaml` that says who the site is in the market, and which partners it talks to over OCPI. */
import { type Static, Type } from "typebox";

const closed = { additionalProperties: false } as const;
const Name = (maxLength: number) => Type.String({ minLength: 1, maxLength });

/** OCPI versions that are spoken, the newest first. */
export const OCPI_VERSIONS = ["2.3.0", "2.2.1"] as const;
export type OcpiVersion = (typeof OCPI_VERSIONS)[number];
const VersionSchema = Type.Union([Type.Literal("2.3.0"), Type.Literal("2.2.1")]);

/** Named deviations of a partner from the text; what each does stands in docs/cpo.md. */
export const PARTNER_QUIRKS = [
  "raw-token",
  "explicit-nulls",
  "list-data",
  "put-only",
  "trailing-slash",
  "no-routing-headers",
  "no-credentials-exchange",
] as const;
export type PartnerQuirk = (typeof PARTNER_QUIRKS)[number];

/** What a partner may ask of the site. */
export const PARTNER_RIGHTS = ["charging-profiles", "preferences", "commands", "budget"] as const;
export type PartnerRight = (typeof PARTNER_RIGHTS)[number];

const ContractSchema = Type.Object(
  {
    may: Type.Array(Type.Unsafe<PartnerRight>(Type.Union(PARTNER_RIGHTS.map((right) => Type.Literal(right)))), {
      minItems: 1,
      maxItems: 8,
    }),
    evses: Type.Optional(
      Type.Array(Type.String({ maxLength: 48 }), { maxItems: 250, description: "EVSE ids; all when left out" }),
    ),
    tokens: Type.Union([Type.Literal("own"), Type.Literal("all")], {
      default: "own",
      description: "Sessions of the partner's own drivers only, or of everybody",
    }),
  },
  closed,
);

export const PartnerSchema = Type.Object(
  {
    id: Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$", description: "What the site calls the partner" }),
    versionsUrl: Type.Optional(
      Type.String({ pattern: "^https?://", maxLength: 255, description: "Where the partner lists its OCPI versions" }),
    ),
    versions: Type.Array(VersionSchema, {
      minItems: 1,
      maxItems: 2,
      default: ["2.3.0", "2.2.1"],
      description: "Spoken with it; the newest that both know is taken",
    }),
    hosts: Type.Array(Type.String({ maxLength: 255 }), {
      default: [],
      maxItems: 16,
      description: "Further hosts that its endpoints and callbacks may be at",
    }),
    allowHttp: Type.Boolean({ default: false, description: "Also without TLS; only inside a VPN" }),
    allowPrivateAddresses: Type.Boolean({ default: false, description: "Also at addresses of the local network" }),
    caFile: Type.Optional(Type.String({ description: "Certificate authority of the partner, PEM" })),
    certFile: Type.Optional(Type.String({ description: "Certificate of ours for mutual TLS, PEM" })),
    keyFile: Type.Optional(Type.String({ description: "Its key, PEM" })),
    quirks: Type.Array(Type.Unsafe<PartnerQuirk>(Type.Union(PARTNER_QUIRKS.map((quirk) => Type.Literal(quirk)))), {
      default: [],
      maxItems: 16,
      description: "Named deviations of this partner, see docs/cpo.md",
    }),
    sees: Type.Union([Type.Literal("own"), Type.Literal("all")], {
      default: "own",
      description: "Sessions and CDRs of its own drivers only, or all of the site's",
    }),
    contracts: Type.Array(ContractSchema, {
      default: [],
      maxItems: 32,
      description: "What it may ask for; everything else is refused",
    }),
  },
  closed,
);

const LocationSchema = Type.Object(
  {
    id: Type.Optional(Type.String({ maxLength: 36, description: "OCPI location id; the site's id when left out" })),
    address: Name(45),
    city: Name(45),
    postalCode: Type.Optional(Name(10)),
    country: Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 3166 alpha-3" }),
    latitude: Type.String({ pattern: "^-?[0-9]{1,2}\\.[0-9]{5,7}$", description: "Decimal degrees in quotes" }),
    longitude: Type.String({ pattern: "^-?[0-9]{1,3}\\.[0-9]{5,7}$", description: "Decimal degrees in quotes" }),
    publish: Type.Boolean({ default: false, description: "Whether drivers may find it on maps" }),
    helpPhone: Type.Optional(Name(25)),
  },
  closed,
);

export const UpstreamSchema = Type.Object(
  {
    countryCode: Type.String({ pattern: "^[A-Z]{2}$", description: "ISO 3166 alpha-2 of the CPO" }),
    partyId: Type.String({ pattern: "^[A-Z0-9]{3}$", description: "Its eMI3 party id" }),
    name: Type.String({ default: "", maxLength: 100, description: "Its name towards partners" }),
    website: Type.Optional(Type.String({ pattern: "^https?://", maxLength: 255 })),
    publicUrl: Type.Optional(
      Type.String({
        pattern: "^https?://",
        maxLength: 200,
        description: "Where partners reach this controller; without it they cannot call, see docs/cpo.md",
      }),
    ),
    currency: Type.String({ pattern: "^[A-Z]{3}$", default: "EUR" }),
    location: Type.Optional(LocationSchema),
    partners: Type.Array(PartnerSchema, { default: [], maxItems: 16 }),
  },
  { ...closed, description: "OCPI: identity and partners" },
);

export type UpstreamConfiguration = Static<typeof UpstreamSchema>;
export type PartnerConfiguration = Static<typeof PartnerSchema>;
