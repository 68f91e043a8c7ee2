/** Every schema by name, for the description of the server. */
import { type TSchema, Type } from "../../core/schema.ts";
import type { OcpiVersion } from "../../core/site/site-upstream.ts";
import { PageQuerySchema } from "../pages.ts";
import { ForeignSessionPatchSchema, ForeignSessionSchema } from "../scsp/clients.ts";
import { ScOptimisationSchema } from "../smac/context.ts";
import * as answers from "./answers.ts";
import { CredentialsSchema, VersionDetailsSchema, VersionsSchema } from "./credentials.ts";
import { CdrSchema, ConnectorSchema, EvseSchema, LocationSchema, SessionSchema, TariffSchema } from "./objects.ts";
import * as requests from "./requests.ts";

const SAME_IN_ALL_VERSIONS = {
  Versions: VersionsSchema,
  VersionDetails: VersionDetailsSchema,
  Credentials: CredentialsSchema,
  Connector: ConnectorSchema,
  EVSE: EvseSchema,
  Token: requests.TokenSchema,
  TokenPatch: requests.TokenPatchSchema,
  ChargingPreferences: requests.ChargingPreferencesSchema,
  PreferencesResponse: answers.PreferencesResponseSchema,
  SetChargingProfile: requests.SetChargingProfileSchema,
  ChargingProfileResponse: answers.ChargingProfileResponseSchema,
  ProfileResult: answers.ProfileResultSchema,
  ActiveChargingProfile: answers.ActiveChargingProfileSchema,
  StartSession: requests.StartSessionSchema,
  StopSession: requests.StopSessionSchema,
  UnlockConnector: requests.UnlockConnectorSchema,
  ReserveNow: requests.ReserveNowSchema,
  CancelReservation: requests.CancelReservationSchema,
  CommandResponse: answers.CommandResponseSchema,
  CommandResult: answers.CommandResultSchema,
  ClientInfo: requests.ClientInfoSchema,
  ForeignSession: ForeignSessionSchema,
  ForeignSessionPatch: ForeignSessionPatchSchema,
  SCOptimisation: ScOptimisationSchema,
  SCOptimisationPatch: Type.Partial(ScOptimisationSchema),
  PageQuery: PageQuerySchema,
  ActiveProfileQuery: requests.ActiveProfileQuerySchema,
  ResponseUrlQuery: requests.ResponseUrlQuerySchema,
  TypeQuery: Type.Object({ type: Type.Optional(Type.String({ default: "RFID" })) }),
} as const;

const byVersion = (version: OcpiVersion) => ({
  Location: LocationSchema(version),
  Tariff: TariffSchema(version),
  Session: SessionSchema(version),
  CDR: CdrSchema(version),
});

export type SchemaName = keyof typeof SAME_IN_ALL_VERSIONS | keyof ReturnType<typeof byVersion>;

/** The schemas of a version. */
export function catalogue(version: OcpiVersion): Readonly<Record<SchemaName, TSchema>> {
  return { ...SAME_IN_ALL_VERSIONS, ...byVersion(version) };
}
