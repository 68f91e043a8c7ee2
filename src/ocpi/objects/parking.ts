/** What OCPI 2.3.0 adds for AFIR: places to park, whose contracts are accepted, whom to call. Only what is configured. */
import type { UpstreamConfiguration } from "../../core/site/site-upstream.ts";
import { some, type WireObject } from "./wire-object.ts";

type Place = NonNullable<UpstreamConfiguration["location"]>;
type ParkingPlace = Place["parkingPlaces"][number];
type EvseInMarket = UpstreamConfiguration["evses"][number];

function parkingObject(place: ParkingPlace): WireObject {
  return {
    id: place.id,
    physical_reference: place.physicalReference,
    vehicle_types: place.vehicleTypes,
    max_vehicle_weight: place.maxVehicleWeightKg,
    max_vehicle_height: place.maxVehicleHeightCm,
    max_vehicle_length: place.maxVehicleLengthCm,
    max_vehicle_width: place.maxVehicleWidthCm,
    parking_space_length: place.spaceLengthCm,
    parking_space_width: place.spaceWidthCm,
    dangerous_goods_allowed: place.dangerousGoodsAllowed,
    direction: place.direction,
    drive_through: place.driveThrough,
    restricted_to_type: place.restrictedToType,
    reservation_required: place.reservationRequired,
    time_limit: place.timeLimitMinutes,
    roofed: place.roofed,
    images: some(place.images),
    lighting: place.lighting,
    refrigeration_outlet: place.refrigerationOutlet,
    standards: some(place.standards),
    apds_reference: place.apdsReference,
  };
}

/** Of a location. */
export function place230(place: Place): WireObject {
  return { help_phone: place.helpPhone, parking_places: some(place.parkingPlaces.map(parkingObject)) };
}

/** Of an EVSE. */
export function evse230(upstream: UpstreamConfiguration, evse: EvseInMarket | undefined): WireObject {
  const parking = (evse?.parking ?? []).map(({ place, position }) => ({ parking_id: place, evse_position: position }));
  return {
    parking: some(parking),
    accepted_service_providers: some(upstream.location?.acceptedServiceProviders),
  };
}
