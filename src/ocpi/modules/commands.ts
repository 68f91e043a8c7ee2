/** Commands of partners to charge points: answered at once, their result follows. */
import type { ChargePointCommand, CommandResult } from "../../core/charge-point-input.ts";
import { whyNotCovered } from "../../core/market/arbitrate.ts";
import type { EvseModel } from "../../core/site-model.ts";
import { openSessionAt, type Session } from "../../core/state/sessions.ts";
import { reservationKey } from "../../core/state/upstream.ts";
import { contractOf } from "../drivers/register.ts";
import type { Module, OcpiRequest } from "../module.ts";
import { CONNECTOR_ID, evseOfUid, locationId } from "../objects/location.ts";
import { sessionOf, transactionOf } from "../objects/session.ts";
import type { NoteRefusal } from "../refused.ts";
import { RESULT_WITHIN_S, type Results } from "../results.ts";
import {
  readCancelReservation,
  readReserveNow,
  readStartSession,
  readStopSession,
  readUnlockConnector,
} from "../schemas/requests.ts";
import { type Parsed, timeMs } from "../schemas/wire.ts";
import { INVALID_PARAMETERS, type Reply, refuse, UNKNOWN_LOCATION } from "../status.ts";
import { isOwn } from "../visible.ts";
import { type ModuleContext, marketOf } from "./context.ts";

type Response = "ACCEPTED" | "NOT_SUPPORTED" | "REJECTED" | "UNKNOWN_SESSION";

const RESULTS: Readonly<Record<CommandResult["status"], string>> = {
  accepted: "ACCEPTED",
  rejected: "REJECTED",
  "not-supported": "NOT_SUPPORTED",
  "no-answer": "TIMEOUT",
  offline: "FAILED",
};
/** Why charge points do not reserve, as they say it. */
const REASONS: Readonly<Record<string, string>> = {
  Occupied: "EVSE_OCCUPIED",
  Faulted: "EVSE_INOPERATIVE",
  Unavailable: "EVSE_INOPERATIVE",
};

function resultName({ status, detail }: CommandResult): string {
  const reason = status === "rejected" ? REASONS[detail.split(" ")[0] ?? ""] : undefined;
  return reason ?? RESULTS[status];
}

/** OCPP 1.6 knows no longer ones. */
const LONGEST_ID_TAG = 20;

function immediately(result: Response, text?: string): Reply {
  const message = text === undefined ? {} : { message: [{ language: "en", text }] };
  return { ok: true, data: { result, timeout: result === "ACCEPTED" ? RESULT_WITHIN_S : 0, ...message } };
}

export function commandsModule(
  context: ModuleContext,
  tools: { readonly results: Results; readonly noteRefusal: NoteRefusal },
): Module {
  const { site, model, upstream } = context;
  const { results, noteRefusal } = tools;

  /** Reads the body and looks at the address of the result; then the command itself. */
  function read<T extends { readonly response_url: string }>(
    request: OcpiRequest,
    parsed: Parsed<T>,
    act: (body: T) => Reply | Promise<Reply>,
  ): Reply | Promise<Reply> {
    if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
    return results.check(request.partner, parsed.value.response_url) ?? act(parsed.value);
  }

  function rejected(request: OcpiRequest, what: string, reason: string): Reply {
    noteRefusal(request.partner.id, what, reason);
    return immediately("REJECTED", reason);
  }

  function whyNot(request: OcpiRequest, evse: EvseModel, own: boolean): string | undefined {
    return whyNotCovered({ partner: request.partner.configuration, right: "commands", evseId: evse.id, own });
  }

  /** Sends the command and then its result; `accepted` is done before the partner hears that it was. */
  function follow(
    request: OcpiRequest,
    responseUrl: string,
    command: ChargePointCommand,
    accepted: () => Promise<void> = async () => {},
  ): Reply {
    results.send(request, responseUrl, async () => {
      const result = await site.command(command, `partner:${request.partner.id}`);
      if (result.status === "accepted") await accepted();
      const text = result.detail.slice(0, 500);
      return { result: resultName(result), message: text === "" ? undefined : [{ language: "en", text }] };
    });
    return immediately("ACCEPTED");
  }

  /** An EVSE where a car may begin: one that waits for it first. */
  function freeEvse(): EvseModel | undefined {
    const { chargePoints, sessions } = site.state();
    const free = model.evses.filter(
      (evse) => chargePoints.byId[evse.chargePointId]?.connected === true && !openSessionAt(sessions, evse.id),
    );
    const status = (evse: EvseModel) => chargePoints.evses[evse.id]?.status;
    return free.find((evse) => status(evse) === "preparing") ?? free.find((evse) => status(evse) === "available");
  }

  const isHere = (id: string) => id.toLowerCase() === locationId({ site: model, upstream }).toLowerCase();

  const start = (request: OcpiRequest) =>
    read(request, readStartSession(request.body), async (body) => {
      const { token, evse_uid, connector_id, authorization_reference, response_url } = body;
      if (!isHere(body.location_id)) return refuse(UNKNOWN_LOCATION, "There is no such location");
      const evse = evse_uid === undefined ? freeEvse() : evseOfUid(model, evse_uid);
      if (!evse)
        return evse_uid === undefined
          ? immediately("REJECTED", "No EVSE is free")
          : refuse(UNKNOWN_LOCATION, "There is no such EVSE");
      if (connector_id !== undefined && connector_id !== CONNECTOR_ID)
        return refuse(UNKNOWN_LOCATION, "There is no such connector");
      const why = whyNot(request, evse, true);
      if (why !== undefined) return rejected(request, "commands", why);
      if (token.uid.length > LONGEST_ID_TAG)
        return immediately("REJECTED", `A uid may have ${LONGEST_ID_TAG} characters here`);
      if (openSessionAt(site.state().sessions, evse.id)) return immediately("REJECTED", "The EVSE is occupied");
      const reference =
        authorization_reference === undefined ? {} : { authorizationReference: authorization_reference };
      const contract = contractOf(request.partner.id, token);
      await site.record([
        {
          type: "driver-authorised",
          source: `partner:${request.partner.id}`,
          data: { token: token.uid, allowed: true, answer: "ALLOWED", how: "command", contract, ...reference },
        },
      ]);
      const { chargePointId, connector } = evse;
      return follow(request, response_url, { type: "start-transaction", chargePointId, connector, token: token.uid });
    });

  function openSession(request: OcpiRequest, id: string): Session | undefined {
    const market = marketOf(context, request.version);
    const transactionId = transactionOf(market, id);
    const session = transactionId === undefined ? undefined : sessionOf(market, transactionId);
    return session?.endedMs === undefined ? session : undefined;
  }

  const stop = (request: OcpiRequest) =>
    read(request, readStopSession(request.body), ({ session_id, response_url }) => {
      const session = openSession(request, session_id);
      const evse = session && model.evseById.get(session.evseId);
      if (!session || !evse) return immediately("UNKNOWN_SESSION");
      const driver = site.state().upstream.sessions[session.transactionId]?.driver;
      const why = whyNot(request, evse, isOwn(request.partner, driver?.contract));
      if (why !== undefined) return rejected(request, "commands", why);
      const { transactionId, chargePointId, remoteId } = session;
      const remote = remoteId === undefined ? {} : { remoteId };
      return follow(request, response_url, { type: "stop-transaction", chargePointId, transactionId, ...remote });
    });

  const unlock = (request: OcpiRequest) =>
    read(request, readUnlockConnector(request.body), (body) => {
      const evse = isHere(body.location_id) ? evseOfUid(model, body.evse_uid) : undefined;
      if (!evse || body.connector_id !== CONNECTOR_ID) return refuse(UNKNOWN_LOCATION, "There is no such connector");
      const session = openSessionAt(site.state().sessions, evse.id);
      const driver = session && site.state().upstream.sessions[session.transactionId]?.driver;
      const why = whyNot(request, evse, !session || isOwn(request.partner, driver?.contract));
      if (why !== undefined) return rejected(request, "commands", why);
      const { chargePointId, connector } = evse;
      return follow(request, body.response_url, { type: "unlock", chargePointId, connector });
    });

  const reserve = (request: OcpiRequest) =>
    read(request, readReserveNow(request.body), (body) => {
      const { token, evse_uid, reservation_id, response_url } = body;
      const { id: partnerId } = request.partner;
      if (!isHere(body.location_id)) return refuse(UNKNOWN_LOCATION, "There is no such location");
      const known = site.state().upstream.reservations[reservationKey(partnerId, reservation_id)];
      const evse =
        evse_uid === undefined
          ? ((known && model.evseById.get(known.evseId)) ?? freeEvse())
          : evseOfUid(model, evse_uid);
      if (!evse)
        return evse_uid === undefined
          ? immediately("REJECTED", "No EVSE is free")
          : refuse(UNKNOWN_LOCATION, "There is no such EVSE");
      const why = whyNot(request, evse, true);
      if (why !== undefined) return rejected(request, "commands", why);
      const expiresAtMs = timeMs(body.expiry_date);
      if (expiresAtMs <= request.nowMs) return immediately("REJECTED", "The reservation has run out already");
      if (token.uid.length > LONGEST_ID_TAG)
        return immediately("REJECTED", `A uid may have ${LONGEST_ID_TAG} characters here`);
      // The same id replaces, at the same charge point.
      const same = known && model.evseById.get(known.evseId)?.chargePointId === evse.chargePointId ? known : undefined;
      const chargePointReservationId = same?.chargePointReservationId ?? site.state().seq + 1;
      const { chargePointId, connector, id: evseId } = evse;
      const reservationId = chargePointReservationId;
      const command = {
        type: "reserve",
        chargePointId,
        connector,
        reservationId,
        token: token.uid,
        expiresAtMs,
      } as const;
      return follow(request, response_url, command, async () => {
        const data = {
          partnerId,
          reservationId: reservation_id,
          chargePointReservationId,
          evseId,
          token: token.uid,
          expiresAtMs,
        };
        await site.record([{ type: "reservation-made", source: `partner:${partnerId}`, data }]);
      });
    });

  const cancel = (request: OcpiRequest) =>
    read(request, readCancelReservation(request.body), ({ reservation_id, response_url }) => {
      const { id: partnerId } = request.partner;
      const known = site.state().upstream.reservations[reservationKey(partnerId, reservation_id)];
      const evse = known && model.evseById.get(known.evseId);
      if (!known || !evse || known.expiresAtMs <= request.nowMs) {
        results.send(request, response_url, async () => ({ result: "UNKNOWN_RESERVATION" }));
        return immediately("ACCEPTED");
      }
      const { chargePointId } = evse;
      const reservationId = known.chargePointReservationId;
      return follow(request, response_url, { type: "cancel-reservation", chargePointId, reservationId }, async () => {
        const data = { partnerId, reservationId: reservation_id };
        await site.record([{ type: "reservation-cancelled", source: `partner:${partnerId}`, data }]);
      });
    });

  return {
    identifier: "commands",
    role: "RECEIVER",
    path: "cpo/commands",
    routes: [
      { method: "POST", path: "/START_SESSION", handle: start },
      { method: "POST", path: "/STOP_SESSION", handle: stop },
      { method: "POST", path: "/UNLOCK_CONNECTOR", handle: unlock },
      { method: "POST", path: "/RESERVE_NOW", handle: reserve },
      { method: "POST", path: "/CANCEL_RESERVATION", handle: cancel },
    ],
  };
}
