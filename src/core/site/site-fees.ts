/** What the grid adds to a kWh, by time, and to a year: grid fees and their reductions. Part of the schema of `site.yaml`. */
import { type Static, Type } from "../schema.ts";
import { closed } from "./site-parts.ts";

const FeeWindow = Type.Object(
  {
    from: Type.String({ pattern: "^([01]\\d|2[0-3]):[0-5]\\d$", description: "Local time, HH:MM" }),
    to: Type.String({ pattern: "^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$", description: "Local time, HH:MM or 24:00" }),
    days: Type.Optional(Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), { description: "1 is Monday" })),
    months: Type.Optional(Type.Array(Type.Integer({ minimum: 1, maximum: 12 }), { description: "1 is January" })),
    eurPerKwh: Type.Number({ minimum: -10, maximum: 10 }),
  },
  closed,
);

export const FeeSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 60 }),
    eurPerKwh: Type.Number({ minimum: -10, maximum: 10, default: 0, description: "Where no window fits" }),
    windows: Type.Array(FeeWindow, { default: [], maxItems: 48, description: "The first that fits" }),
    eurPerYear: Type.Number({
      minimum: -100_000,
      maximum: 100_000,
      default: 0,
      description: "A sum a year, negative for a reduction: no plan changes it, the month's money shows it",
    }),
  },
  { ...closed, description: "Added to each imported kWh, with its taxes" },
);
export type Fee = Static<typeof FeeSchema>;
