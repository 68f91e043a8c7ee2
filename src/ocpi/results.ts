/**
 * Results that follow an answer: one message to the address that the partner named. That it is owed is on disk before the
 * partner hears that it follows; so it also leaves after a restart. It is tried again within the time that was promised.
 */
import { randomUUID } from "node:crypto";
import type { SiteDraft } from "../core/facts/index.ts";
import type { Clock, Log, SiteAccess } from "../core/ports.ts";
import type { OwedResult } from "../core/state/owed-results.ts";
import { whyNotCalled } from "./allow.ts";
import { callPartner, type Outcome } from "./call.ts";
import type { OcpiRequest } from "./module.ts";
import type { WireObject } from "./objects/wire-object.ts";
import type { Partner } from "./partner.ts";
import type { PartyName } from "./party.ts";
import type { Secrets } from "./secrets.ts";
import { INVALID_PARAMETERS, type Refusal, refuse } from "./status.ts";

/** Seconds within which a result is promised. */
export const RESULT_WITHIN_S = 30;
/** Who is slow has heard it, and should not hear it again. */
const CALL_MS = 12_000;
const PAUSE_MS = 4_000;
/** Whoever has waited for longer has asked again: what a restart left over is dropped. */
const USEFUL_MS = 900_000;
/** A provider plans anew for all of a depot at once. */
const MOST_AT_ONCE = 600;

/** What is owed, without what the request itself tells. */
export type Owed = Omit<OwedResult, "partnerId" | "requestId" | "correlationId" | "from" | "version" | "acceptedMs">;

/** What is told to an address of an earlier request. */
export type Told = Omit<OwedResult, "requestId" | "acceptedMs"> & { readonly result: string };

/** What a result says: a `result` of the text, and what belongs to it. */
export interface ResultObject extends WireObject {
  readonly result: string;
}
export type FindResult = () => Promise<ResultObject>;

export interface Results {
  /** Refuses an address that is not the partner's. */
  check(partner: Partner, responseUrl: string): Refusal | undefined;
  /** Whether one more may be owed to a partner. */
  hasRoom(partner: Partner): boolean;
  /** Records that a result is owed, with `drafts`; what `find` comes to is sent after the answer to the request. */
  owe(request: OcpiRequest, owed: Owed, find: FindResult, drafts?: readonly SiteDraft[]): Promise<void>;
  /** Records that a partner is owed a word that it did not ask for now, with `drafts`; sends it as all results. */
  tell(owed: Told, drafts: readonly SiteDraft[]): Promise<void>;
  /** Takes up what was owed when the controller stopped. */
  resume(find: (owed: OwedResult) => Promise<ResultObject>): void;
  close(): void;
}

export interface ResultsOptions {
  readonly us: PartyName;
  readonly partners: ReadonlyMap<string, Partner>;
  readonly site: Pick<SiteAccess, "state" | "record">;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
}

const sourceOf = (partnerId: string) => `partner:${partnerId}`;

class ResultDesk implements Results {
  readonly #options: ResultsOptions;
  #closed = false;

  constructor(options: ResultsOptions) {
    this.#options = options;
  }

  check(partner: Partner, responseUrl: string): Refusal | undefined {
    const why = whyNotCalled(responseUrl, partner.reach());
    return why === undefined ? undefined : refuse(INVALID_PARAMETERS, `response_url is not called: ${why}`);
  }

  hasRoom({ id }: Partner): boolean {
    const owed = Object.values(this.#options.site.state().upstream.results);
    return owed.filter(({ partnerId }) => partnerId === id).length < MOST_AT_ONCE;
  }

  async owe(request: OcpiRequest, owed: Owed, find: FindResult, drafts: readonly SiteDraft[] = []): Promise<void> {
    const { partner, from, correlationId, version, nowMs } = request;
    const data = {
      ...owed,
      partnerId: partner.id,
      requestId: randomUUID(),
      version,
      ...(from ? { from } : {}),
      ...(correlationId === undefined ? {} : { correlationId }),
    };
    await this.#options.site.record([
      ...drafts,
      { type: "partner-request-accepted", source: sourceOf(partner.id), data },
    ]);
    // The answer goes first: partners do not expect the result before it.
    setImmediate(() => this.#follow({ ...data, acceptedMs: nowMs }, find));
  }

  async tell(told: Told, drafts: readonly SiteDraft[]): Promise<void> {
    const { site, clock } = this.#options;
    const data = { ...told, requestId: randomUUID() };
    await site.record([...drafts, { type: "partner-request-accepted", source: sourceOf(told.partnerId), data }]);
    this.#follow({ ...data, acceptedMs: clock.wallMs() }, async () => ({ result: told.result }));
  }

  resume(find: (owed: OwedResult) => Promise<ResultObject>): void {
    const { site, clock } = this.#options;
    for (const owed of Object.values(site.state().upstream.results)) {
      const isUseful = clock.wallMs() - owed.acceptedMs < USEFUL_MS;
      if (isUseful) setImmediate(() => this.#follow(owed, () => find(owed)));
      else this.#settled(owed, "UNKNOWN", "the controller was off for too long").catch(() => undefined);
    }
  }

  close(): void {
    this.#closed = true;
  }

  #follow(owed: OwedResult, find: FindResult): void {
    const { log, clock } = this.#options;
    // From the answer on, or from the restart.
    const untilMonoMs = clock.monoMs() + RESULT_WITHIN_S * 1000;
    find()
      .then((body) => this.#deliver(owed, body, untilMonoMs))
      .catch((error) => log.error("A result failed", { partner: owed.partnerId, error: String(error) }));
  }

  async #deliver(owed: OwedResult, body: ResultObject, untilMonoMs: number): Promise<void> {
    const { clock, log } = this.#options;
    for (;;) {
      const outcome = await this.#send(owed, body);
      if (outcome?.kind === "ok") return this.#settled(owed, body.result, undefined);
      // What was not heard before the controller stops is taken up after its start.
      if (!outcome || this.#closed) return;
      // OCPI wants no retries after the time that was promised.
      if (outcome.kind === "refused" || clock.monoMs() + PAUSE_MS > untilMonoMs) {
        log.warn("A result could not be handed to the partner", { partner: owed.partnerId, reason: outcome.reason });
        return this.#settled(owed, body.result, outcome.reason);
      }
      await this.#pause(PAUSE_MS);
      if (this.#closed) return;
    }
  }

  /** Missing where the partner is no longer registered: then nothing is owed. */
  async #send(owed: OwedResult, body: ResultObject): Promise<Outcome | undefined> {
    const { us, partners, secrets, clock } = this.#options;
    const partner = partners.get(owed.partnerId);
    const token = secrets.outbound(owed.partnerId);
    if (!partner || token === undefined || this.#closed) return undefined;
    const route = {
      from: us,
      ...(owed.from ? { to: owed.from } : {}),
      ...(owed.correlationId === undefined ? {} : { correlationId: owed.correlationId }),
    };
    return callPartner(
      partner,
      { method: "POST", url: owed.responseUrl, token, body, ...route, timeoutMs: CALL_MS },
      clock,
    );
  }

  async #settled({ partnerId, requestId }: OwedResult, result: string, reason: string | undefined): Promise<void> {
    const heard = reason === undefined;
    const why = reason === undefined ? {} : { reason: reason.slice(0, 200) };
    const data = { partnerId, requestId, result, heard, ...why };
    await this.#options.site.record([{ type: "partner-request-answered", source: sourceOf(partnerId), data }]);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(ms, "ocpi-result", resolve));
  }
}

export function createResults(options: ResultsOptions): Results {
  return new ResultDesk(options);
}
