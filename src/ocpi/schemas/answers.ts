/** What follows an answer, and answers that are not objects of the site: for the description of the server. */
import { type TSchema, Type } from "../../core/schema.ts";
import { ChargingProfileSchema } from "./requests.ts";
import { DateTime } from "./wire.ts";

const OneOf = (...names: readonly string[]) => Type.Union(names.map((name) => Type.Literal(name)));
const Words = Type.Array(
  Type.Object({ language: Type.String({ maxLength: 2 }), text: Type.String({ maxLength: 512 }) }),
);

export const ChargingProfileResponseSchema = Type.Object({
  result: OneOf("ACCEPTED", "NOT_SUPPORTED", "REJECTED", "TOO_OFTEN", "UNKNOWN_SESSION"),
  timeout: Type.Integer({ minimum: 0, description: "s" }),
});
export const CommandResponseSchema = Type.Object({
  result: OneOf("ACCEPTED", "NOT_SUPPORTED", "REJECTED", "UNKNOWN_SESSION"),
  timeout: Type.Integer({ minimum: 0, description: "s" }),
  message: Type.Optional(Words),
});
export const CommandResultSchema = Type.Object({
  result: OneOf(
    "ACCEPTED",
    "CANCELED_RESERVATION",
    "EVSE_OCCUPIED",
    "EVSE_INOPERATIVE",
    "FAILED",
    "NOT_SUPPORTED",
    "REJECTED",
    "TIMEOUT",
    "UNKNOWN_RESERVATION",
  ),
  message: Type.Optional(Words),
});
export const PreferencesResponseSchema = OneOf(
  "ACCEPTED",
  "DEPARTURE_REQUIRED",
  "ENERGY_NEED_REQUIRED",
  "NOT_POSSIBLE",
  "PROFILE_TYPE_NOT_SUPPORTED",
);
export const ActiveChargingProfileSchema = Type.Object({
  start_date_time: DateTime,
  charging_profile: ChargingProfileSchema,
});
/** Of a profile that was set, read or cleared. */
export const ProfileResultSchema = Type.Object({
  result: OneOf("ACCEPTED", "REJECTED", "UNKNOWN"),
  profile: Type.Optional(ActiveChargingProfileSchema),
});

/** The envelope of every answer. */
export const envelopeSchema = (data: TSchema | undefined) =>
  Type.Object({
    ...(data ? { data: Type.Optional(data) } : {}),
    status_code: Type.Integer({ description: "1000 is success" }),
    status_message: Type.Optional(Type.String({ maxLength: 255 })),
    timestamp: DateTime,
  });
