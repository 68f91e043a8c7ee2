/** Facts about what drivers and owners ask for. */
import { Type } from "../schema.ts";
import { StandingDeparturesSchema } from "../site/site-departures.ts";
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

/** When cars usually leave from an EVSE, as its owner says; without `departures` that of site.yaml counts again. */
export const StandingDeparturesSet = declareFact(
  "standing-departures-set",
  1,
  Type.Object({ evseId: Type.String(), departures: Type.Optional(StandingDeparturesSchema), by: Type.String() }),
);

/**
 * Its driver said nothing of this car's departure: it is taken to leave when it usually does, epoch ms. Energy from the
 * plug-in on, Wh.
 */
export const StandingDepartureApplied = declareFact(
  "standing-departure-applied",
  1,
  Type.Object({
    evseId: Type.String(),
    transactionId: Type.Integer(),
    departureMs: Type.Number(),
    energyWh: Type.Optional(Type.Number()),
  }),
);

/** "Charge now": full power, within safety, until the car is unplugged or `active` is false. */
export const OverrideChanged = declareFact(
  "override-changed",
  1,
  Type.Object({ evseId: Type.String(), active: Type.Boolean(), by: Type.String() }),
);
