/** What partners send us, read leniently. */
import { type Static, Type } from "../../core/schema.ts";
import { CiString, CountryCode, DateTime, PartyId, reader, Url } from "./wire.ts";

export const ChargingProfileSchema = Type.Object({
  start_date_time: Type.Optional(DateTime),
  duration: Type.Optional(Type.Integer({ minimum: 1, maximum: 31_622_400 })),
  charging_rate_unit: Type.Union([Type.Literal("W"), Type.Literal("A")]),
  min_charging_rate: Type.Optional(Type.Number()),
  charging_profile_period: Type.Optional(
    Type.Array(
      Type.Object({
        start_period: Type.Integer({ minimum: 0, maximum: 31_622_400 }),
        limit: Type.Number({ minimum: -10_000_000, maximum: 10_000_000 }),
      }),
      { maxItems: 1_000 },
    ),
  ),
});
export type ChargingProfile = Static<typeof ChargingProfileSchema>;
export const SetChargingProfileSchema = Type.Object({ charging_profile: ChargingProfileSchema, response_url: Url });
export const readSetChargingProfile = reader(SetChargingProfileSchema);

export const ActiveProfileQuerySchema = Type.Object({
  duration: Type.String({ pattern: "^\\d{1,8}$", description: "s" }),
  response_url: Url,
});
export const readActiveProfileQuery = reader(ActiveProfileQuerySchema);
export const ResponseUrlQuerySchema = Type.Object({ response_url: Url });
export const readResponseUrlQuery = reader(ResponseUrlQuerySchema);

export const ChargingPreferencesSchema = Type.Object({
  profile_type: Type.Union([
    Type.Literal("CHEAP"),
    Type.Literal("FAST"),
    Type.Literal("GREEN"),
    Type.Literal("REGULAR"),
  ]),
  departure_time: Type.Optional(DateTime),
  energy_need: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000 })),
  discharge_allowed: Type.Optional(Type.Boolean()),
});
export const readChargingPreferences = reader(ChargingPreferencesSchema);

export const TokenSchema = Type.Object({
  country_code: CountryCode,
  party_id: PartyId,
  uid: CiString(36),
  type: Type.String({ maxLength: 20 }),
  contract_id: CiString(36),
  visual_number: Type.Optional(Type.String({ maxLength: 128 })),
  issuer: Type.String({ maxLength: 128 }),
  group_id: Type.Optional(CiString(36)),
  valid: Type.Boolean(),
  whitelist: Type.Union([
    Type.Literal("ALWAYS"),
    Type.Literal("ALLOWED"),
    Type.Literal("ALLOWED_OFFLINE"),
    Type.Literal("NEVER"),
  ]),
  language: Type.Optional(Type.String({ maxLength: 8 })),
  default_profile_type: Type.Optional(Type.String({ maxLength: 20 })),
  energy_contract: Type.Optional(
    Type.Object({
      supplier_name: Type.String({ maxLength: 128 }),
      contract_id: Type.Optional(Type.String({ maxLength: 128 })),
    }),
  ),
  last_updated: DateTime,
});
export type Token = Static<typeof TokenSchema>;
export const readToken = reader(TokenSchema);
export const TokenPatchSchema = Type.Intersect([Type.Partial(TokenSchema), Type.Object({ last_updated: DateTime })]);
export const readTokenPatch = reader(TokenPatchSchema);
export const readAuthorizationInfo = reader(
  Type.Object({
    allowed: Type.String({ maxLength: 40 }),
    token: Type.Optional(TokenSchema),
    authorization_reference: Type.Optional(CiString(36)),
  }),
);

const ResponseUrl = { response_url: Url };
const EvseUid = CiString(36);
export const StartSessionSchema = Type.Object({
  ...ResponseUrl,
  token: TokenSchema,
  location_id: CiString(36),
  evse_uid: Type.Optional(EvseUid),
  connector_id: Type.Optional(CiString(36)),
  authorization_reference: Type.Optional(CiString(36)),
});
export const readStartSession = reader(StartSessionSchema);
export const StopSessionSchema = Type.Object({ ...ResponseUrl, session_id: CiString(36) });
export const readStopSession = reader(StopSessionSchema);
export const ReserveNowSchema = Type.Object({
  ...ResponseUrl,
  token: TokenSchema,
  expiry_date: DateTime,
  reservation_id: CiString(36),
  location_id: CiString(36),
  evse_uid: Type.Optional(EvseUid),
  authorization_reference: Type.Optional(CiString(36)),
});
export const readReserveNow = reader(ReserveNowSchema);
export const CancelReservationSchema = Type.Object({ ...ResponseUrl, reservation_id: CiString(36) });
export const readCancelReservation = reader(CancelReservationSchema);
export const UnlockConnectorSchema = Type.Object({
  ...ResponseUrl,
  location_id: CiString(36),
  evse_uid: EvseUid,
  connector_id: CiString(36),
});
export const readUnlockConnector = reader(UnlockConnectorSchema);

/** Of a party behind a hub. */
export const ClientInfoSchema = Type.Object({
  party_id: PartyId,
  country_code: CountryCode,
  role: Type.String({ maxLength: 20 }),
  status: Type.Union(["CONNECTED", "OFFLINE", "PLANNED", "SUSPENDED"].map((status) => Type.Literal(status))),
  last_updated: DateTime,
});
export const readClientInfo = reader(ClientInfoSchema);
