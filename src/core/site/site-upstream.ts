/** The part of `site.yaml` that says who the site is in the market, and which partners it talks to over OCPI. */
import { type Static, Type } from "../schema.ts";
import { EVSE_PARKING, ParkingPlaceSchema } from "./site-parking.ts";

const closed = { additionalProperties: false } as const;
const Name = (maxLength: number) => Type.String({ minLength: 1, maxLength });

/** OCPI versions that are spoken, the newest first. */
export const OCPI_VERSIONS = ["2.3.0", "2.2.1"] as const;
export type OcpiVersion = (typeof OCPI_VERSIONS)[number];
const VersionSchema = Type.Union([Type.Literal("2.3.0"), Type.Literal("2.2.1")]);

/** Named deviations of a partner from the text; what each does stands in docs/cpo.md. */
const PARTNER_QUIRKS = [
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
const PARTNER_RIGHTS = ["charging-profiles", "preferences", "commands", "optimisation"] as const;
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

/** How a partner reads the SMAC module where its text contradicts itself; docs/cpo.md says what each settles. */
const SmacSchema = Type.Object(
  {
    moduleId: Type.String({ default: "smartchargingoptimisation", pattern: "^[A-Za-z0-9-]{1,64}$" }),
    powerUnit: Type.Union([Type.Literal("W"), Type.Literal("kW")], {
      default: "W",
      description: "Of max_power, min_power and connectors",
    }),
    energyUnit: Type.Union([Type.Literal("kWh"), Type.Literal("Wh"), Type.Literal("W"), Type.Literal("kW")], {
      default: "kWh",
      description: "Of demand and generation by time slot",
    }),
    flexUnit: Type.Union([Type.Literal("kW"), Type.Literal("W")], { default: "kW", description: "Of flex_orders" }),
    priceFactor: Type.Number({ default: 1, description: "0.01 where prices come in cents" }),
    negativeGeneration: Type.Boolean({ default: false, description: "Generation may come with a minus sign" }),
    stampMissing: Type.Boolean({ default: false, description: "A missing last_updated is the time of arrival" }),
  },
  { ...closed, description: "Optimisation contexts are exchanged with it, as agreed" },
);
export type SmacSettings = Static<typeof SmacSchema>;

const PartnerSchema = Type.Object(
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
    smac: Type.Optional(SmacSchema),
    contracts: Type.Array(ContractSchema, {
      default: [],
      maxItems: 32,
      description: "What it may ask for; everything else is refused",
    }),
  },
  closed,
);

const Hour = Type.String({ pattern: "^([01]\\d|2[0-3]):[0-5]\\d$", description: "Local time, HH:MM" });
const ENERGY_SOURCES = ["NUCLEAR", "GENERAL_FOSSIL", "COAL", "GAS", "GENERAL_GREEN", "SOLAR", "WIND", "WATER"] as const;
const EnergyMixSchema = Type.Object(
  {
    green: Type.Boolean({ description: "All of it from renewable sources" }),
    sources: Type.Array(
      Type.Object(
        {
          source: Type.Unsafe<(typeof ENERGY_SOURCES)[number]>(
            Type.Union(ENERGY_SOURCES.map((source) => Type.Literal(source))),
          ),
          percent: Type.Number({ minimum: 0, maximum: 100 }),
        },
        closed,
      ),
      { default: [], maxItems: 8 },
    ),
    co2GramsPerKwh: Type.Optional(Type.Number({ minimum: 0 })),
    supplier: Type.Optional(Name(64)),
    product: Type.Optional(Name(64)),
  },
  closed,
);
const OpeningSchema = Type.Object(
  {
    weekday: Type.Integer({ minimum: 1, maximum: 7, description: "1 is Monday" }),
    from: Hour,
    to: Hour,
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
    parkingType: Type.Optional(
      Type.String({ pattern: "^[A-Z_]{1,40}$", description: "ParkingType of OCPI, e.g. PARKING_GARAGE" }),
    ),
    facilities: Type.Array(Type.String({ pattern: "^[A-Z_]{1,40}$" }), {
      default: [],
      maxItems: 20,
      description: "Facility of OCPI, e.g. RESTAURANT",
    }),
    openingTimes: Type.Array(OpeningSchema, {
      default: [],
      maxItems: 28,
      description: "Always open when left out",
    }),
    energyMix: Type.Optional(EnergyMixSchema),
    parkingPlaces: Type.Array(ParkingPlaceSchema, { default: [], maxItems: 500, description: "For OCPI 2.3.0" }),
    acceptedServiceProviders: Type.Array(Name(50), {
      default: [],
      maxItems: 200,
      description: "Names of eMSPs whose contracts are accepted, for national access points (2.3.0)",
    }),
  },
  closed,
);

const Clock = Type.String({ pattern: "^([01]\\d|2[0-3]):[0-5]\\d$", description: "Local time, HH:MM" });
const Day = Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$", description: "Local date" });
const Amount = Type.Number({ minimum: -1000, maximum: 100_000 });
const WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"] as const;
export type Weekday = (typeof WEEKDAYS)[number];
const WeekdaySchema = Type.Unsafe<Weekday>(Type.Union(WEEKDAYS.map((day) => Type.Literal(day))));

/** All of them must hold. Energy and duration count from the start of the session; ends are exclusive. */
const RestrictionsSchema = Type.Object(
  {
    startTime: Type.Optional(Clock),
    endTime: Type.Optional(Clock),
    startDate: Type.Optional(Day),
    endDate: Type.Optional(Day),
    minKwh: Type.Optional(Type.Number({ minimum: 0 })),
    maxKwh: Type.Optional(Type.Number({ minimum: 0 })),
    minPowerKw: Type.Optional(Type.Number({ minimum: 0 })),
    maxPowerKw: Type.Optional(Type.Number({ minimum: 0 })),
    minDurationS: Type.Optional(Type.Integer({ minimum: 0 })),
    maxDurationS: Type.Optional(Type.Integer({ minimum: 0 })),
    days: Type.Optional(Type.Array(WeekdaySchema, { minItems: 1, maxItems: 7, uniqueItems: true })),
  },
  {
    ...closed,
    description:
      "OCPI's min_current, max_current and reservation cannot be billed here: the books have the power, not the current (use minPowerKw and maxPowerKw), and reservations cost nothing",
  },
);

const ComponentSchema = Type.Object(
  {
    type: Type.Union([
      Type.Literal("ENERGY"),
      Type.Literal("TIME"),
      Type.Literal("PARKING_TIME"),
      Type.Literal("FLAT"),
    ]),
    price: Type.Number({ minimum: -1000, maximum: 1000, description: "Without VAT, by kWh, hour or session" }),
    vatPercent: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
    stepSize: Type.Integer({ minimum: 1, maximum: 100_000, default: 1, description: "Billed in steps of Wh or s" }),
  },
  closed,
);

const TariffSchema = Type.Object(
  {
    id: Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,35}$" }),
    type: Type.Union(
      [
        Type.Literal("REGULAR"),
        Type.Literal("AD_HOC_PAYMENT"),
        Type.Literal("PROFILE_CHEAP"),
        Type.Literal("PROFILE_FAST"),
        Type.Literal("PROFILE_GREEN"),
      ],
      { default: "REGULAR" },
    ),
    text: Type.Optional(Type.String({ maxLength: 512, description: "For drivers, in English" })),
    textUrl: Type.Optional(Type.String({ pattern: "^https?://", maxLength: 255, description: "The same as a page" })),
    minPrice: Type.Optional(Amount),
    maxPrice: Type.Optional(Amount),
    minPriceInclVat: Type.Optional(Amount),
    maxPriceInclVat: Type.Optional(Amount),
    untaxed: Type.Optional(Type.Boolean({ description: "No taxes are applicable (tax_included N/A in 2.3.0)" })),
    elements: Type.Array(
      Type.Object(
        {
          components: Type.Array(ComponentSchema, { minItems: 1, maxItems: 8 }),
          restrictions: Type.Optional(RestrictionsSchema),
        },
        closed,
      ),
      { minItems: 1, maxItems: 100, description: "Of each kind of price the first that fits counts" },
    ),
  },
  closed,
);

const EvseInMarketSchema = Type.Object(
  {
    id: Type.String({ maxLength: 48, description: "EVSE of the site" }),
    evseId: Type.Optional(Type.String({ maxLength: 48, description: "eMI3 id; made from the parts when left out" })),
    standard: Type.String({ default: "IEC_62196_T2", maxLength: 40 }),
    format: Type.Union([Type.Literal("SOCKET"), Type.Literal("CABLE")], { default: "SOCKET" }),
    physicalReference: Type.Optional(Name(16)),
    ...EVSE_PARKING,
    meterPublicKey: Type.Optional(
      Type.String({
        maxLength: 2_000,
        description: "Of its meter's signatures: PEM, DER in hex or base64, or the bare point",
      }),
    ),
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
    evses: Type.Array(EvseInMarketSchema, {
      default: [],
      maxItems: 250,
      description: "Where they differ from a socket",
    }),
    tariffs: Type.Array(TariffSchema, { default: [], maxItems: 32, description: "What drivers pay" }),
    authorization: Type.Object(
      {
        timeoutSeconds: Type.Integer({
          minimum: 1,
          maximum: 20,
          default: 4,
          description: "A driver's partner is asked for so long; then what is known counts",
        }),
        whenAway: Type.Union([Type.Literal("refuse"), Type.Literal("accept")], {
          default: "refuse",
          description: "A known driver who must be asked about each time, while the partner does not answer",
        }),
      },
      { ...closed, default: {} },
    ),
    serviceProvider: Type.Boolean({
      default: false,
      description: "Also plan for the sites of other CPOs, as a Smart Charging Service Provider",
    }),
    partners: Type.Array(PartnerSchema, { default: [], maxItems: 16 }),
  },
  { ...closed, description: "OCPI: identity and partners" },
);

export type UpstreamConfiguration = Static<typeof UpstreamSchema>;
export type TariffConfiguration = Static<typeof TariffSchema>;
export type PartnerConfiguration = Static<typeof PartnerSchema>;
