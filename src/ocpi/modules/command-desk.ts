/** What all commands share: reading, contracts, the EVSE that is meant, and the result that follows. */
import type { ChargePointCommand, CommandResult } from "../../core/charge-point-input.ts";
import { whyNotCovered } from "../../core/market/arbitrate.ts";
import type { EvseModel } from "../../core/site/site-model.ts";
import { openSessionAt, type Session } from "../../core/state/sessions.ts";
import type { OcpiRequest } from "../module.ts";
import { evseOfUid, locationId } from "../objects/location.ts";
import { sessionById } from "../objects/session.ts";
import type { NoteRefusal } from "../refused.ts";
import { RESULT_WITHIN_S, type Results } from "../results.ts";
import type { Parsed } from "../schemas/wire.ts";
import { INVALID_PARAMETERS, type Refusal, type Reply, refuse, UNKNOWN_LOCATION } from "../status.ts";
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
/** OCPP 1.6 knows no longer ones. */
const LONGEST_ID_TAG = 20;

function resultName({ status, detail }: CommandResult): string {
  const reason = status === "rejected" ? REASONS[detail.split(" ")[0] ?? ""] : undefined;
  return reason ?? RESULTS[status];
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
    return this.results.check(request.partner, parsed.value.response_url) ?? act(parsed.value);
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
  isOwnSession({ partner }: OcpiRequest, session: Session): boolean {
    return isOwn(partner, this.context.site.state().upstream.sessions[session.transactionId]?.driver?.contract);
  }

  /** Sends the command and then its result; `accepted` is done before the partner hears that it was. */
  follow(
    request: OcpiRequest,
    responseUrl: string,
    command: ChargePointCommand,
    accepted: () => Promise<void> = async () => {},
  ): Reply {
    this.results.send(request, responseUrl, async () => {
      const result = await this.context.site.command(command, `partner:${request.partner.id}`);
      if (result.status === "accepted") await accepted();
      const text = result.detail.slice(0, 500);
      return { result: resultName(result), message: text === "" ? undefined : [{ language: "en", text }] };
    });
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

/** Refuses a uid that charge points cannot take. */
export function tooLong(uid: string): Reply | undefined {
  if (uid.length <= LONGEST_ID_TAG) return undefined;
  return immediately("REJECTED", `A uid may have ${LONGEST_ID_TAG} characters here`);
}
