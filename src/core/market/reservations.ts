/** When reservations end that nobody makes use of: they run out, or the EVSE breaks down. Pure. */
import type { SiteDraft } from "../facts/index.ts";
import type { SiteState } from "../state/state.ts";
import type { Reservation } from "../state/upstream.ts";

export interface ReservationIds {
  readonly partnerId: string;
  readonly reservationId: string;
}

function idsOf(key: string): ReservationIds {
  const slash = key.indexOf("/");
  return { partnerId: key.slice(0, slash), reservationId: key.slice(slash + 1) };
}

/** Reservations that have run out and that nobody made use of. */
export function dueReservationEnds({ upstream }: SiteState, nowMs: number): SiteDraft[] {
  return Object.entries(upstream.reservations).flatMap(([key, { expiresAtMs, sessionId }]) => {
    if (expiresAtMs > nowMs || sessionId === undefined) return [];
    return [{ type: "reservation-cancelled", source: "billing", data: { ...idsOf(key), sessionId, expired: true } }];
  });
}

/** Charge points end a reservation when its connector is out of order (OCPP 1.6, 5.13; 2.0.1, H01). */
const OUT_OF_ORDER = new Set(["faulted", "unavailable"]);

/** Reservations whose EVSE has broken down. */
export function lostReservations(
  { upstream, chargePoints }: SiteState,
  nowMs: number,
): { readonly ids: ReservationIds; readonly reservation: Reservation }[] {
  return Object.entries(upstream.reservations).flatMap(([key, reservation]) => {
    const isOut = OUT_OF_ORDER.has(chargePoints.evses[reservation.evseId]?.status ?? "");
    if (!isOut || reservation.lost || reservation.expiresAtMs <= nowMs) return [];
    return [{ ids: idsOf(key), reservation }];
  });
}
