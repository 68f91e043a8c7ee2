/** Versions and credentials. */
import { type Static, Type } from "../../core/schema.ts";
import { CiString, CountryCode, PartyId, reader, Text, Url } from "./wire.ts";

export const VersionsSchema = Type.Array(Type.Object({ version: Type.String({ maxLength: 20 }), url: Url }), {
  maxItems: 50,
});

const EndpointSchema = Type.Object({
  identifier: CiString(64),
  role: Type.Optional(Type.String({ maxLength: 20 })),
  url: Url,
});
export const VersionDetailsSchema = Type.Object({
  version: Type.String({ maxLength: 20 }),
  endpoints: Type.Array(EndpointSchema, { maxItems: 100 }),
});

const CredentialsRoleSchema = Type.Object({
  role: Type.String({ maxLength: 20 }),
  business_details: Type.Object({ name: Text(100), website: Type.Optional(Type.String({ maxLength: 2048 })) }),
  party_id: PartyId,
  country_code: CountryCode,
});
export const CredentialsSchema = Type.Object({
  token: Type.String({ pattern: "^[\\x21-\\x7e]{1,64}$" }),
  url: Url,
  hub_party_id: Type.Optional(Type.String({ pattern: "^[A-Za-z]{2}[A-Za-z0-9]{3}$" })),
  roles: Type.Array(CredentialsRoleSchema, { minItems: 1, maxItems: 500 }),
});
export type Credentials = Static<typeof CredentialsSchema>;

export const readVersions = reader(VersionsSchema);
export const readVersionDetails = reader(VersionDetailsSchema);
export const readCredentials = reader(CredentialsSchema);
