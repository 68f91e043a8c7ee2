/** Registering, in both directions. A fact says that it happened; the tokens are in the secrets, never in a fact. */
import type { SiteDraft } from "../core/facts/index.ts";
import type { Clock, SiteAccess } from "../core/ports.ts";
import type { OcpiVersion } from "../core/site/site-upstream.ts";
import type { Attempt } from "../core/upstream-admin.ts";
import { callPartner, type Outcome } from "./call.ts";
import { learn, type Offer, partiesOf } from "./handshake.ts";
import type { Identity } from "./identity.ts";
import { endpointOf, hasDrivers, isTaken, type Partner } from "./partner.ts";
import { type Credentials, readCredentials } from "./schemas/credentials.ts";
import type { Secrets, TokenHolder } from "./secrets.ts";
import { INVALID_PARAMETERS, type Reply, refuse, SERVER_ERROR } from "./status.ts";
import { newToken } from "./token.ts";

export interface RegistrationOptions {
  readonly identity: Identity;
  readonly secrets: Secrets;
  readonly site: Pick<SiteAccess, "record">;
  readonly clock: Clock;
}

export interface Registrations {
  /** A token with which the partner may register with us; shown once, kept as a hash. */
  issueToken(partner: Partner): string;
  register(partner: Partner, token: string, versionsUrl?: string): Promise<Attempt>;
  /** New tokens in both directions, versions and endpoints read again. */
  update(partner: Partner): Promise<Attempt>;
  unregister(partner: Partner): Promise<Attempt>;
  /** GET, POST, PUT and DELETE of our credentials endpoint. */
  answer(partner: Partner, holder: TokenHolder, asked: Asked): Promise<Reply>;
}

export interface Asked {
  readonly method: string;
  readonly version: OcpiVersion;
  readonly body: unknown;
}

function registeredDraft(
  partner: Partner,
  offer: Offer,
  by: "partner" | "site",
  credentials: Credentials | undefined,
): SiteDraft {
  const hub = credentials?.hub_party_id?.toUpperCase();
  return {
    type: "partner-registered",
    source: `partner:${partner.id}`,
    data: {
      partnerId: partner.id,
      version: offer.version,
      versionsUrl: offer.versionsUrl,
      parties: credentials ? partiesOf(credentials) : [],
      endpoints: [...offer.endpoints],
      by,
      ...(hub === undefined ? {} : { hubPartyId: hub }),
    },
  };
}

/** Why a partner may not register as what it says; a hub may name whom others are registered for, and speaks not for them. */
function takenOf(partner: Partner, credentials: Credentials): string | undefined {
  const parties = partiesOf(credentials);
  if (credentials.hub_party_id !== undefined || parties.some(({ role }) => role === "HUB")) return undefined;
  const taken = parties.find((party) => hasDrivers(party) && isTaken(partner, party));
  return taken && `${taken.countryCode}-${taken.partyId} is registered by another partner`;
}

const failed = (message: string): Attempt => ({ ok: false, message });

const cannotBeCalled = failed(
  "Partners cannot call this site: set upstream.publicUrl, or the quirk no-credentials-exchange",
);
/** Its one token is used for good: there are no credentials of ours that it could hold, change or end. */
const isCalledOnly = (partner: Partner) => partner.has("no-credentials-exchange");

const isBusy = refuse(SERVER_ERROR, "Another exchange of credentials is under way; try again");
const waits = failed("Another exchange of credentials is under way; try again");

/** Why no credentials came back, and what to do; 405 is the code for the wrong state of the registration. */
function notExchanged(partner: Partner, outcome: Outcome): string {
  if (outcome.kind === "ok") return "no credentials came back";
  if (outcome.kind !== "refused" || outcome.http !== 405) return outcome.reason;
  const { id } = partner;
  return partner.registration()
    ? `${id} says that this site is not registered there (${outcome.reason}): register anew, with a token of theirs`
    : `${id} says that this site is registered there already (${outcome.reason}): they have to end that first`;
}

/** What came back of our credentials; `ours` is the token that was handed out with them. */
interface Exchanged {
  readonly outcome: Outcome;
  readonly credentials?: Credentials;
  readonly ours: string;
}

class RegistrationDesk implements Registrations {
  readonly #options: RegistrationOptions;
  readonly #busy = new Set<string>();

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  issueToken(partner: Partner): string {
    const token = newToken();
    this.#accept(partner, token, true);
    return token;
  }

  register(partner: Partner, token: string, versionsUrl?: string): Promise<Attempt> {
    return this.#alone(partner, waits, () => this.#register(partner, token, versionsUrl));
  }

  update(partner: Partner): Promise<Attempt> {
    return this.#alone(partner, waits, () => this.#update(partner));
  }

  unregister(partner: Partner): Promise<Attempt> {
    return this.#alone(partner, waits, () => this.#unregister(partner));
  }

  async answer(partner: Partner, holder: TokenHolder, asked: Asked): Promise<Reply> {
    const registered = partner.registration() !== undefined;
    if (asked.method === "GET") return { ok: true, data: this.#options.identity.credentials(holder.token) };
    if (asked.method === "POST") {
      if (registered && !holder.registration) return refuse(2000, "You are registered already; use PUT", 405);
      return this.#alone<Reply>(partner, isBusy, () => this.#taken(partner, asked));
    }
    if (!registered || holder.registration) return refuse(2000, "You are not registered; use POST", 405);
    if (asked.method === "PUT") return this.#alone<Reply>(partner, isBusy, () => this.#taken(partner, asked));
    return this.#alone<Reply>(partner, isBusy, async () => {
      await this.#gone(partner, "partner");
      return { ok: true };
    });
  }

  /** One exchange of credentials at a time with each partner. */
  async #alone<T>(partner: Partner, otherwise: T, run: () => Promise<T>): Promise<T> {
    if (this.#busy.has(partner.id)) return otherwise;
    this.#busy.add(partner.id);
    try {
      return await run();
    } finally {
      this.#busy.delete(partner.id);
    }
  }

  #accept(partner: Partner, token: string, registration: boolean): void {
    const { secrets, clock } = this.#options;
    secrets.accept(partner.id, token, { registration, nowMs: clock.wallMs() });
  }

  /** Hands out a new token of ours and takes the partner's; both are on disk before the fact, the fact before the answer. */
  async #taken(partner: Partner, asked: Asked): Promise<Reply> {
    const { identity, secrets, site, clock } = this.#options;
    const parsed = readCredentials(asked.body);
    if (!parsed.ok) return refuse(INVALID_PARAMETERS, parsed.problem);
    const { token, url } = parsed.value;
    const taken = takenOf(partner, parsed.value);
    if (taken !== undefined) return refuse(INVALID_PARAMETERS, taken);
    const offer = await learn({ partner, clock, token, versionsUrl: url, version: asked.version });
    if (!offer.ok) return offer;
    const ours = newToken();
    const before = secrets.outbound(partner.id);
    this.#accept(partner, ours, false);
    secrets.show(partner.id, token);
    try {
      await site.record([registeredDraft(partner, offer, "partner", parsed.value)]);
    } catch {
      secrets.withdraw(partner.id, ours);
      secrets.show(partner.id, before);
      return refuse(SERVER_ERROR, "It could not be recorded at present");
    }
    secrets.endRegistration(partner.id);
    return { ok: true, data: identity.credentials(ours) };
  }

  async #gone(partner: Partner, by: "partner" | "site"): Promise<void> {
    const { secrets, site } = this.#options;
    const data = { partnerId: partner.id, by };
    await site.record([{ type: "partner-unregistered", source: `partner:${partner.id}`, data }]);
    secrets.forget(partner.id);
  }

  /** Sends our credentials by `method` and takes those of the answer. */
  async #exchange(partner: Partner, offer: Offer, method: "POST" | "PUT", token: string): Promise<Exchanged> {
    const { identity, clock } = this.#options;
    const ours = newToken();
    this.#accept(partner, ours, false);
    const { url } = offer.endpoints.find((entry) => entry.identifier === "credentials")!;
    const { versionsUrl } = offer;
    const outcome = await callPartner(
      partner,
      { method, url, token, body: identity.credentials(ours), versionsUrl, timeoutMs: 60_000 },
      clock,
    );
    if (outcome.kind !== "ok") return { outcome, ours };
    const parsed = readCredentials(outcome.data);
    const problem = parsed.ok ? takenOf(partner, parsed.value) : parsed.problem;
    if (parsed.ok && problem === undefined) return { outcome, ours, credentials: parsed.value };
    return { outcome: { kind: "refused", http: 200, reason: `its credentials do not fit: ${problem}` }, ours };
  }

  async #finish(partner: Partner, offer: Offer, credentials: Credentials): Promise<Attempt> {
    const { secrets, site } = this.#options;
    secrets.show(partner.id, credentials.token);
    await site.record([registeredDraft(partner, offer, "site", credentials)]);
    secrets.endRegistration(partner.id);
    const names = partiesOf(credentials).map((party) => `${party.role} ${party.countryCode}-${party.partyId}`);
    return { ok: true, message: `Registered with ${partner.id} on OCPI ${offer.version}: ${names.join(", ")}` };
  }

  async #register(partner: Partner, token: string, named: string | undefined): Promise<Attempt> {
    const { identity, secrets, clock } = this.#options;
    const versionsUrl = named ?? partner.configuration.versionsUrl;
    if (versionsUrl === undefined) return failed(`Partner ${partner.id} has no versionsUrl; set it in site.yaml`);
    const clientOnly = isCalledOnly(partner);
    if (!clientOnly && identity.versionsUrl === undefined) return cannotBeCalled;
    const offer = await learn({ partner, clock, token, versionsUrl });
    if (!offer.ok) return failed(offer.message);
    if (clientOnly) return this.#calledOnly(partner, offer, token);
    const { outcome, credentials, ours } = await this.#exchange(partner, offer, "POST", token);
    if (credentials) return this.#finish(partner, offer, credentials);
    secrets.withdraw(partner.id, ours);
    return failed(notExchanged(partner, outcome));
  }

  async #calledOnly(partner: Partner, offer: Offer, token: string): Promise<Attempt> {
    const { secrets, site } = this.#options;
    secrets.show(partner.id, token);
    await site.record([registeredDraft(partner, offer, "site", undefined)]);
    const message = `${partner.id} is called on OCPI ${offer.version}, without an exchange of credentials`;
    return { ok: true, message };
  }

  async #update(partner: Partner): Promise<Attempt> {
    const { identity, secrets, clock } = this.#options;
    const token = secrets.outbound(partner.id);
    const known = partner.registration();
    if (token === undefined || !known) return failed(`${partner.id} is not registered`);
    if (!isCalledOnly(partner) && identity.versionsUrl === undefined) return cannotBeCalled;
    const offer = await learn({ partner, clock, token, versionsUrl: known.versionsUrl });
    if (!offer.ok) return failed(offer.message);
    if (isCalledOnly(partner)) return this.#calledOnly(partner, offer, token);
    const { outcome, credentials, ours } = await this.#exchange(partner, offer, "PUT", token);
    if (credentials) return this.#finish(partner, offer, credentials);
    // Whether it took our new token is not known where it did not answer: then both stay good.
    if (outcome.kind === "refused") secrets.withdraw(partner.id, ours);
    return failed(notExchanged(partner, outcome));
  }

  async #unregister(partner: Partner): Promise<Attempt> {
    const { secrets, clock } = this.#options;
    const token = secrets.outbound(partner.id);
    const url = endpointOf(partner, "credentials", "RECEIVER");
    const told =
      token !== undefined && url !== undefined && !isCalledOnly(partner)
        ? await callPartner(partner, { method: "DELETE", url, token }, clock)
        : undefined;
    const known = partner.registration() !== undefined;
    await this.#gone(partner, "site");
    if (!known) return { ok: true, message: `${partner.id} was not registered; tokens that it was handed are void` };
    const heard = told === undefined || told.kind === "ok" ? "" : `; it could not be told (${told.reason})`;
    return { ok: true, message: `${partner.id} is no longer registered${heard}` };
  }
}

export function createRegistrations(options: RegistrationOptions): Registrations {
  return new RegistrationDesk(options);
}
