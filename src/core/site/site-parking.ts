/** The part of `site.yaml` that describes places to park, as OCPI 2.3.0 and AFIR want them. Nothing of it is assumed. */
import { Type } from "../schema.ts";

const closed = { additionalProperties: false } as const;
const Name = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const Flag = Type.Optional(Type.Boolean());
const Length = (description: string) => Type.Optional(Type.Number({ minimum: 1, maximum: 100_000, description }));
const oneOf = <const N extends readonly string[]>(names: N) =>
  Type.Unsafe<N[number]>(Type.Union(names.map((name) => Type.Literal(name))));

/** VehicleType is open: other words are sent as they are. */
const VehicleType = Type.String({
  pattern: "^[A-Z_]{1,40}$",
  description: "VehicleType of OCPI 2.3.0, e.g. PERSONAL_VEHICLE, VAN, TRUCK_WITH_TRAILER, DISABLED",
});

const ImageSchema = Type.Object(
  {
    url: Type.String({ pattern: "^https?://", maxLength: 255 }),
    type: Type.String({ pattern: "^[a-z]{2,4}$", description: "Of the file: jpeg, png, svg" }),
    category: Type.String({ default: "LOCATION", pattern: "^[A-Z_]{1,40}$" }),
  },
  closed,
);

export const ParkingPlaceSchema = Type.Object(
  {
    id: Name(36),
    physicalReference: Type.Optional(Name(12)),
    vehicleTypes: Type.Array(VehicleType, { minItems: 1, maxItems: 16 }),
    maxVehicleWeightKg: Length("Of vehicles, kg"),
    maxVehicleHeightCm: Length("Of vehicles, cm"),
    maxVehicleLengthCm: Length("Of vehicles, cm"),
    maxVehicleWidthCm: Length("Of vehicles, cm"),
    spaceLengthCm: Length("Of the space, cm"),
    spaceWidthCm: Length("Of the space, cm"),
    dangerousGoodsAllowed: Flag,
    direction: Type.Optional(oneOf(["PARALLEL", "PERPENDICULAR", "ANGLE"])),
    driveThrough: Flag,
    restrictedToType: Type.Boolean({ description: "Vehicles of other types are forbidden" }),
    reservationRequired: Type.Boolean(),
    timeLimitMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 525_600 })),
    roofed: Flag,
    lighting: Flag,
    refrigerationOutlet: Flag,
    standards: Type.Array(Name(36), { default: [], maxItems: 8, description: "E.g. PAS 1899" }),
    apdsReference: Type.Optional(Name(255)),
    images: Type.Array(ImageSchema, { default: [], maxItems: 8 }),
  },
  closed,
);

/** What an EVSE says of the places beside it. */
export const EVSE_PARKING = {
  parking: Type.Array(
    Type.Object(
      {
        place: Type.String({ maxLength: 36, description: "Id of a parking place of the location" }),
        position: Type.Optional(oneOf(["LEFT", "RIGHT", "CENTER"])),
      },
      closed,
    ),
    { default: [], maxItems: 8 },
  ),
  parkingRestrictions: Type.Array(Type.String({ pattern: "^[A-Z_]{1,40}$" }), {
    default: [],
    maxItems: 8,
    description: "ParkingRestriction of OCPI, e.g. EV_ONLY, DISABLED, CUSTOMERS",
  }),
  floorLevel: Type.Optional(Name(4)),
  plugAndCharge: Type.Array(oneOf(["ISO_15118_2_PLUG_AND_CHARGE", "ISO_15118_20_PLUG_AND_CHARGE"]), {
    default: [],
    maxItems: 2,
    description: "Where drivers can indeed use it",
  }),
} as const;
