/** Facts about budgets for the cars: of a building's energy management, or of a controller above this one. */
import { type Static, Type } from "../schema.ts";
import { declareFact } from "./fact.ts";

/** A part of a budget: power in W for all EVSEs together, energy in Wh over its time, or both. */
export const BudgetSlotSchema = Type.Object(
  {
    startMs: Type.Number({ description: "Epoch ms" }),
    endMs: Type.Number({ description: "Epoch ms, exclusive" }),
    powerW: Type.Optional(Type.Number({ minimum: 0, maximum: 100_000_000 })),
    energyWh: Type.Optional(Type.Number({ minimum: 0, maximum: 100_000_000 })),
  },
  { additionalProperties: false },
);
export type BudgetSlot = Static<typeof BudgetSlotSchema>;

/** It replaces the budget that came the same way before; without slots that ends. */
export const BudgetReceived = declareFact(
  "budget-received",
  1,
  Type.Object({ by: Type.String(), slots: Type.Array(BudgetSlotSchema) }),
);
