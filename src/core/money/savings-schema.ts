/** What control saved, as API, page and command line show it. */
import { type Static, Type } from "../schema.ts";

const BillSchema = Type.Object(
  {
    costEur: Type.Number(),
    importWh: Type.Number(),
    exportWh: Type.Number(),
    peakW: Type.Number({ description: "Highest import of a quarter-hour" }),
    missingWh: Type.Number({ description: "Energy that the cars would have missed" }),
    co2Kg: Type.Optional(
      Type.Number({
        description: "Emitted for the import of the quarter-hours of which that was told; missing where of none",
      }),
    ),
    peaksEur: Type.Optional(
      Type.Number({ description: "What the months' peaks cost by the tariffs for power; not in the cost" }),
    ),
  },
  { description: "The bill of the quarter-hours that were counted" },
);
export type Bill = Static<typeof BillSchema>;

export const SavingsSchema = Type.Object({
  fromMs: Type.Number(),
  toMs: Type.Number(),
  quarterHours: Type.Integer({ description: "With a bill" }),
  quarterHoursLeftOut: Type.Integer({ description: "Import or a price is not known" }),
  co2QuarterHours: Type.Optional(Type.Integer({ description: "Those of them that are in co2Kg, where not all are" })),
  sessions: Type.Integer({ description: "That were moved in time" }),
  sessionsLeftOut: Type.Integer({ description: "Still open, or not whole in these quarter-hours" }),
  movedWh: Type.Number(),
  actual: BillSchema,
  uncontrolled: BillSchema,
  equalShares: Type.Optional(BillSchema),
  savedEur: Type.Number(),
  savedOverEqualSharesEur: Type.Optional(Type.Number()),
  batteryDischargeWh: Type.Number({ description: "What the batteries gave" }),
  batteryCycles: Type.Optional(Type.Number({ description: "The same in full cycles, where their size is known" })),
  batteryWearEur: Type.Optional(
    Type.Number({ description: "What that wore of the batteries; the same in all three bills" }),
  ),
  carsDischargeWh: Type.Optional(Type.Number({ description: "What cars gave back" })),
  carsWearEur: Type.Optional(
    Type.Number({ description: "What that wore of their batteries: not in the bill, to be taken off what was saved" }),
  ),
});
export type Savings = Static<typeof SavingsSchema>;
