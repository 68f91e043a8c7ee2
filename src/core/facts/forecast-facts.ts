/** Facts about what others expect. */
import { type Static, Type } from "../schema.ts";
import { declareFact } from "./fact.ts";

export const ForecastKindSchema = Type.Union([Type.Literal("pv"), Type.Literal("building")]);
export type ForecastKind = Static<typeof ForecastKindSchema>;

const interval = {
  startMs: Type.Number({ description: "Start of the first interval, epoch ms" }),
  minutes: Type.Union([Type.Literal(15), Type.Literal(30), Type.Literal(60)], {
    description: "Length of an interval",
  }),
};

/** Average powers of equal intervals one after another, W; production is positive. */
export const PowerSeriesSchema = Type.Object(
  {
    ...interval,
    powerW: Type.Array(Type.Number({ minimum: 0, maximum: 100_000_000 }), {
      minItems: 1,
      maxItems: 400,
      description: "Average power of each interval, W",
    }),
  },
  { additionalProperties: false },
);
export type PowerSeries = Static<typeof PowerSeriesSchema>;

/** What a kWh of the grid emits in equal intervals one after another, g CO2. */
export const IntensitySeriesSchema = Type.Object(
  {
    ...interval,
    gramsPerKwh: Type.Array(Type.Number({ minimum: 0, maximum: 5_000 }), {
      minItems: 1,
      maxItems: 400,
      description: "CO2 of a kWh from the grid in each interval, g",
    }),
  },
  { additionalProperties: false },
);
export type IntensitySeries = Static<typeof IntensitySeriesSchema>;

/** What the grid's energy emits, as somebody expects it; it replaces the one before. */
export const GridIntensityReceived = declareFact(
  "grid-intensity-received",
  1,
  Type.Object({ by: Type.String(), series: IntensitySeriesSchema }),
);

/** A forecast of the sun or of the building came from outside; it replaces the one before. */
export const ForecastReceived = declareFact(
  "forecast-received",
  1,
  Type.Object({ kind: ForecastKindSchema, by: Type.String(), series: PowerSeriesSchema }),
);
