/** Commands of partners to charge points: answered at once, their result follows. */
import { openSessionAt } from "../../core/state/sessions.ts";
import { idTagOf } from "../drivers/id-tag.ts";
import { contractOf } from "../drivers/register.ts";
import type { Module, ModuleRoute, OcpiRequest } from "../module.ts";
import { CONNECTOR_ID, evseOfUid } from "../objects/location.ts";
import type { NoteRefusal } from "../refused.ts";
import type { Results } from "../results.ts";
import { readStartSession, readStopSession, readUnlockConnector } from "../schemas/requests.ts";
import { INVALID_PARAMETERS, type Reply, refuse, UNKNOWN_LOCATION } from "../status.ts";
import { CommandDesk, foreign, immediately, noSuchLocation } from "./command-desk.ts";
import type { ModuleContext } from "./context.ts";
import { cancelReservation, reserve } from "./reservations.ts";

const noConnector = refuse(UNKNOWN_LOCATION, "There is no such connector");

function start(desk: CommandDesk, request: OcpiRequest): Reply | Promise<Reply> {
  return desk.read(request, readStartSession(request.body), (body) => {
    const { token, connector_id, authorization_reference } = body;
    if (!desk.isHere(body.location_id)) return noSuchLocation;
    if (connector_id !== undefined && body.evse_uid === undefined)
      return refuse(INVALID_PARAMETERS, "connector_id without evse_uid");
    const evse = desk.evseFor(body.evse_uid);
    if ("instead" in evse) return evse.instead;
    if (connector_id !== undefined && connector_id !== CONNECTOR_ID) return noConnector;
    const { response_url: responseUrl } = body;
    const idTag = idTagOf(token);
    const owed = { kind: "START_SESSION", responseUrl, evseId: evse.id, token: idTag } as const;
    const refused =
      desk.uncovered(request, evse, true) ?? foreign(request, token) ?? desk.obstacle(request, evse, owed);
    if (refused) return refused;
    const { id: partnerId } = request.partner;
    const reference = authorization_reference === undefined ? {} : { authorizationReference: authorization_reference };
    const word = {
      token: idTag,
      allowed: true,
      answer: "ALLOWED",
      how: "command",
      contract: contractOf(partnerId, token),
      ...reference,
    } as const;
    const drafts = [{ type: "driver-authorised", source: `partner:${partnerId}`, data: word }] as const;
    const at = { chargePointId: evse.chargePointId, connector: evse.connector };
    return desk.follow(request, owed, { type: "start-transaction", ...at, token: idTag }, { drafts });
  });
}

function stop(desk: CommandDesk, request: OcpiRequest): Reply | Promise<Reply> {
  return desk.read(request, readStopSession(request.body), ({ session_id, response_url: responseUrl }) => {
    const session = desk.openSession(request, session_id);
    const evse = session && desk.context.model.evseById.get(session.evseId);
    if (!session || !evse) return immediately("UNKNOWN_SESSION");
    const refused = desk.uncovered(request, evse, desk.isOwnSession(request, session)) ?? desk.away(evse);
    if (refused) return refused;
    const { transactionId, chargePointId, remoteId } = session;
    const remote = remoteId === undefined ? {} : { remoteId };
    const owed = { kind: "STOP_SESSION", responseUrl, transactionId } as const;
    return desk.follow(request, owed, { type: "stop-transaction", chargePointId, transactionId, ...remote });
  });
}

function unlock(desk: CommandDesk, request: OcpiRequest): Reply | Promise<Reply> {
  const { site, model } = desk.context;
  return desk.read(request, readUnlockConnector(request.body), (body) => {
    const evse = desk.isHere(body.location_id) ? evseOfUid(model, body.evse_uid) : undefined;
    if (!evse || body.connector_id !== CONNECTOR_ID) return noConnector;
    const session = openSessionAt(site.state().sessions, evse.id);
    const refused = desk.uncovered(request, evse, !session || desk.isOwnSession(request, session)) ?? desk.away(evse);
    if (refused) return refused;
    const { chargePointId, connector } = evse;
    const owed = { kind: "UNLOCK_CONNECTOR", responseUrl: body.response_url, evseId: evse.id } as const;
    return desk.follow(request, owed, { type: "unlock", chargePointId, connector });
  });
}

const COMMANDS = [
  ["START_SESSION", "StartSession", start],
  ["STOP_SESSION", "StopSession", stop],
  ["UNLOCK_CONNECTOR", "UnlockConnector", unlock],
  ["RESERVE_NOW", "ReserveNow", reserve],
  ["CANCEL_RESERVATION", "CancelReservation", cancelReservation],
] as const;

export function commandsModule(
  context: ModuleContext,
  tools: { readonly results: Results; readonly noteRefusal: NoteRefusal },
): Module {
  const desk = new CommandDesk(context, tools);
  return {
    identifier: "commands",
    role: "RECEIVER",
    path: "cpo/commands",
    routes: [
      ...COMMANDS.map(
        ([path, body, command]): ModuleRoute => ({
          method: "POST",
          path: `/${path}`,
          about: { summary: `The command ${path}; its result follows`, body, data: "CommandResponse" },
          handle: (request) => command(desk, request),
        }),
      ),
      {
        method: "POST",
        path: "/:command",
        about: { summary: "Any other command is answered NOT_SUPPORTED", data: "CommandResponse" },
        handle: ({ params: { command = "" } }) =>
          immediately("NOT_SUPPORTED", `There is no command ${command.slice(0, 40)} here`),
      },
    ],
  };
}
