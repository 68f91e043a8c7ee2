/** Facts about what drivers and owners ask for. */
import { Type } from "../schema.ts";
import { declareFact } from "./fact.ts";

export const PreferenceSchema = Type.Union([
  Type.Literal("cheap"),
  Type.Literal("fast"),
  Type.Literal("green"),
  Type.Literal("regular"),
]);

/** A driver's wish for the car at an EVSE: energy from now on, Wh; departure, epoch ms. Ends with the transaction. */
export const WishStated = declareFact(
  "wish-stated",
  1,
  Type.Object({
    evseId: Type.String(),
    energyWh: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000_000 })),
    departureMs: Type.Optional(Type.Number()),
    preference: Type.Optional(PreferenceSchema),
    /** Whether energy may be taken back from the car; missing: the site's own rule. */
    dischargeAllowed: Type.Optional(Type.Boolean()),
    by: Type.String(),
  }),
);

/** "Charge now": full power, within safety, until the car is unplugged or `active` is false. */
export const OverrideChanged = declareFact(
  "override-changed",
  1,
  Type.Object({ evseId: Type.String(), active: Type.Boolean(), by: Type.String() }),
);
