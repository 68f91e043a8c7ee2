/**
 * The configuration of one site: the schema of `site.yaml` and the types that the rest of the code trusts.
 * Parsed once at the edge (`src/app/configuration/configuration.ts`): defaults are filled in there, so here every field with a
 * default is present. Each field's description is what the installer's editor shows.
 */
import { type Static, Type } from "../schema.ts";
import { CapacityTariffSchema } from "./site-capacity.ts";
import { StandingDeparturesSchema } from "./site-departures.ts";
import { DischargeSchema } from "./site-discharge.ts";
import { FeeSchema } from "./site-fees.ts";
import { ForecastSourceSchema, SeriesPlaceSchema } from "./site-forecasts.ts";
import { GridOperatorSchema } from "./site-grid-operator.ts";
import { closed, DeviceConnectionSchema, Id, RampLimitSchema } from "./site-parts.ts";
import { UpstreamSchema } from "./site-upstream.ts";

const PhaseNameSchema = Type.Union([Type.Literal("L1"), Type.Literal("L2"), Type.Literal("L3")]);

const ProtectionSchema = Type.Union([Type.Literal("gG"), Type.Literal("B"), Type.Literal("C"), Type.Literal("SLS-E")], {
  description:
    "Kind of the protective device; the guard never plans above 1.0 of its rating. When left out: SLS-E at a German connection up to 63 A, B for a nested circuit up to 63 A, gG otherwise",
});
export type Protection = Static<typeof ProtectionSchema>;

const UsableCurveSchema = Type.Number({
  minimum: 0,
  maximum: 50,
  description:
    "How much of what the protective device can bear above its rating may be used before cars are limited, %; left out: none. A short overload by other loads then interrupts nobody; nothing is ever planned above the rating",
});

const GridConnectionSchema = Type.Object(
  {
    phases: Type.Union([Type.Literal(1), Type.Literal(3)], { default: 3, description: "Phases of the connection" }),
    nominalVoltageV: Type.Number({ minimum: 100, maximum: 300, default: 230, description: "Phase to neutral, V" }),
    mainFuseA: Type.Number({ minimum: 6, maximum: 4000, description: "Rating of the main fuse, A per phase" }),
    protection: Type.Optional(ProtectionSchema),
    usableCurvePercent: Type.Optional(UsableCurveSchema),
    importLimitW: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "Contracted import limit, W" })),
    exportLimitW: Type.Optional(Type.Number({ minimum: 0, description: "Export limit, W; 0 forbids export" })),
    rampLimitW: Type.Optional(RampLimitSchema),
    meter: Id("Device id of the meter at the grid connection"),
    worstBuildingLoadA: Type.Number({
      minimum: 0,
      description: "Highest current per phase, A, that everything but the EVSEs (battery included) can draw",
    }),
  },
  closed,
);

export const CircuitSchema = Type.Object(
  {
    id: Id("Name of the circuit"),
    parent: Type.String({ default: "grid", description: "Id of the circuit above; `grid` is the grid connection" }),
    fuseA: Type.Number({ minimum: 6, maximum: 4000, description: "Rating of its protection, A per phase" }),
    protection: Type.Optional(ProtectionSchema),
    usableCurvePercent: Type.Optional(UsableCurveSchema),
    limitW: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "Optional limit of the sum, W" })),
    meter: Type.Optional(Id("Device id of its own meter; without one it is the sum of what is below it")),
    worstBuildingLoadA: Type.Number({
      minimum: 0,
      default: 0,
      description: "Highest current per phase, A, of other loads on this circuit",
    }),
  },
  closed,
);

export const EvseSchema = Type.Object(
  {
    id: Id("Name of the EVSE on this site"),
    name: Type.Optional(Type.String({ maxLength: 60, description: "What the page calls it" })),
    connector: Type.Integer({
      minimum: 1,
      maximum: 64,
      default: 1,
      description: "OCPP 1.6 connectorId, or OCPP 2.0.1 EVSE id, at its charge point",
    }),
    circuit: Type.String({ default: "grid", description: "Circuit that feeds it" }),
    phases: Type.Array(PhaseNameSchema, {
      minItems: 1,
      maxItems: 3,
      uniqueItems: true,
      default: ["L1", "L2", "L3"],
      description: "Grid phases in the order of the EVSE's own L1, L2, L3; a one-phase car loads the first",
    }),
    minCurrentA: Type.Number({ minimum: 6, maximum: 80, default: 6, description: "Least charging current, A" }),
    maxCurrentA: Type.Number({ minimum: 6, maximum: 500, default: 16, description: "Highest current per phase, A" }),
    safeCurrentA: Type.Number({
      minimum: 0,
      maximum: 500,
      description: "Current per phase, A, that the EVSE falls back to without the controller; 0 pauses",
    }),
    priority: Type.Integer({ minimum: 0, maximum: 9, default: 5, description: "Higher keeps its current longer" }),
    mayPause: Type.Optional(
      Type.Boolean({
        description:
          "False where cars do not wake up after a pause: planned in one go, once begun. Protection still pauses",
      }),
    ),
    phaseSwitching: Type.Optional(
      Type.Boolean({
        description:
          "True where the charge point gives its car one phase or all of them as OCPP's numberPhases says; left out: no",
      }),
    ),
    discharge: Type.Optional(DischargeSchema),
    departures: Type.Optional(StandingDeparturesSchema),
  },
  closed,
);

export const ChargePointSchema = Type.Object(
  {
    id: Type.String({
      pattern: "^[^/:\\s]{1,48}$",
      description: "OCPP identity: last segment of the URL, and user name of Basic authentication",
    }),
    passwordHash: Type.Optional(
      Type.String({
        pattern: "^scrypt\\$",
        description: "Hash of its OCPP password; make one with `wattledger hash-password`",
      }),
    ),
    rateUnit: Type.Union([Type.Literal("auto"), Type.Literal("A"), Type.Literal("W")], {
      default: "auto",
      description: "Unit of charging limits; auto asks the charge point",
    }),
    leaseSeconds: Type.Integer({
      minimum: 60,
      maximum: 3600,
      default: 180,
      description: "Lifetime of a charging limit above the safe current; renewed three times in it",
    }),
    quirks: Type.Array(Type.String(), {
      default: [],
      description: "Named deviations of this model, see docs/installer.md",
    }),
    evses: Type.Array(EvseSchema, { minItems: 1, maxItems: 64 }),
  },
  closed,
);

export const DeviceSchema = Type.Object(
  {
    id: Id("Name of the device on this site"),
    role: Type.Union([Type.Literal("meter"), Type.Literal("pv"), Type.Literal("battery"), Type.Literal("hybrid")], {
      description: "`hybrid` is an inverter with a battery behind it",
    }),
    profile: Type.String({ description: "Register map; `wattledger devices` lists them" }),
    unitId: Type.Integer({ minimum: 0, maximum: 255, default: 1, description: "Modbus unit id" }),
    connection: DeviceConnectionSchema,
    pollMs: Type.Integer({ minimum: 100, maximum: 60000, default: 1000, description: "Time between readings, ms" }),
    invert: Type.Boolean({ default: false, description: "True when the meter was mounted the wrong way round" }),
    battery: Type.Optional(
      Type.Object(
        {
          capacityWh: Type.Number({ exclusiveMinimum: 0 }),
          maxChargeW: Type.Number({ minimum: 0 }),
          maxDischargeW: Type.Number({ minimum: 0 }),
          minSocPercent: Type.Number({ minimum: 0, maximum: 100, default: 10 }),
          efficiencyPercent: Type.Number({ minimum: 50, maximum: 100, default: 90, description: "Round trip" }),
          wearEurPerKwh: Type.Number({ minimum: 0, default: 0.03, description: "Cost of a kWh through the battery" }),
          control: Type.Boolean({ default: false, description: "Whether wattledger may set its power" }),
        },
        closed,
      ),
    ),
    pv: Type.Optional(
      Type.Object(
        {
          peakW: Type.Number({ exclusiveMinimum: 0, description: "Of the modules, W" }),
          control: Type.Optional(
            Type.Boolean({
              description:
                "Whether wattledger may hold it back: for an export limit, and where exporting costs money; left out: no",
            }),
          ),
        },
        closed,
      ),
    ),
    circuit: Type.Optional(
      Type.String({
        description:
          "Circuit that an inverter or a battery feeds into; left out: the grid connection. A nested circuit's own meter is checked against the cars below it by this, and a battery that may be controlled keeps to its fuse",
      }),
    ),
  },
  closed,
);

const TimeOfUsePeriod = Type.Object(
  {
    from: Type.String({ pattern: "^([01]\\d|2[0-3]):[0-5]\\d$", description: "Local time, HH:MM" }),
    to: Type.String({ pattern: "^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$", description: "Local time, HH:MM or 24:00" }),
    days: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), {
      default: [1, 2, 3, 4, 5, 6, 7],
      description: "1 is Monday",
    }),
    eurPerKwh: Type.Number({ minimum: -10, maximum: 10 }),
  },
  closed,
);

const Markup = {
  addEurPerKwh: Type.Number({ default: 0, description: "Grid fees, levies and taxes added to each kWh" }),
  factor: Type.Number({ default: 1, description: "Multiplies the price before the addition, e.g. VAT 1.19" }),
};

const PriceSourceSchema = Type.Union([
  Type.Object({ kind: Type.Literal("fixed"), eurPerKwh: Type.Number({ minimum: -10, maximum: 10 }) }, closed),
  Type.Object(
    {
      kind: Type.Literal("time-of-use"),
      periods: Type.Array(TimeOfUsePeriod, { minItems: 1, maxItems: 48 }),
      otherwiseEurPerKwh: Type.Number({ minimum: -10, maximum: 10 }),
    },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal("day-ahead"),
      file: Type.Optional(Type.String({ description: "CSV `start_utc,eur_per_kwh`, relative to site.yaml" })),
      url: Type.Optional(
        Type.String({
          pattern: "^https?://",
          description: "JSON by HTTP; {date}, or {year}, {month} and {day}, name the day. See docs/installer.md",
        }),
      ),
      unit: Type.Optional(
        Type.Union([Type.Literal("EUR/kWh"), Type.Literal("EUR/MWh"), Type.Literal("ct/kWh")], {
          description: "Of the source's prices, where the source itself does not say",
        }),
      ),
      series: Type.Optional(SeriesPlaceSchema),
      fallbackEurPerKwh: Type.Optional(
        Type.Number({
          minimum: -10,
          maximum: 10,
          description: "While no price is known at all; without it, costs stay unknown",
        }),
      ),
      ...Markup,
    },
    closed,
  ),
]);

export const SiteConfigurationSchema = Type.Object(
  {
    site: Type.Object(
      {
        id: Id("Name of the site"),
        name: Type.String({ default: "", maxLength: 80, description: "What the page calls the site" }),
        timeZone: Type.String({ description: "IANA time zone, e.g. Europe/Berlin" }),
        country: Type.String({ pattern: "^[A-Z]{2}$", description: "ISO 3166, such as DE; sets the unbalance limit" }),
        unbalanceLimitA: Type.Optional(
          Type.Number({ minimum: 0, description: "Highest difference between phases, A; default by country" }),
        ),
        location: Type.Optional(
          Type.Object(
            {
              latitude: Type.Number({ minimum: -90, maximum: 90, description: "Degrees, north is positive" }),
              longitude: Type.Number({ minimum: -180, maximum: 180, description: "Degrees, east is positive" }),
            },
            { ...closed, description: "Where the sun is reckoned for; default: the middle of the country" },
          ),
        ),
      },
      closed,
    ),
    gridConnection: GridConnectionSchema,
    circuits: Type.Array(CircuitSchema, { default: [], maxItems: 64 }),
    chargePoints: Type.Array(ChargePointSchema, { default: [], maxItems: 250 }),
    devices: Type.Array(DeviceSchema, { minItems: 1, maxItems: 64 }),
    tariff: Type.Object(
      {
        import: PriceSourceSchema,
        export: Type.Optional(PriceSourceSchema),
        capacity: Type.Optional(
          Type.Array(CapacityTariffSchema, {
            maxItems: 8,
            description: "What a month's peaks cost, see docs/tariffs.md",
          }),
        ),
        fees: Type.Optional(
          Type.Array(FeeSchema, { maxItems: 8, description: "Grid fees and their reductions, see docs/tariffs.md" }),
        ),
        opportunityEurPerHour: Type.Number({
          minimum: 0,
          default: 0,
          description: "What an occupied EVSE costs per hour (SMAC 5.3.4); 0 for a home",
        }),
      },
      closed,
    ),
    charging: Type.Object(
      {
        defaultEnergyWh: Type.Number({ minimum: 0, default: 20000, description: "Assumed need of an unknown driver" }),
        defaultStayHours: Type.Number({ exclusiveMinimum: 0, default: 8, description: "Assumed stay" }),
        missedEurPerKwh: Type.Number({
          minimum: 0,
          maximum: 100,
          default: 0.5,
          description:
            "What a kWh is worth to a driver who leaves without it, at least 1.25 times the dearest price ahead. Charging waits for a better price only where that saves more than the chance that the car is gone by then, times this less the price then; 0: only the stated departure counts",
        }),
        statements: Type.Union([Type.Literal("learned"), Type.Literal("reliable")], {
          default: "learned",
          description:
            "How much stated departures and energies are believed at first: learned, as those of strangers elsewhere; reliable, as those of a fleet with a timetable. Either way the site learns how often they hold",
        }),
        acceptUnknownTokens: Type.Boolean({ default: true, description: "Charge for anyone who plugs in" }),
        tokens: Type.Array(
          Type.Object(
            {
              token: Type.String({ maxLength: 36 }),
              name: Type.Optional(Type.String({ maxLength: 60 })),
              departures: Type.Optional(StandingDeparturesSchema),
            },
            closed,
          ),
          { default: [], maxItems: 10000 },
        ),
      },
      { ...closed, default: {} },
    ),
    ocpp: Type.Object(
      {
        host: Type.String({ default: "0.0.0.0" }),
        port: Type.Integer({ minimum: 0, maximum: 65535, default: 8887 }),
        tls: Type.Optional(Type.Object({ certFile: Type.String(), keyFile: Type.String() }, closed)),
      },
      { ...closed, default: {} },
    ),
    api: Type.Object(
      {
        host: Type.String({ default: "127.0.0.1", description: "0.0.0.0 for the whole network" }),
        port: Type.Integer({ minimum: 0, maximum: 65535, default: 8080 }),
        tokenHash: Type.Optional(
          Type.String({ pattern: "^scrypt\\$", description: "Hash of the token that may change something" }),
        ),
      },
      { ...closed, default: {} },
    ),
    forecasts: Type.Optional(
      Type.Array(ForecastSourceSchema, { maxItems: 8, description: "Who is asked for forecasts of sun and building" }),
    ),
    gridOperator: Type.Optional(GridOperatorSchema),
    mqtt: Type.Optional(
      Type.Object(
        {
          url: Type.String({ pattern: "^mqtts?://", description: "mqtt://host:1883, or mqtts://host:8883 for TLS" }),
          usernameFile: Type.Optional(Type.String({ description: "File that holds the user name" })),
          passwordFile: Type.Optional(Type.String({ description: "File that holds the password" })),
          caFile: Type.Optional(Type.String({ description: "Certificate authority of the broker, PEM" })),
          topicRoot: Type.String({ default: "wattledger", pattern: "^[^#+]+$", maxLength: 100 }),
          everySeconds: Type.Integer({
            minimum: 1,
            maximum: 3600,
            default: 5,
            description: "State that changed is published at most this often",
          }),
          facts: Type.Boolean({ default: true, description: "Publish every fact of the ledger, at least once" }),
          requests: Type.Boolean({
            default: false,
            description: "Take wishes, overrides and grid limits; whoever may publish at the broker may then ask",
          }),
        },
        closed,
      ),
    ),
    ledger: Type.Object(
      {
        directory: Type.String({ default: "data", description: "Relative to site.yaml" }),
        tapeDays: Type.Integer({ minimum: 1, maximum: 400, default: 14, description: "Days of raw samples kept" }),
      },
      { ...closed, default: {} },
    ),
    upstream: Type.Optional(UpstreamSchema),
  },
  closed,
);

export type SiteConfiguration = Static<typeof SiteConfigurationSchema>;
export type EvseConfiguration = Static<typeof EvseSchema>;
export type ChargePointConfiguration = Static<typeof ChargePointSchema>;
export type DeviceConfiguration = Static<typeof DeviceSchema>;
export type PriceSource = Static<typeof PriceSourceSchema>;

/** Id of the circuit that every site has: the grid connection. */
export const GRID_CIRCUIT_ID = "grid";
