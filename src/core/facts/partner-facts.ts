/** Facts about OCPI partners. Secrets are never among them: tokens stay in a file of their own. */
import { Type } from "../schema.ts";
import { declareFact } from "./fact.ts";

export const PartnerPartySchema = Type.Object({
  role: Type.String(),
  countryCode: Type.String(),
  partyId: Type.String(),
  name: Type.String(),
});

export const PartnerEndpointSchema = Type.Object({
  identifier: Type.String(),
  role: Type.String(),
  url: Type.String(),
});

/** Credentials were exchanged, the first time or again; `by` is who asked for it. */
export const PartnerRegistered = declareFact(
  "partner-registered",
  1,
  Type.Object({
    partnerId: Type.String(),
    version: Type.String(),
    versionsUrl: Type.String(),
    parties: Type.Array(PartnerPartySchema),
    endpoints: Type.Array(PartnerEndpointSchema),
    /** Country and party id of a hub in one, as OCPI 2.3.0 writes it. */
    hubPartyId: Type.Optional(Type.String()),
    by: Type.Union([Type.Literal("partner"), Type.Literal("site")]),
  }),
);

/** The registration has ended: neither side calls the other any more. */
export const PartnerUnregistered = declareFact(
  "partner-unregistered",
  1,
  Type.Object({ partnerId: Type.String(), by: Type.Union([Type.Literal("partner"), Type.Literal("site")]) }),
);
