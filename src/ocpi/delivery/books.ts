/** Sessions and CDRs to a partner: the session as it grows, whole at its end; each record once, kept where it is refused. */
import type { SiteDraft } from "../../core/facts/index.ts";
import type { RefusedCdr } from "../../core/state/cdrs.ts";
import type { Outcome } from "../call.ts";
import { cdrObject } from "../objects/cdr.ts";
import { type CdrFact, finishedObject, isFinal, reservedObject, sessionObject, sessionOf } from "../objects/session.ts";
import type { WireObject } from "../objects/wire-object.ts";
import { endpointOf } from "../partner.ts";
import type { PartyName } from "../party.ts";
import { seesCdr, seesReserved, seesSession, seesSessionOf } from "../visible.ts";
import { inDoubt, lookFor, type SentRecord } from "./cdr-there.ts";
import { type Courier, judged } from "./courier.ts";
import type { Delivered } from "./pump.ts";
import { createSessionPatches } from "./session-patch.ts";

const MOST_REMEMBERED = 500;

export class BookDeliveries {
  readonly #courier: Courier;
  readonly #patches = createSessionPatches();
  /** Sessions whose end the partner has: those do not change any more. */
  readonly #completed = new Set<string>();

  /** Records from before the start of the controller: it may have been cut off just after it sent them. */
  readonly #startSeq: number;
  /** Records to which no answer came; as many as the pump has waiting at most. */
  readonly #unanswered = new Set<number>();

  constructor(courier: Courier) {
    this.#courier = courier;
    this.#startSeq = courier.context.site.state().seq;
  }

  async session(transactionId: number): Promise<Delivered> {
    const now = this.#courier.market();
    const { partner } = this.#courier.context;
    const known = sessionOf(now, transactionId);
    if (!known || !seesSession({ partner }, now.state, known)) return "done";
    // Between its end and the closing of its books there is nothing to tell.
    if (known.endedMs !== undefined && !isFinal(now, known)) return "done";
    const owner = now.state.upstream.sessions[transactionId]?.driver?.contract;
    return this.#tell(sessionObject(now, known), owner);
  }

  /** The end of a session by its record, whether or not the state remembers it: a partner may have been away for long. */
  async finished(seq: number): Promise<Delivered> {
    const { partner } = this.#courier.context;
    const record = this.#record(seq);
    if (!record || !seesSessionOf({ partner }, record.data)) return "done";
    return this.#tell(finishedObject(this.#courier.market(), record), record.data.contract);
  }

  #record(seq: number): CdrFact | undefined {
    const [fact] = this.#courier.context.site.read(seq - 1, 1);
    return fact?.type === "cdr-issued" ? (fact as CdrFact) : undefined;
  }

  async #tell(object: WireObject, owner?: PartyName): Promise<Delivered> {
    const { partner } = this.#courier.context;
    const url = this.#courier.urlOf("sessions", String(object.id));
    if (url === undefined || this.#completed.has(String(object.id))) return "done";
    const patch = partner.has("put-only") ? undefined : this.#patches.patchOf(object);
    const outcome = patch ? await this.#changed(url, patch, object, owner) : await this.#whole(url, object, owner);
    // Whether it was taken is not known, nor what else was lost: what comes next is whole, of all sessions.
    if (outcome.kind === "away") this.#patches.forgetAll();
    return judged(outcome);
  }

  async #changed(url: string, patch: WireObject, object: WireObject, owner?: PartyName): Promise<Outcome> {
    const outcome = await this.#courier.send("PATCH", url, patch, owner);
    if (outcome.kind === "ok") this.#patches.sent(object);
    return outcome.kind === "refused" ? this.#whole(url, object, owner) : outcome;
  }

  async #whole(url: string, object: WireObject, owner?: PartyName): Promise<Outcome> {
    const outcome = await this.#courier.send("PUT", url, object, owner);
    if (outcome.kind !== "ok") return outcome;
    this.#patches.sent(object);
    if (object.status === "COMPLETED") this.#completed.add(String(object.id));
    for (const old of [...this.#completed].slice(0, Math.max(0, this.#completed.size - MOST_REMEMBERED)))
      this.#completed.delete(old);
    return outcome;
  }

  /** A reservation, as a session; when the car is there it is told as that. */
  async reserved(id: string): Promise<Delivered> {
    const now = this.#courier.market();
    const { partner } = this.#courier.context;
    const entry = now.state.upstream.reserved[id];
    const url = this.#courier.urlOf("sessions", id);
    if (url === undefined || !entry || !seesReserved({ partner }, entry)) return "done";
    return judged(await this.#courier.send("PUT", url, reservedObject(now, id, entry), entry.contract));
  }

  /** The record behind a fact. */
  async cdr(seq: number): Promise<Delivered> {
    const { partner, site } = this.#courier.context;
    const endpoint = endpointOf(partner, "cdrs", "RECEIVER");
    const record = this.#record(seq);
    if (endpoint === undefined || !record) return "done";
    const taken = site.state().upstream.billed[record.data.transactionId];
    if (!seesCdr({ partner }, record.data)) return "done";
    if (taken?.seq === seq && taken.takenBy?.includes(partner.id)) return "done";
    const object = cdrObject(this.#courier.market(), record, (other) => site.read(other - 1, 1)[0]);
    const owner = record.data.contract;
    const outcome = await this.#post(seq, { endpoint, record: object, owner });
    if (outcome.kind !== "away") await site.record([this.#delivered(record, outcome)]);
    return judged(outcome);
  }

  /** What may have been heard before, without its answer, is looked for first. */
  async #post(seq: number, sent: SentRecord): Promise<Outcome> {
    const isDoubtful = seq <= this.#startSeq || this.#unanswered.has(seq);
    const found = isDoubtful ? await lookFor(this.#courier, sent) : undefined;
    if (found) return found;
    const outcome = await this.#courier.send("POST", sent.endpoint, sent.record, sent.owner);
    if (outcome.kind === "away") this.#unanswered.add(seq);
    else this.#unanswered.delete(seq);
    return inDoubt(this.#courier, sent, outcome);
  }

  #delivered({ seq, data }: CdrFact, outcome: Exclude<Outcome, { kind: "away" }>): SiteDraft {
    const partnerId = this.#courier.context.partner.id;
    const url = outcome.kind === "ok" ? outcome.headers.location : undefined;
    return {
      type: "cdr-delivered",
      source: `partner:${partnerId}`,
      data: {
        partnerId,
        cdrId: data.cdrId,
        cdrSeq: seq,
        transactionId: data.transactionId,
        taken: outcome.kind === "ok",
        ...(outcome.kind === "ok" ? {} : { reason: outcome.reason.slice(0, 200) }),
        ...(url === undefined ? {} : { url: url.slice(0, 500) }),
      },
    };
  }

  /** Records that the partner refused once, again. */
  async refused(): Promise<Delivered> {
    const { partner, site } = this.#courier.context;
    for (const { cdrSeq } of refusedBy(site.state().upstream.refusedCdrs, partner.id))
      if ((await this.cdr(cdrSeq)) === "away") return "away";
    return "done";
  }
}

/** Records that a partner has refused and not taken since, oldest first. */
export function refusedBy(refused: Readonly<Record<string, RefusedCdr>>, partnerId: string): RefusedCdr[] {
  return Object.values(refused).filter((entry) => entry.partnerId === partnerId);
}
