/** What we send, as schemas: strict, closed, for the description of our server and for checking ourselves. */
import { type TProperties, type TSchema, Type } from "../../core/schema.ts";
import type { OcpiVersion } from "../../core/site/site-upstream.ts";
import { DateTime } from "./wire.ts";

const closed = { additionalProperties: false } as const;
const object = <P extends TProperties>(properties: P) => Type.Object(properties, closed);
const optional = <S extends TSchema>(schema: S) => Type.Optional(schema);
const Id = (length: number) => Type.String({ minLength: 1, maxLength: length, pattern: "^[\\x20-\\x7e]+$" });
const Text = (length: number) => Type.String({ maxLength: length });
const Country = Type.String({ pattern: "^[A-Z]{2}$" });
const Party = Type.String({ pattern: "^[A-Z0-9]{3}$" });
const Currency = Type.String({ pattern: "^[A-Z]{3}$" });
const OneOf = (...names: readonly string[]) => Type.Union(names.map((name) => Type.Literal(name)));
const owner = { country_code: Country, party_id: Party };

const Price = (version: OcpiVersion) =>
  version === "2.2.1"
    ? object({ excl_vat: Type.Number(), incl_vat: optional(Type.Number()) })
    : object({
        before_taxes: Type.Number(),
        taxes: optional(Type.Array(object({ name: Text(100), amount: Type.Number() }))),
      });

const CdrToken = object({
  ...owner,
  uid: Id(36),
  type: OneOf("AD_HOC_USER", "APP_USER", "OTHER", "RFID", "EMAID"),
  contract_id: Id(36),
});

const Period = object({
  start_date_time: DateTime,
  dimensions: Type.Array(
    object({
      type: OneOf("ENERGY", "ENERGY_EXPORT", "TIME", "PARKING_TIME", "MAX_POWER", "POWER"),
      volume: Type.Number(),
    }),
    { minItems: 1 },
  ),
  tariff_id: optional(Id(36)),
});

/** A Session. */
export const SessionSchema = (version: OcpiVersion) =>
  object({
    ...owner,
    id: Id(36),
    start_date_time: DateTime,
    end_date_time: optional(DateTime),
    kwh: Type.Number({ minimum: 0 }),
    cdr_token: CdrToken,
    auth_method: OneOf("AUTH_REQUEST", "COMMAND", "WHITELIST"),
    authorization_reference: optional(Id(36)),
    location_id: Id(36),
    evse_uid: Id(36),
    connector_id: Id(36),
    currency: Currency,
    charging_periods: Type.Array(Period),
    total_cost: optional(Price(version)),
    status: OneOf("ACTIVE", "COMPLETED", "INVALID", "PENDING", "RESERVATION"),
    last_updated: DateTime,
  });

const Restrictions = object({
  start_time: optional(Text(5)),
  end_time: optional(Text(5)),
  start_date: optional(Text(10)),
  end_date: optional(Text(10)),
  min_kwh: optional(Type.Number()),
  max_kwh: optional(Type.Number()),
  min_power: optional(Type.Number()),
  max_power: optional(Type.Number()),
  min_duration: optional(Type.Integer()),
  max_duration: optional(Type.Integer()),
  day_of_week: optional(Type.Array(Text(9))),
});

/** A Tariff. */
export const TariffSchema = (version: OcpiVersion) => {
  const limit =
    version === "2.2.1"
      ? object({ excl_vat: Type.Number(), incl_vat: optional(Type.Number()) })
      : object({ before_taxes: Type.Number(), after_taxes: optional(Type.Number()) });
  return object({
    ...owner,
    id: Id(36),
    currency: Currency,
    type: optional(OneOf("AD_HOC_PAYMENT", "PROFILE_CHEAP", "PROFILE_FAST", "PROFILE_GREEN", "REGULAR")),
    tariff_alt_text: optional(Type.Array(object({ language: Text(2), text: Text(512) }))),
    tariff_alt_url: optional(Text(255)),
    min_price: optional(limit),
    max_price: optional(limit),
    ...(version === "2.3.0" ? { tax_included: OneOf("YES", "NO", "N/A") } : {}),
    elements: Type.Array(
      object({
        price_components: Type.Array(
          object({
            type: OneOf("ENERGY", "FLAT", "PARKING_TIME", "TIME"),
            price: Type.Number(),
            vat: optional(Type.Number()),
            step_size: Type.Integer({ minimum: 1 }),
          }),
          { minItems: 1 },
        ),
        restrictions: optional(Restrictions),
      }),
      { minItems: 1 },
    ),
    last_updated: DateTime,
  });
};

const Image = object({ url: Text(255), type: Text(4), category: Text(40) });
const ParkingPlace = object({
  id: Id(36),
  physical_reference: optional(Text(12)),
  vehicle_types: Type.Array(Text(40), { minItems: 1 }),
  max_vehicle_weight: optional(Type.Number()),
  max_vehicle_height: optional(Type.Number()),
  max_vehicle_length: optional(Type.Number()),
  max_vehicle_width: optional(Type.Number()),
  parking_space_length: optional(Type.Number()),
  parking_space_width: optional(Type.Number()),
  dangerous_goods_allowed: optional(Type.Boolean()),
  direction: optional(OneOf("PARALLEL", "PERPENDICULAR", "ANGLE")),
  drive_through: optional(Type.Boolean()),
  restricted_to_type: Type.Boolean(),
  reservation_required: Type.Boolean(),
  time_limit: optional(Type.Number()),
  roofed: optional(Type.Boolean()),
  images: optional(Type.Array(Image)),
  lighting: optional(Type.Boolean()),
  refrigeration_outlet: optional(Type.Boolean()),
  standards: optional(Type.Array(Id(36))),
  apds_reference: optional(Text(255)),
});

const PowerType = OneOf("AC_1_PHASE", "AC_2_PHASE", "AC_2_PHASE_SPLIT", "AC_3_PHASE", "DC");
const Coordinates = object({
  latitude: Type.String({ pattern: "^-?\\d{1,2}\\.\\d{5,7}$" }),
  longitude: Type.String({ pattern: "^-?\\d{1,3}\\.\\d{5,7}$" }),
});

/** A CDR. */
export const CdrSchema = (version: OcpiVersion) =>
  object({
    ...owner,
    id: Id(39),
    start_date_time: DateTime,
    end_date_time: DateTime,
    session_id: optional(Id(36)),
    cdr_token: CdrToken,
    auth_method: OneOf("AUTH_REQUEST", "COMMAND", "WHITELIST"),
    authorization_reference: optional(Id(36)),
    cdr_location: object({
      id: Id(36),
      name: optional(Text(255)),
      address: Text(45),
      city: Text(45),
      postal_code: optional(Text(10)),
      country: Type.String({ pattern: "^([A-Z]{3}|#NA)$" }),
      coordinates: Coordinates,
      evse_uid: Id(36),
      evse_id: Id(48),
      connector_id: Id(36),
      connector_standard: Text(40),
      connector_format: OneOf("SOCKET", "CABLE"),
      connector_power_type: PowerType,
    }),
    currency: Currency,
    tariffs: optional(Type.Array(TariffSchema(version))),
    charging_periods: Type.Array(Period, { minItems: 1 }),
    signed_data: optional(
      object({
        encoding_method: Id(36),
        public_key: optional(Text(512)),
        signed_values: Type.Array(object({ nature: Id(32), plain_data: Text(5_000), signed_data: Text(5_000) }), {
          minItems: 1,
        }),
      }),
    ),
    total_cost: Price(version),
    total_fixed_cost: optional(Price(version)),
    total_energy: Type.Number(),
    total_energy_cost: optional(Price(version)),
    total_time: Type.Number({ minimum: 0 }),
    total_time_cost: optional(Price(version)),
    total_parking_time: optional(Type.Number({ minimum: 0 })),
    total_parking_cost: optional(Price(version)),
    last_updated: DateTime,
  });

/** A Connector. */
export const ConnectorSchema = object({
  id: Id(36),
  standard: Text(40),
  format: OneOf("SOCKET", "CABLE"),
  power_type: PowerType,
  max_voltage: Type.Integer(),
  max_amperage: Type.Integer(),
  max_electric_power: optional(Type.Integer()),
  tariff_ids: optional(Type.Array(Id(36))),
  /** From 2.3.0 on. */
  capabilities: optional(Type.Array(Text(40))),
  last_updated: DateTime,
});

/** An EVSE of a Location. */
export const EvseSchema = object({
  uid: Id(36),
  evse_id: optional(Id(48)),
  status: OneOf(
    "AVAILABLE",
    "BLOCKED",
    "CHARGING",
    "INOPERATIVE",
    "OUTOFORDER",
    "PLANNED",
    "REMOVED",
    "RESERVED",
    "UNKNOWN",
  ),
  capabilities: optional(Type.Array(Text(40))),
  connectors: Type.Array(ConnectorSchema, { minItems: 1 }),
  physical_reference: optional(Text(16)),
  floor_level: optional(Text(4)),
  parking_restrictions: optional(Type.Array(Text(40))),
  /** From 2.3.0 on. */
  parking: optional(
    Type.Array(object({ parking_id: Id(36), evse_position: optional(OneOf("LEFT", "RIGHT", "CENTER")) })),
  ),
  accepted_service_providers: optional(Type.Array(Text(50))),
  last_updated: DateTime,
});

/** A Location. */
export const LocationSchema = (version: OcpiVersion) =>
  object({
    ...owner,
    id: Id(36),
    publish: Type.Boolean(),
    name: optional(Text(255)),
    address: Text(45),
    city: Text(45),
    postal_code: optional(Text(10)),
    country: Type.String({ pattern: "^[A-Z]{3}$" }),
    coordinates: Coordinates,
    evses: optional(Type.Array(EvseSchema)),
    operator: optional(object({ name: Text(100), website: optional(Text(255)) })),
    time_zone: Text(255),
    parking_type: optional(Text(40)),
    facilities: optional(Type.Array(Text(40))),
    opening_times: optional(
      object({
        twentyfourseven: Type.Boolean(),
        regular_hours: optional(
          Type.Array(
            object({
              weekday: Type.Integer({ minimum: 1, maximum: 7 }),
              period_begin: Type.String({ pattern: "^\\d{2}:\\d{2}$" }),
              period_end: Type.String({ pattern: "^\\d{2}:\\d{2}$" }),
            }),
          ),
        ),
      }),
    ),
    charging_when_closed: optional(Type.Boolean()),
    energy_mix: optional(
      object({
        is_green_energy: Type.Boolean(),
        energy_sources: optional(
          Type.Array(object({ source: Text(20), percentage: Type.Number({ minimum: 0, maximum: 100 }) })),
        ),
        environ_impact: optional(Type.Array(object({ category: Text(20), amount: Type.Number({ minimum: 0 }) }))),
        supplier_name: optional(Text(64)),
        energy_product_name: optional(Text(64)),
      }),
    ),
    ...(version === "2.3.0"
      ? { help_phone: optional(Text(25)), parking_places: optional(Type.Array(ParkingPlace)) }
      : {}),
    last_updated: DateTime,
  });
