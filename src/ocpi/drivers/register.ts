/** Whose driver it is and whether he may charge: by what partners told us, and by asking them where their rules want that. */
import type { DriverVerdict } from "../../core/decide/context.ts";
import type { Clock, DriverRegister, SiteAccess } from "../../core/ports.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import type { UpstreamConfiguration } from "../../core/site/site-upstream.ts";
import type { Driver } from "../../core/state/upstream.ts";
import { callPartner, type Outcome } from "../call.ts";
import { evseUid, locationId } from "../objects/location.ts";
import { addressee, endpointOf, isTaken, joinUrl, type Partner } from "../partner.ts";
import { readAuthorizationInfo, type Token } from "../schemas/requests.ts";
import type { Secrets } from "../secrets.ts";
import { ownerOf } from "./sync.ts";
import type { TokenStore } from "./token-store.ts";

/** A partner that commanded a start has answered for its driver; so has one that was asked just before. */
const FRESH_MS = 900_000;

type How = DriverVerdict["authorised"]["how"];
type Contract = DriverVerdict["authorised"]["contract"];

/** The contract that a token stands for. */
export function contractOf(partnerId: string, token: Token): Contract {
  return {
    partnerId,
    countryCode: token.country_code.toUpperCase(),
    partyId: token.party_id.toUpperCase(),
    uid: token.uid,
    type: token.type,
    contractId: token.contract_id,
  };
}

function verdict(
  entry: { partnerId: string; token: Token },
  how: How,
  answer: string,
  reference?: string,
): DriverVerdict {
  const contract = contractOf(entry.partnerId, entry.token);
  return {
    status: answer === "ALLOWED" ? "accepted" : "blocked",
    authorised: { answer, how, contract, ...(reference === undefined ? {} : { authorizationReference: reference }) },
  };
}

/** What was decided a moment ago holds for the start that follows. */
function recently(driver: Driver): DriverVerdict {
  const { contract, authMethod, authorizationReference } = driver;
  const how = { AUTH_REQUEST: "real-time", COMMAND: "command", WHITELIST: "whitelist" } as const;
  const reference = authorizationReference === undefined ? {} : { authorizationReference };
  return { status: "accepted", authorised: { answer: "ALLOWED", how: how[authMethod], contract, ...reference } };
}

export interface RegisterOptions {
  readonly upstream: UpstreamConfiguration;
  readonly model: SiteModel;
  readonly partners: ReadonlyMap<string, Partner>;
  readonly store: TokenStore;
  readonly secrets: Secrets;
  readonly site: Pick<SiteAccess, "state">;
  readonly clock: Clock;
}

interface Entry {
  readonly partnerId: string;
  readonly token: Token;
}

/** What the partner's own rules say without asking; `ask` where they want that, whether or not the token is valid. */
function byRules(entry: Entry): DriverVerdict | "ask" {
  const { whitelist, valid } = entry.token;
  if (whitelist === "NEVER" || whitelist === "ALLOWED_OFFLINE") return "ask";
  return verdict(entry, "whitelist", valid ? "ALLOWED" : "BLOCKED");
}

type Said = { readonly verdict: DriverVerdict } | "unknown" | "away";

class Register implements DriverRegister {
  readonly #options: RegisterOptions;

  constructor(options: RegisterOptions) {
    this.#options = options;
  }

  known(token: string): DriverVerdict | undefined {
    const recent = this.#fresh(token);
    const entry = recent ? undefined : this.#options.store.find(token);
    if (!entry) return recent;
    const ruled = byRules(entry);
    return ruled === "ask" ? this.#unasked(entry) : ruled;
  }

  async begun(token: string, chargePointId: string): Promise<DriverVerdict | undefined> {
    const entry = this.#fresh(token) ? undefined : this.#options.store.find(token);
    return entry && byRules(entry) === "ask" ? this.#askOwner(entry, chargePointId) : this.known(token);
  }

  async ask(token: string, chargePointId: string): Promise<DriverVerdict | undefined> {
    const { model, site, store } = this.#options;
    const { tokens } = model.configuration.charging;
    // The site's own cards are nobody else's business.
    if (tokens.some((entry) => entry.token.toLowerCase() === token.toLowerCase())) return undefined;
    const driver = site.state().upstream.drivers[token.toLowerCase()];
    const commanded = driver?.authMethod === "COMMAND" ? this.#fresh(token) : undefined;
    if (commanded) return commanded;
    const entry = store.find(token);
    if (!entry) return this.#askAll(token, chargePointId);
    const ruled = byRules(entry);
    return ruled === "ask" ? this.#askOwner(entry, chargePointId) : ruled;
  }

  #fresh(token: string): DriverVerdict | undefined {
    const { site, clock } = this.#options;
    const driver = site.state().upstream.drivers[token.toLowerCase()];
    return driver && Math.abs(clock.wallMs() - driver.atMs) < FRESH_MS ? recently(driver) : undefined;
  }

  /** Of a driver who must be asked about, while nobody can be. */
  #unasked(entry: Entry): DriverVerdict {
    const { valid, whitelist } = entry.token;
    if (!valid) return verdict(entry, "offline", "BLOCKED");
    const mayCharge = whitelist === "ALLOWED_OFFLINE" || this.#options.upstream.authorization.whenAway === "accept";
    return verdict(entry, "offline", mayCharge ? "ALLOWED" : "NOT_ALLOWED");
  }

  async #askOwner(entry: Entry, chargePointId: string): Promise<DriverVerdict> {
    const partner = this.#options.partners.get(entry.partnerId);
    const said = partner ? await this.#askPartner(partner, entry.token.uid, chargePointId) : "away";
    if (typeof said !== "string") return said.verdict;
    return said === "unknown" ? verdict(entry, "real-time", "NOT_ALLOWED") : this.#unasked(entry);
  }

  /** Nobody told us of it: whoever of the partners knows it speaks for it. */
  async #askAll(token: string, chargePointId: string): Promise<DriverVerdict | undefined> {
    const registered = [...this.#options.partners.values()].filter((partner) => partner.registration());
    const said = await Promise.all(registered.map((partner) => this.#askPartner(partner, token, chargePointId)));
    const verdicts = said.flatMap((entry) => (typeof entry === "string" ? [] : [entry.verdict]));
    return verdicts.find(({ status }) => status === "accepted") ?? verdicts[0];
  }

  async #askPartner(partner: Partner, token: string, chargePointId: string): Promise<Said> {
    const { store, upstream, model, secrets, clock } = this.#options;
    const endpoint = endpointOf(partner, "tokens", "SENDER");
    const shown = secrets.outbound(partner.id);
    if (endpoint === undefined || shown === undefined) return "unknown";
    const known = store.find(token);
    const type = known?.partnerId === partner.id ? known.token.type : "RFID";
    const { countryCode, partyId, authorization } = upstream;
    const owner = known?.partnerId === partner.id ? contractOf(partner.id, known.token) : undefined;
    const to = addressee(partner, owner);
    const evses = model.evses.filter((evse) => evse.chargePointId === chargePointId);
    const outcome = await callPartner(
      partner,
      {
        method: "POST",
        url: `${joinUrl(endpoint, known?.token.uid ?? token, "authorize")}?type=${encodeURIComponent(type)}`,
        token: shown,
        from: { countryCode, partyId },
        ...(to ? { to } : {}),
        body: { location_id: locationId({ site: model, upstream }), evse_uids: evses.map(evseUid) },
        timeoutMs: authorization.timeoutSeconds * 1000,
        mayBeUnknown: true,
      },
      clock,
    );
    return outcome.kind === "refused" ? "unknown" : this.#heard(partner, known, outcome);
  }

  #heard(partner: Partner, known: Entry | undefined, outcome: Outcome): Said {
    const parsed = outcome.kind === "ok" ? readAuthorizationInfo(outcome.data) : undefined;
    if (!parsed?.ok) return "away";
    const { allowed, token: told, authorization_reference } = parsed.value;
    // Nobody speaks for the drivers of another partner.
    if (told && isTaken(partner, ownerOf(told))) return "unknown";
    const entry = told ? { partnerId: partner.id, token: told } : known;
    if (told) this.#options.store.put(partner.id, told);
    return entry ? { verdict: verdict(entry, "real-time", allowed.toUpperCase(), authorization_reference) } : "unknown";
  }
}

export function createDriverRegister(options: RegisterOptions): DriverRegister {
  return new Register(options);
}
