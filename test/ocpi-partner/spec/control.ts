/** What goes to and fro about credentials, tokens, commands and charging profiles: those chapters' object descriptions. */
import {
  boolean,
  type Check,
  ciString,
  dateTime,
  int,
  type Json,
  must,
  number,
  object,
  oneOf,
  pattern,
  string,
  url,
} from "./check.ts";
import { businessDetails, displayText, ROLES_221, ROLES_230, tokenType, type Version } from "./types.ts";

export const versions = object({ version: ["1", oneOf("2.0 2.1 2.1.1 2.2 2.2.1 2.3.0")], url: ["1", url] });

const MODULES = "cdrs chargingprofiles commands credentials hubclientinfo locations sessions tariffs tokens";

/** Custom modules only where that was agreed upon. */
export const versionDetails = (version: Version, agreed: readonly string[] = []): Check =>
  object({
    version: ["1", oneOf(version)],
    endpoints: [
      "+",
      object({
        identifier: ["1", oneOf([MODULES, ...agreed].join(" "))],
        role: ["1", oneOf("SENDER RECEIVER")],
        url: ["1", url],
      }),
    ],
  });

export function credentials(version: Version): Check {
  const role = object({
    role: ["1", oneOf(version === "2.2.1" ? ROLES_221 : ROLES_230)],
    business_details: ["1", businessDetails],
    party_id: ["1", ciString(3)],
    country_code: ["1", ciString(2)],
  });
  return object(
    {
      token: ["1", pattern(64, /^[\x21-\x7e]+$/)],
      url: ["1", url],
      roles: ["+", role],
      ...(version === "2.3.0" ? { hub_party_id: ["?", ciString(5)] as const } : {}),
    },
    ({ roles }, at) => {
      const names = (roles as Json[]).map((each) => `${each.role} ${each.country_code} ${each.party_id}`);
      return must(new Set(names).size === names.length, at, "roles repeat");
    },
  );
}

export const token = (version: Version): Check =>
  object({
    country_code: ["1", ciString(2)],
    party_id: ["1", ciString(3)],
    uid: ["1", ciString(36)],
    type: ["1", tokenType(version)],
    contract_id: ["1", ciString(36)],
    visual_number: ["?", string(64)],
    issuer: ["1", string(64)],
    group_id: ["?", ciString(36)],
    valid: ["1", boolean],
    whitelist: ["1", oneOf("ALWAYS ALLOWED ALLOWED_OFFLINE NEVER")],
    language: ["?", string(2)],
    default_profile_type: ["?", oneOf("CHEAP FAST GREEN REGULAR")],
    energy_contract: ["?", object({ supplier_name: ["1", string(64)], contract_id: ["?", string(64)] })],
    last_updated: ["1", dateTime],
  });

export const locationReferences = object({ location_id: ["1", ciString(36)], evse_uids: ["*", ciString(36)] });

export const commandResponse = object({
  result: ["1", oneOf("NOT_SUPPORTED REJECTED ACCEPTED UNKNOWN_SESSION")],
  timeout: ["1", int],
  message: ["*", displayText],
});
export const commandResult = object({
  result: [
    "1",
    oneOf(
      "ACCEPTED CANCELED_RESERVATION EVSE_OCCUPIED EVSE_INOPERATIVE FAILED NOT_SUPPORTED REJECTED TIMEOUT UNKNOWN_RESERVATION",
    ),
  ],
  message: ["*", displayText],
});

export const chargingProfileResponse = object({
  result: ["1", oneOf("ACCEPTED NOT_SUPPORTED REJECTED TOO_OFTEN UNKNOWN_SESSION")],
  timeout: ["1", int],
});

const chargingProfile = object(
  {
    start_date_time: ["?", dateTime],
    duration: ["?", int],
    charging_rate_unit: ["1", oneOf("W A")],
    min_charging_rate: ["?", number(1)],
    charging_profile_period: ["*", object({ start_period: ["1", int], limit: ["1", number(1)] })],
  },
  ({ charging_profile_period = [] }, at) => {
    const starts = (charging_profile_period as { start_period: number }[]).map(({ start_period }) => start_period);
    return [
      ...must(starts[0] === 0, at, "the first period does not begin with the profile"),
      ...must(
        starts.every((start, index) => index === 0 || start > starts[index - 1]!),
        at,
        "periods do not ascend",
      ),
    ];
  },
);

export const setChargingProfile = object({ charging_profile: ["1", chargingProfile], response_url: ["1", url] });

export const activeChargingProfile = object({
  start_date_time: ["1", dateTime],
  charging_profile: ["1", chargingProfile],
});

const resultType = oneOf("ACCEPTED REJECTED UNKNOWN");
/** Of a PUT and of a DELETE. */
export const profileResult = object({ result: ["1", resultType] });
export const activeChargingProfileResult = object(
  { result: ["1", resultType], profile: ["?", activeChargingProfile] },
  ({ result, profile }, at) =>
    must((result === "ACCEPTED") === (profile !== undefined), at, "profile if ACCEPTED only"),
);

export const preferencesResponse = oneOf(
  "ACCEPTED DEPARTURE_REQUIRED ENERGY_NEED_REQUIRED NOT_POSSIBLE PROFILE_TYPE_NOT_SUPPORTED",
);

export const clientInfo = (version: Version): Check =>
  object({
    party_id: ["1", ciString(3)],
    country_code: ["1", ciString(2)],
    role: ["1", oneOf(version === "2.2.1" ? ROLES_221 : ROLES_230)],
    status: ["1", oneOf("CONNECTED OFFLINE PLANNED SUSPENDED")],
    last_updated: ["1", dateTime],
  });
