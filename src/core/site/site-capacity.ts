/** Tariffs that charge for power: what a month's highest quarter-hours or hours cost. Part of the schema of `site.yaml`. */
import { type Static, Type } from "../schema.ts";

const closed = { additionalProperties: false } as const;

const WindowSchema = Type.Object(
  {
    from: Type.String({ pattern: "^([01]\\d|2[0-3]):[0-5]\\d$", description: "Local time, HH:MM" }),
    to: Type.String({ pattern: "^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$", description: "Local time, HH:MM or 24:00" }),
    days: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), { description: "1 is Monday; left out: every day" }),
    ),
    months: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: 12 }), { description: "1 is January; left out: all year" }),
    ),
    weight: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 1,
      description: "How much a kW counts then; 0 is not at all",
    }),
    contractedKw: Type.Number({
      minimum: 0,
      default: 0,
      description: "Paid for already then: only what is above counts",
    }),
  },
  closed,
);

export const CapacityTariffSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 60, description: "What the page and the plan call it" }),
    intervalMinutes: Type.Union([Type.Literal(15), Type.Literal(60)], {
      default: 15,
      description: "Length of what is averaged: a quarter-hour or an hour",
    }),
    peaks: Type.Integer({
      minimum: 1,
      maximum: 10,
      default: 1,
      description: "The month's value is the mean of so many highest, each of another day",
    }),
    floorKw: Type.Number({ minimum: 0, default: 0, description: "At least this is charged for" }),
    eurPerKwMonth: Type.Number({ minimum: 0, default: 0, description: "For each kW of the month's value" }),
    steps: Type.Array(
      Type.Object(
        {
          upToKw: Type.Number({ exclusiveMinimum: 0 }),
          eurPerMonth: Type.Number({ minimum: 0 }),
        },
        closed,
      ),
      { default: [], maxItems: 20, description: "What a month costs by its value, in rising order" },
    ),
    windows: Type.Array(WindowSchema, {
      default: [],
      maxItems: 24,
      description: "When and how it counts; the first that fits. Left out: always",
    }),
    otherwise: Type.Object(
      {
        weight: Type.Number({ minimum: 0, maximum: 1, default: 1 }),
        contractedKw: Type.Number({ minimum: 0, default: 0 }),
      },
      { ...closed, default: {}, description: "Where no window fits" },
    ),
  },
  closed,
);

export type CapacityTariff = Static<typeof CapacityTariffSchema>;
