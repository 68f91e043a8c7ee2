/** RESERVE_NOW and CANCEL_RESERVATION. Partners' ids clash with each other: charge points are told ids of ours. */
import { lostReservations } from "../../core/market/reservations.ts";
import type { EvseModel, SiteModel } from "../../core/site/site-model.ts";
import type { SiteState } from "../../core/state/state.ts";
import { type Reservation, reservationKey } from "../../core/state/upstream.ts";
import { idTagOf } from "../drivers/id-tag.ts";
import { contractOf } from "../drivers/register.ts";
import type { OcpiRequest } from "../module.ts";
import type { Results } from "../results.ts";
import { readCancelReservation, readReserveNow } from "../schemas/requests.ts";
import { timeMs } from "../schemas/wire.ts";
import type { Reply } from "../status.ts";
import { type CommandDesk, foreign, immediately, noSuchLocation } from "./command-desk.ts";
import type { ModuleContext } from "./context.ts";

function knownReservation(desk: CommandDesk, { partner }: OcpiRequest, id: string): Reservation | undefined {
  return desk.context.site.state().upstream.reservations[reservationKey(partner.id, id)];
}

/** The same id replaces, at the same charge point. */
function chargePointId(desk: CommandDesk, known: Reservation | undefined, evse: EvseModel): number {
  const { model, site } = desk.context;
  const isSame = known && model.evseById.get(known.evseId)?.chargePointId === evse.chargePointId;
  return isSame ? known.chargePointReservationId : site.state().seq + 1;
}

/** Unique as those of transactions are, which end in digits only. */
function reservedSessionId({ configuration }: SiteModel, reservationId: number, nowMs: number): string {
  return `${configuration.site.id.slice(0, 14)}-${Math.floor(nowMs / 1000).toString(36)}-r${reservationId}`;
}

/** Whether the charge point of an EVSE keeps places, as far as it says. */
function mayReserve(state: SiteState, { chargePointId }: Pick<EvseModel, "chargePointId">): boolean {
  return state.chargePoints.byId[chargePointId]?.reserves !== false;
}

/** Where the partner hears of it when the site cannot keep it. */
function addressOf({ from, correlationId, version }: OcpiRequest, responseUrl: string) {
  const correlation = correlationId === undefined ? {} : { correlationId };
  return { responseUrl, version, ...(from ? { from } : {}), ...correlation };
}

export function reserve(desk: CommandDesk, request: OcpiRequest): Reply | Promise<Reply> {
  const { site, model } = desk.context;
  return desk.read(request, readReserveNow(request.body), (body) => {
    if (!desk.isHere(body.location_id)) return noSuchLocation;
    const before = knownReservation(desk, request, body.reservation_id);
    const known = before?.lost ? undefined : before;
    const evse = desk.evseFor(body.evse_uid, known && model.evseById.get(known.evseId));
    if ("instead" in evse) return evse.instead;
    const expiresAtMs = timeMs(body.expiry_date);
    const refused =
      desk.uncovered(request, evse, true) ??
      foreign(request, body.token) ??
      (expiresAtMs <= request.nowMs ? immediately("REJECTED", "The reservation has run out already") : undefined) ??
      (mayReserve(site.state(), evse) ? desk.away(evse) : immediately("NOT_SUPPORTED", "It keeps no places"));
    if (refused) return refused;
    const { id: partnerId } = request.partner;
    const reservationId = chargePointId(desk, known, evse);
    const token = idTagOf(body.token);
    const what = { token, expiresAtMs };
    const at = { chargePointId: evse.chargePointId, connector: evse.connector, reservationId };
    const { response_url: responseUrl, reservation_id } = body;
    const ids = { evseId: evse.id, reservationId: reservation_id, token };
    const owed = { kind: "RESERVE_NOW", responseUrl, ...ids } as const;
    const contract = contractOf(partnerId, body.token);
    const { authorization_reference } = body;
    const reference = authorization_reference === undefined ? {} : { authorizationReference: authorization_reference };
    const sessionId = known?.sessionId ?? reservedSessionId(model, reservationId, request.nowMs);
    const word = { ...what, allowed: true, answer: "ALLOWED", how: "command", contract, ...reference } as const;
    const { expiresAtMs: _, ...driver } = word;
    const drafts = [{ type: "driver-authorised", source: `partner:${partnerId}`, data: driver }] as const;
    const accepted = async () => {
      const market = { sessionId, contract, ...reference, ...addressOf(request, responseUrl) };
      const data = { ...ids, ...what, ...market, partnerId, chargePointReservationId: reservationId };
      await site.record([{ type: "reservation-made", source: `partner:${partnerId}`, data }]);
    };
    return desk.follow(request, owed, { type: "reserve", ...at, ...what }, { accepted, drafts });
  });
}

export function cancelReservation(desk: CommandDesk, request: OcpiRequest): Reply | Promise<Reply> {
  const { site, model } = desk.context;
  return desk.read(request, readCancelReservation(request.body), ({ reservation_id, response_url: responseUrl }) => {
    const known = knownReservation(desk, request, reservation_id);
    const evse = known && model.evseById.get(known.evseId);
    const owed = { kind: "CANCEL_RESERVATION", responseUrl, reservationId: reservation_id } as const;
    if (!known || !evse || known.expiresAtMs <= request.nowMs) return desk.answer(request, owed, "UNKNOWN_RESERVATION");
    if (known.lost) return desk.answer(request, owed, "CANCELED_RESERVATION");
    const away = desk.away(evse);
    if (away) return away;
    const { id: partnerId } = request.partner;
    const at = { chargePointId: evse.chargePointId, reservationId: known.chargePointReservationId };
    const accepted = async () => {
      const { sessionId } = known;
      const session = sessionId === undefined ? {} : { sessionId };
      const data = { partnerId, reservationId: reservation_id, ...session };
      await site.record([{ type: "reservation-cancelled", source: `partner:${partnerId}`, data }]);
    };
    return desk.follow(request, owed, { type: "cancel-reservation", ...at }, { accepted });
  });
}

/** Tells partners, at the address of their RESERVE_NOW, of places that cannot be kept for them. */
export function watchReservations(
  { site, clock, log }: Pick<ModuleContext, "site" | "clock" | "log">,
  results: Pick<Results, "tell">,
): () => void {
  function look(): void {
    for (const { ids, reservation } of lostReservations(site.state(), clock.wallMs())) {
      const { sessionId, responseUrl, correlationId, from, version = "2.2.1", evseId, token } = reservation;
      const session = sessionId === undefined ? {} : { sessionId };
      const drafts = [
        { type: "reservation-cancelled", source: "site", data: { ...ids, ...session, bySite: true } },
      ] as const;
      const told = {
        ...({ ...ids, kind: "RESERVE_NOW", version, evseId, token, result: "CANCELED_RESERVATION" } as const),
        ...(from ? { from } : {}),
        ...(correlationId === undefined ? {} : { correlationId }),
      };
      const done = responseUrl === undefined ? site.record(drafts) : results.tell({ ...told, responseUrl }, drafts);
      done.catch((error) => log.warn("A reservation could not be ended", { error: String(error) }));
    }
  }
  look();
  return site.subscribe((facts) => {
    if (facts.some(({ type }) => type === "evse-status-changed")) look();
  });
}
