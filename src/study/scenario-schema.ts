/** The schema of a scenario file. Site, tariff and charging are written as in `site.yaml`; data is named by path. */
import { type Static, Type } from "../core/schema.ts";
import { CircuitSchema, EvseSchema, SiteConfigurationSchema } from "../core/site/site.ts";

const closed = { additionalProperties: false } as const;
const Day = (description: string) => Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\d$", description });

/** A file, and how its days become days of the scenario. */
const file = {
  file: Type.String({ minLength: 1, description: "CSV, relative to the scenario" }),
  begins: Type.Optional(
    Day("Day in the file that stands for the first of the period, as 2019-05-06; left out: the same day"),
  ),
  timeZone: Type.Optional(
    Type.String({
      description: "Where the file was measured; its local time becomes the site's. Left out: the site's",
    }),
  ),
};
const column = Type.Optional(Type.String({ description: "Name of its column, where it is another" }));

const PathOr = <T extends Parameters<typeof Type.Object>[0]>(properties: T) =>
  Type.Union([Type.String({ minLength: 1 }), Type.Object({ ...file, ...properties }, closed)]);

const SessionsData = PathOr({
  maxKw: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, description: "What a car takes of which the file does not say, kW" }),
  ),
  phases: Type.Optional(Type.Union([Type.Literal(1), Type.Literal(2), Type.Literal(3)])),
  stations: Type.Optional(
    Type.Array(Type.String(), { maxItems: 1000, description: "Only the sessions of these stations" }),
  ),
});
const SeriesData = PathOr({ column });
const PvData = PathOr({
  column,
  peakKw: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, description: "Of the plant in the file: it is scaled to the site's" }),
  ),
});
const LoadData = PathOr({
  column,
  meanKw: Type.Optional(
    Type.Number({ minimum: 0, description: "The file is scaled to this mean over the period, kW" }),
  ),
});

const ScenarioEvseSchema = Type.Object(
  {
    ...EvseSchema.properties,
    safeCurrentA: Type.Number({ minimum: 0, default: 0 }),
    count: Type.Integer({ minimum: 1, maximum: 250, default: 1, description: "So many alike; their ids are numbered" }),
    rotatePhases: Type.Boolean({ default: false, description: "Each next one begins at the next phase" }),
  },
  closed,
);

const { tariff, charging } = SiteConfigurationSchema.properties;

/** Import as in `site.yaml`, or only what is added to the prices of the data. */
const ScenarioTariffSchema = Type.Object(
  {
    ...tariff.properties,
    import: Type.Optional(tariff.properties.import),
  },
  closed,
);

const LocalTime = (description: string) =>
  Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\dT([01]\\d|2[0-3]):[0-5]\\d$", description });

const OrderSchema = Type.Object(
  {
    from: LocalTime("Local time, as 2025-10-08T17:00"),
    to: LocalTime("Local time, exclusive"),
    importLimitW: Type.Number({ minimum: 0, description: "What the site may import meanwhile" }),
    toldHoursBefore: Type.Number({ minimum: 0, maximum: 168, default: 24, description: "How early it is known" }),
  },
  { ...closed, description: "A flexibility order: a limit for a time, only ever below the site's own" },
);

const grid = SiteConfigurationSchema.properties.gridConnection.properties;
const BatterySchema = Type.Object(
  {
    capacityWh: Type.Number({ exclusiveMinimum: 0 }),
    maxChargeW: Type.Number({ minimum: 0 }),
    maxDischargeW: Type.Number({ minimum: 0 }),
    minSocPercent: Type.Number({ minimum: 0, maximum: 100, default: 10 }),
    startSocPercent: Type.Number({ minimum: 0, maximum: 100, default: 50 }),
    efficiencyPercent: Type.Number({ minimum: 50, maximum: 100, default: 90, description: "Round trip" }),
    wearEurPerKwh: Type.Number({ minimum: 0, default: 0.03, description: "Cost of a kWh through the battery" }),
    control: Type.Boolean({ default: true, description: "Whether wattledger may set its power" }),
  },
  closed,
);

export const ScenarioSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    about: Type.Optional(Type.String({ maxLength: 2000 })),
    seed: Type.Integer({ minimum: 0, default: 1 }),
    period: Type.Object(
      { from: Day("Its first day, as 2019-05-06"), days: Type.Integer({ minimum: 1, maximum: 400 }) },
      closed,
    ),
    site: Type.Object(
      {
        timeZone: SiteConfigurationSchema.properties.site.properties.timeZone,
        country: SiteConfigurationSchema.properties.site.properties.country,
        unbalanceLimitA: SiteConfigurationSchema.properties.site.properties.unbalanceLimitA,
        phases: grid.phases,
        nominalVoltageV: grid.nominalVoltageV,
        mainFuseA: grid.mainFuseA,
        importLimitW: grid.importLimitW,
        exportLimitW: grid.exportLimitW,
        rampLimitW: grid.rampLimitW,
        circuits: Type.Array(CircuitSchema, { default: [], maxItems: 64 }),
        evses: Type.Array(ScenarioEvseSchema, { default: [], maxItems: 250 }),
        pv: Type.Optional(
          Type.Object(
            {
              peakKw: Type.Number({ exclusiveMinimum: 0 }),
              control: Type.Optional(
                Type.Boolean({ description: "Whether wattledger may hold it back; left out: no" }),
              ),
            },
            closed,
          ),
        ),
        battery: Type.Optional(BatterySchema),
      },
      closed,
    ),
    tariff: Type.Optional(ScenarioTariffSchema),
    orders: Type.Array(OrderSchema, { default: [], maxItems: 1000 }),
    charging,
    data: Type.Object(
      {
        sessions: Type.Optional(SessionsData),
        prices: Type.Optional(SeriesData),
        exportPrices: Type.Optional(SeriesData),
        pv: Type.Optional(PvData),
        load: Type.Optional(LoadData),
        co2: Type.Optional(SeriesData),
      },
      { ...closed, default: {} },
    ),
  },
  closed,
);

export type ScenarioFile = Static<typeof ScenarioSchema>;
export type DataFile = Exclude<NonNullable<ScenarioFile["data"]["pv"]>, string>;
export type SessionsFile = Exclude<NonNullable<ScenarioFile["data"]["sessions"]>, string>;
