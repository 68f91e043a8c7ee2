/** When cars usually leave, as site.yaml and the owner state it: of an EVSE, or of a driver's token. */
import { type Static, Type } from "../schema.ts";
import { closed } from "./site-parts.ts";

/** As they are written; Monday is the first. */
export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof WEEKDAYS)[number];
const WeekdaySchema = Type.Unsafe<Weekday>(Type.Union(WEEKDAYS.map((day) => Type.Literal(day))));

const StandingDepartureSchema = Type.Object(
  {
    days: Type.Array(WeekdaySchema, {
      minItems: 1,
      maxItems: 7,
      uniqueItems: true,
      default: [...WEEKDAYS],
      description: "Of mon, tue, wed, thu, fri, sat, sun; left out: every day",
    }),
    at: Type.String({ pattern: "^([01]\\d|2[0-3]):[0-5]\\d$", description: 'Local time of the site, "HH:MM"' }),
    energyWh: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 300_000,
        description: "Needed by then, from the plug-in on, Wh; left out: what is usually taken there",
      }),
    ),
  },
  closed,
);
export type StandingDeparture = Static<typeof StandingDepartureSchema>;

export const MOST_STANDING_DEPARTURES = 14;
export const StandingDeparturesSchema = Type.Array(StandingDepartureSchema, {
  maxItems: MOST_STANDING_DEPARTURES,
  description: "When a car leaves whose driver says nothing, e.g. [{ days: [mon, fri], at: '07:30' }]",
});
