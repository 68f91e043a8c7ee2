/** Facts about cars that are announced: who will come, when, and for how long. Times are epoch ms. */
import { Type } from "../schema.ts";
import { PreferenceSchema } from "./driver-facts.ts";
import { declareFact } from "./fact.ts";

const VisitId = Type.String({ minLength: 1, maxLength: 64 });

/** What a driver will want: energy from the plug-in on, Wh; missing: nobody said. */
const wanted = {
  departureMs: Type.Number(),
  energyWh: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000_000 })),
  preference: Type.Optional(PreferenceSchema),
};

/**
 * Somebody will come: with this token, to this EVSE, or both. The same id again replaces what was said before. It is no
 * reservation, the place is free for everybody.
 */
export const VisitAnnounced = declareFact(
  "visit-announced",
  1,
  Type.Object({
    visitId: VisitId,
    token: Type.Optional(Type.String({ minLength: 1, maxLength: 36 })),
    evseId: Type.Optional(Type.String()),
    arrivalMs: Type.Number(),
    ...wanted,
    by: Type.String(),
  }),
);

/** Nobody comes after all. */
export const VisitWithdrawn = declareFact("visit-withdrawn", 1, Type.Object({ visitId: VisitId, by: Type.String() }));

/** The car of a transaction is not the one that was announced, though it was taken for it. */
export const VisitMistaken = declareFact(
  "visit-mistaken",
  1,
  Type.Object({ visitId: VisitId, evseId: Type.String(), transactionId: Type.Integer(), by: Type.String() }),
);

/** The car of a transaction is the one that was announced: what was said then stands for its driver's word. */
export const VisitBegan = declareFact(
  "visit-began",
  1,
  Type.Object({
    visitId: VisitId,
    evseId: Type.String(),
    transactionId: Type.Integer(),
    /** As it was announced. */
    arrivalMs: Type.Number(),
    ...wanted,
  }),
);
