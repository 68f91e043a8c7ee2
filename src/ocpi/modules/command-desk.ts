/** What all commands share: reading, contracts, the EVSE that is meant, and the result that follows. */
import type { ChargePointCommand, CommandResult } from "../../core/charge-point-input.ts";
import type { SiteDraft } from "../../core/facts/index.ts";
import { whyNotCovered } from "../../core/market/arbitrate.ts";
import type { EvseModel } from "../../core/site/site-model.ts";
import { openSessionAt, type Session } from "../../core/state/sessions.ts";
import type { OcpiRequest } from "../module.ts";
import { evseOfUid, locationId } from "../objects/location.ts";
import { sessionById } from "../objects/session.ts";
import type { NoteRefusal } from "../refused.ts";
import { type Owed, RESULT_WITHIN_S, type Results } from "../results.ts";
import type { Token } from "../schemas/requests.ts";
import type { Parsed } from "../schemas/wire.ts";
import { INVALID_PARAMETERS, type Refusal, type Reply, refuse, UNKNOWN_LOCATION } from "../status.ts";
import { isOwn, isOwnToken } from "../visible.ts";
import { type ModuleContext, marketOf } from "./context.ts";

type Response = "ACCEPTED" | "NOT_SUPPORTED" | "REJECTED" | "UNKNOWN_SESSION";

const RESULTS: Readonly<Record<CommandResult["status"], string>> = {
  accepted: "ACCEPTED",
  rejected: "REJECTED",
  "not-supported": "NOT_SUPPORTED",
  "no-answer": "TIMEOUT",
  offline: "FAILED",
};
/** Why charge points do not do it, as they say it. */
const REASONS: Readonly<Record<string, string>> = {
  Occupied: "EVSE_OCCUPIED",
  Faulted: "EVSE_INOPERATIVE",
  Unavailable: "EVSE_INOPERATIVE",
  UnlockFailed: "FAILED",
};

function resultName(command: ChargePointCommand, { status, detail }: CommandResult): string {
  if (status !== "rejected") return RESULTS[status];
  // OCPP 1.6, 5.2 and 2.0.1, H02: a charge point rejects what it does not know.
  if (command.type === "cancel-reservation") return "UNKNOWN_RESERVATION";
  return REASONS[detail.split(" ")[0] ?? ""] ?? RESULTS[status];
}

/** The answer to a command; a result follows where it is accepted. */
export function immediately(result: Response, text?: string): Reply {
  const message = text === undefined ? {} : { message: [{ language: "en", text }] };
  return { ok: true, data: { result, timeout: result === "ACCEPTED" ? RESULT_WITHIN_S : 0, ...message } };
}

export class CommandDesk {
  readonly context: ModuleContext;
  readonly results: Results;
  readonly #noteRefusal: NoteRefusal;

  constructor(context: ModuleContext, tools: { readonly results: Results; readonly noteRefusal: NoteRefusal }) {
    this.context = context;
    this.results = tools.results;
    this.#noteRefusal = tools.noteRefusal;
  }

  /** Reads the body and looks at the address of the result; then the command itself. */
  read<T extends { readonly response_url: string }>(
    request: OcpiRequest,
    parsed: Parsed<T>,
    act: (body: T) => Reply | Promise<Reply>,
  ): Reply | Promise<Reply> {
    if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
    const wrong = this.results.check(request.partner, parsed.value.response_url);
    if (wrong) return wrong;
    if (!this.results.hasRoom(request.partner)) return immediately("REJECTED", "Too many results wait already");
    return act(parsed.value);
  }

  /** Refuses what no contract of the partner covers at an EVSE; `own` says whether it is about a driver of its own. */
  uncovered(request: OcpiRequest, evse: EvseModel, own: boolean): Reply | undefined {
    const partner = request.partner.configuration;
    const why = whyNotCovered({ partner, right: "commands", evseId: evse.id, own });
    if (why === undefined) return undefined;
    this.#noteRefusal(request.partner.id, "commands", why);
    return immediately("REJECTED", why);
  }

  /** Whether the driver of a session is the partner's. */
  isOwnSession(request: OcpiRequest, session: Session): boolean {
    return isOwn(request, this.context.site.state().upstream.sessions[session.transactionId]?.driver?.contract);
  }

  /** Refuses what cannot be handed to the charge point now. */
  away({ chargePointId }: Pick<EvseModel, "chargePointId">): Reply | undefined {
    const isThere = this.context.site.state().chargePoints.byId[chargePointId]?.connected === true;
    return isThere ? undefined : immediately("REJECTED", "The charge point is not connected");
  }

  /** What keeps a car from beginning here now: the charge point is away, or the EVSE is taken or out of order. */
  obstacle(request: OcpiRequest, evse: EvseModel, owed: Owed): Reply | Promise<Reply> | undefined {
    const { chargePoints, sessions } = this.context.site.state();
    const away = this.away(evse);
    if (away) return away;
    if (openSessionAt(sessions, evse.id)) return this.answer(request, owed, "EVSE_OCCUPIED");
    const status = chargePoints.evses[evse.id]?.status;
    const isOut = status === "faulted" || status === "unavailable";
    return isOut ? this.answer(request, owed, "EVSE_INOPERATIVE") : undefined;
  }

  /** A result that is known without the charge point; it follows the answer like all others. */
  async answer(request: OcpiRequest, owed: Owed, result: string): Promise<Reply> {
    await this.results.owe(request, { ...owed, result }, async () => ({ result }));
    return immediately("ACCEPTED");
  }

  /** Sends the command and then its result; `accepted` is done before the partner hears that it was. */
  async follow(
    request: OcpiRequest,
    owed: Owed,
    command: ChargePointCommand,
    more: { readonly drafts?: readonly SiteDraft[]; readonly accepted?: () => Promise<void> } = {},
  ): Promise<Reply> {
    const find = async () => {
      const result = await this.context.site.command(command, `partner:${request.partner.id}`);
      if (result.status === "accepted") await more.accepted?.();
      const text = result.detail.slice(0, 500);
      const message = text === "" ? {} : { message: [{ language: "en", text }] };
      return { result: resultName(command, result), ...message };
    };
    await this.results.owe(request, owed, find, more.drafts);
    return immediately("ACCEPTED");
  }

  isHere(id: string): boolean {
    const { model: site, upstream } = this.context;
    return id.toLowerCase() === locationId({ site, upstream }).toLowerCase();
  }

  /** The EVSE that is meant: by its uid, else the usual one, else a free one. */
  evseFor(uid: string | undefined, usual?: EvseModel): EvseModel | { readonly instead: Reply } {
    const { model } = this.context;
    if (uid === undefined) return usual ?? this.#freeEvse() ?? { instead: immediately("REJECTED", "No EVSE is free") };
    return evseOfUid(model, uid) ?? { instead: refuse(UNKNOWN_LOCATION, "There is no such EVSE") };
  }

  /** One where a car may begin: where it waits for it first. */
  #freeEvse(): EvseModel | undefined {
    const { chargePoints, sessions } = this.context.site.state();
    const free = this.context.model.evses.filter(
      (evse) => chargePoints.byId[evse.chargePointId]?.connected === true && !openSessionAt(sessions, evse.id),
    );
    const status = (evse: EvseModel) => chargePoints.evses[evse.id]?.status;
    return free.find((evse) => status(evse) === "preparing") ?? free.find((evse) => status(evse) === "available");
  }

  /** The session of an id, while it is open. */
  openSession(request: OcpiRequest, id: string): Session | undefined {
    const session = sessionById(marketOf(this.context, request.version), id);
    return session?.endedMs === undefined ? session : undefined;
  }
}

/** Refuses a place that is not here. */
export const noSuchLocation: Refusal = refuse(UNKNOWN_LOCATION, "There is no such location");

/** Refuses a token that is not of the partner's own drivers. */
export function foreign(request: OcpiRequest, { country_code, party_id }: Token): Reply | undefined {
  const isIts = isOwnToken(request, { countryCode: country_code, partyId: party_id });
  return isIts ? undefined : immediately("REJECTED", `A token of ${country_code}-${party_id} is not yours`);
}
