/** Forecasts of others: where a series is asked for by HTTP, and where in the answer it stands. */
import { type Static, Type } from "../schema.ts";
import { closed } from "./site-parts.ts";

const Path = (description: string) => Type.String({ pattern: "^[\\w.-]{1,120}$", description });

/** Where a series stands in a JSON answer: rows with a time and a value, an object by time, or two arrays side by side. */
const place = {
  rows: Type.Optional(Path("Path to an array of objects, or to an object whose keys are times, as result.watts")),
  time: Type.Optional(Path("Path of the time in a row")),
  value: Type.Optional(Path("Path of the value in a row")),
  times: Type.Optional(Path("Instead of rows: path to an array of times ...")),
  values: Type.Optional(Path("... and to an array of values beside it")),
};

export const SeriesPlaceSchema = Type.Object(place, closed);
export type SeriesPlace = Static<typeof SeriesPlaceSchema>;

export const SeriesMapSchema = Type.Object(
  {
    ...place,
    stamp: Type.Union([Type.Literal("start"), Type.Literal("end")], {
      default: "start",
      description: "Whether a time is the start or the end of its interval",
    }),
    minutes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1440,
        description: "Length of an interval; left out: the distance of times",
      }),
    ),
    unit: Type.Union(
      [
        Type.Literal("W"),
        Type.Literal("kW"),
        Type.Literal("Wh"),
        Type.Literal("kWh"),
        Type.Literal("W/m2"),
        Type.Literal("g/kWh"),
      ],
      { description: "Of the values; W/m2 on the modules becomes W by peakW and performance; g/kWh is for co2" },
    ),
    missing: Type.Union([Type.Literal("unknown"), Type.Literal("zero")], {
      default: "unknown",
      description: "What a time means that the answer leaves out; zero where nights are not told",
    }),
  },
  closed,
);
export type SeriesMap = Static<typeof SeriesMapSchema>;

export const ForecastSourceSchema = Type.Object(
  {
    for: Type.Union([Type.Literal("pv"), Type.Literal("building"), Type.Literal("co2")], {
      description:
        "What it foretells; of several for the same (roofs) the sum counts. co2 is what a kWh of the grid emits",
    }),
    provider: Type.Optional(Type.String({ pattern: "^[a-z0-9-]{1,40}$", description: "A known one, see docs" })),
    url: Type.Optional(
      Type.String({ pattern: "^https?://", maxLength: 1000, description: "Instead; {names} are filled in" }),
    ),
    series: Type.Optional(SeriesMapSchema),
    parameters: Type.Record(
      Type.String({ pattern: "^[A-Za-z]{1,30}$" }),
      Type.Union([Type.Number(), Type.String({ maxLength: 200 })]),
      { default: {}, description: "Fill {names} of the address; latitude, longitude and peakW are known" },
    ),
    keyFile: Type.Optional(Type.String({ description: "File that holds the provider's key, relative to site.yaml" })),
    everyMinutes: Type.Optional(Type.Integer({ minimum: 10, maximum: 1440, description: "How often it is asked" })),
  },
  closed,
);
export type ForecastSource = Static<typeof ForecastSourceSchema>;
