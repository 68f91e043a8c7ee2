/** RESERVE_NOW and CANCEL_RESERVATION. Partners' ids clash with each other: charge points are told ids of ours. */
import type { EvseModel } from "../../core/site/site-model.ts";
import { type Reservation, reservationKey } from "../../core/state/upstream.ts";
import type { OcpiRequest } from "../module.ts";
import { readCancelReservation, readReserveNow } from "../schemas/requests.ts";
import { timeMs } from "../schemas/wire.ts";
import type { Reply } from "../status.ts";
import { type CommandDesk, immediately, noSuchLocation, tooLong } from "./command-desk.ts";

function knownReservation(desk: CommandDesk, { partner }: OcpiRequest, id: string): Reservation | undefined {
  return desk.context.site.state().upstream.reservations[reservationKey(partner.id, id)];
}

/** The same id replaces, at the same charge point. */
function chargePointId(desk: CommandDesk, known: Reservation | undefined, evse: EvseModel): number {
  const { model, site } = desk.context;
  const isSame = known && model.evseById.get(known.evseId)?.chargePointId === evse.chargePointId;
  return isSame ? known.chargePointReservationId : site.state().seq + 1;
}

export function reserve(desk: CommandDesk, request: OcpiRequest): Reply | Promise<Reply> {
  const { site, model } = desk.context;
  return desk.read(request, readReserveNow(request.body), (body) => {
    if (!desk.isHere(body.location_id)) return noSuchLocation;
    const known = knownReservation(desk, request, body.reservation_id);
    const evse = desk.evseFor(body.evse_uid, known && model.evseById.get(known.evseId));
    if ("instead" in evse) return evse.instead;
    const expiresAtMs = timeMs(body.expiry_date);
    const isLate = expiresAtMs <= request.nowMs;
    const refused =
      desk.uncovered(request, evse, true) ??
      tooLong(body.token.uid) ??
      (isLate ? immediately("REJECTED", "The reservation has run out already") : undefined);
    if (refused) return refused;
    const { id: partnerId } = request.partner;
    const reservationId = chargePointId(desk, known, evse);
    const what = { token: body.token.uid, expiresAtMs };
    const at = { chargePointId: evse.chargePointId, connector: evse.connector, reservationId };
    return desk.follow(request, body.response_url, { type: "reserve", ...at, ...what }, async () => {
      const ids = { partnerId, reservationId: body.reservation_id, chargePointReservationId: reservationId };
      const data = { ...ids, ...what, evseId: evse.id };
      await site.record([{ type: "reservation-made", source: `partner:${partnerId}`, data }]);
    });
  });
}

export function cancelReservation(desk: CommandDesk, request: OcpiRequest): Reply | Promise<Reply> {
  const { site, model } = desk.context;
  return desk.read(request, readCancelReservation(request.body), ({ reservation_id, response_url }) => {
    const known = knownReservation(desk, request, reservation_id);
    const evse = known && model.evseById.get(known.evseId);
    if (!known || !evse || known.expiresAtMs <= request.nowMs) {
      desk.results.send(request, response_url, async () => ({ result: "UNKNOWN_RESERVATION" }));
      return immediately("ACCEPTED");
    }
    const { id: partnerId } = request.partner;
    const at = { chargePointId: evse.chargePointId, reservationId: known.chargePointReservationId };
    return desk.follow(request, response_url, { type: "cancel-reservation", ...at }, async () => {
      const data = { partnerId, reservationId: reservation_id };
      await site.record([{ type: "reservation-cancelled", source: `partner:${partnerId}`, data }]);
    });
  });
}
