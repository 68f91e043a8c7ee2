/** Locations: chapter Locations, object description and data types. */
import {
  boolean,
  type Check,
  ciString,
  dateTime,
  type Field,
  int,
  millis,
  must,
  number,
  object,
  oneOf,
  patchOf,
  pattern,
  string,
  url,
} from "./check.ts";
import {
  businessDetails,
  connectorFormat,
  connectorType,
  displayText,
  energyMix,
  geoLocation,
  image,
  powerType,
  tokenType,
  type Version,
} from "./types.ts";

type Fields = Readonly<Record<string, Field>>;

const status = oneOf("AVAILABLE BLOCKED CHARGING INOPERATIVE OUTOFORDER PLANNED REMOVED RESERVED UNKNOWN");
const capability = oneOf(`CHARGING_PROFILE_CAPABLE CHARGING_PREFERENCES_CAPABLE CHIP_CARD_SUPPORT
  CONTACTLESS_CARD_SUPPORT CREDIT_CARD_PAYABLE DEBIT_CARD_PAYABLE PED_TERMINAL REMOTE_START_STOP_CAPABLE RESERVABLE
  RFID_READER START_SESSION_CONNECTOR_REQUIRED TOKEN_GROUP_CAPABLE UNLOCK_CAPABLE`);
const facility = oneOf(`HOTEL RESTAURANT CAFE MALL SUPERMARKET SPORT RECREATION_AREA NATURE MUSEUM BIKE_SHARING BUS_STOP
  TAXI_STAND TRAM_STOP METRO_STATION TRAIN_STATION AIRPORT PARKING_LOT CARPOOL_PARKING FUEL_STATION WIFI`);
const parkingType = oneOf("ALONG_MOTORWAY PARKING_GARAGE PARKING_LOT ON_DRIVEWAY ON_STREET UNDERGROUND_GARAGE");
const parkingRestriction = (version: Version) =>
  oneOf(`EV_ONLY PLUGGED DISABLED CUSTOMERS MOTORCYCLES${version === "2.3.0" ? " EMPLOYEES TAXIS TENANTS" : ""}`);

const hourMinute = pattern(5, /^([0-1][0-9]|2[0-3]):[0-5][0-9]$/);
const regularHours = object(
  { weekday: ["1", int], period_begin: ["1", hourMinute], period_end: ["1", hourMinute] },
  ({ weekday, period_begin, period_end }, at) => [
    ...must(Number(weekday) >= 1 && Number(weekday) <= 7, at, `weekday ${weekday}`),
    ...must(String(period_end) > String(period_begin), at, `ends at ${period_end}, before it begins`),
  ],
);
const exceptional = object({ period_begin: ["1", dateTime], period_end: ["1", dateTime] });
const hours = object(
  {
    twentyfourseven: ["1", boolean],
    regular_hours: ["*", regularHours],
    exceptional_openings: ["*", exceptional],
    exceptional_closings: ["*", exceptional],
  },
  ({ twentyfourseven, regular_hours = [] }, at) =>
    must((regular_hours as []).length > 0 === !twentyfourseven, at, "regular_hours and twentyfourseven contradict"),
);

const vehicle = oneOf(
  "MOTORCYCLE PERSONAL_VEHICLE PERSONAL_VEHICLE_WITH_TRAILER VAN SEMI_TRACTOR RIGID TRUCK_WITH_TRAILER BUS DISABLED",
);
const parking = object({
  id: ["1", ciString(36)],
  physical_reference: ["?", string(12)],
  vehicle_types: ["+", vehicle],
  max_vehicle_weight: ["?", number()],
  max_vehicle_height: ["?", number()],
  max_vehicle_length: ["?", number()],
  max_vehicle_width: ["?", number()],
  parking_space_length: ["?", number()],
  parking_space_width: ["?", number()],
  dangerous_goods_allowed: ["?", boolean],
  direction: ["?", oneOf("PARALLEL PERPENDICULAR ANGLE")],
  drive_through: ["?", boolean],
  restricted_to_type: ["1", boolean],
  reservation_required: ["1", boolean],
  time_limit: ["?", number()],
  roofed: ["?", boolean],
  images: ["*", image],
  lighting: ["?", boolean],
  refrigeration_outlet: ["?", boolean],
  standards: ["*", ciString(36)],
  apds_reference: ["?", ciString(255)],
});
const evseParking = object({ parking_id: ["1", ciString(36)], evse_position: ["?", oneOf("LEFT RIGHT CENTER")] });

const publishToken = (version: Version) =>
  object({
    uid: ["?", ciString(36)],
    type: ["?", tokenType(version)],
    visual_number: ["?", string(64)],
    issuer: ["?", string(64)],
    group_id: ["?", ciString(36)],
  });

function connectorFields(version: Version): Fields {
  return {
    id: ["1", ciString(36)],
    standard: ["1", connectorType(version)],
    format: ["1", connectorFormat],
    power_type: ["1", powerType],
    max_voltage: ["1", int],
    max_amperage: ["1", int],
    max_electric_power: ["?", int],
    tariff_ids: ["*", ciString(36)],
    terms_and_conditions: ["?", url],
    last_updated: ["1", dateTime],
    ...(version === "2.3.0"
      ? { capabilities: ["*", oneOf("ISO_15118_2_PLUG_AND_CHARGE ISO_15118_20_PLUG_AND_CHARGE")] as const }
      : {}),
  };
}

const notAfter = (child: unknown, parent: unknown) => !(millis(child) > millis(parent));

function evseFields(version: Version): Fields {
  return {
    uid: ["1", ciString(36)],
    evse_id: ["?", pattern(48, /^[A-Za-z]{2}\*?[A-Za-z0-9]{3}\*?E[A-Za-z0-9*]{1,31}$/)],
    status: ["1", status],
    status_schedule: [
      "*",
      object({ period_begin: ["1", dateTime], period_end: ["?", dateTime], status: ["1", status] }),
    ],
    capabilities: ["*", capability],
    connectors: ["+", object(connectorFields(version))],
    floor_level: ["?", string(4)],
    coordinates: ["?", geoLocation],
    physical_reference: ["?", string(16)],
    directions: ["*", displayText],
    parking_restrictions: ["*", parkingRestriction(version)],
    images: ["*", image],
    last_updated: ["1", dateTime],
    ...(version === "2.3.0"
      ? { parking: ["*", evseParking] as const, accepted_service_providers: ["*", string(50)] as const }
      : {}),
  };
}

function locationFields(version: Version): Fields {
  const additional = object({
    latitude: ["1", pattern(10, /^-?[0-9]{1,2}\.[0-9]{5,7}$/)],
    longitude: ["1", pattern(11, /^-?[0-9]{1,3}\.[0-9]{5,7}$/)],
    name: ["?", displayText],
  });
  const evse = object(evseFields(version), ({ last_updated, connectors }, at) =>
    (connectors as { last_updated: string }[]).flatMap((connector) =>
      must(notAfter(connector.last_updated, last_updated), at, "last_updated is older than that of its connector"),
    ),
  );
  return {
    country_code: ["1", ciString(2)],
    party_id: ["1", ciString(3)],
    id: ["1", ciString(36)],
    publish: ["1", boolean],
    publish_allowed_to: ["*", publishToken(version)],
    name: ["?", string(255)],
    address: ["1", string(version === "2.2.1" ? 45 : 255)],
    city: ["1", string(45)],
    postal_code: ["?", string(10)],
    state: ["?", string(version === "2.2.1" ? 20 : 45)],
    country: ["1", pattern(3, /^[A-Z]{3}$/)],
    coordinates: ["1", geoLocation],
    related_locations: ["*", additional],
    parking_type: ["?", parkingType],
    evses: ["*", evse],
    directions: ["*", displayText],
    operator: ["?", businessDetails],
    suboperator: ["?", businessDetails],
    owner: ["?", businessDetails],
    facilities: ["*", facility],
    time_zone: ["1", string(255)],
    opening_times: ["?", hours],
    charging_when_closed: ["?", boolean],
    images: ["*", image],
    energy_mix: ["?", energyMix],
    last_updated: ["1", dateTime],
    ...(version === "2.3.0"
      ? { parking_places: ["*", parking] as const, help_phone: ["?", ciString(25)] as const }
      : {}),
  };
}

interface Child {
  readonly uid: string;
  readonly last_updated: string;
}

export function location(version: Version): Check {
  return object(locationFields(version), ({ publish, publish_allowed_to, evses = [], last_updated, time_zone }, at) => [
    ...must(publish === false || publish_allowed_to === undefined, at, "publish_allowed_to although published"),
    ...must(Intl.supportedValuesOf("timeZone").includes(String(time_zone)) || time_zone === "UTC", at, "time_zone"),
    ...must(new Set((evses as Child[]).map(({ uid }) => uid)).size === (evses as Child[]).length, at, "uids repeat"),
    ...(evses as Child[]).flatMap((evse) =>
      must(notAfter(evse.last_updated, last_updated), at, `last_updated is older than that of ${evse.uid}`),
    ),
  ]);
}

export const evse = (version: Version) => object(evseFields(version));
export const connector = (version: Version) => object(connectorFields(version));
export const locationPatch = (version: Version) => patchOf(locationFields(version));
export const evsePatch = (version: Version) => patchOf(evseFields(version));
export const connectorPatch = (version: Version) => patchOf(connectorFields(version));
