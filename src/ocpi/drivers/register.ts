/** Whose driver it is and whether he may charge: by what partners told us, and by asking them where their rules want that. */
import type { DriverVerdict } from "../../core/decide/context.ts";
import type { Clock, DriverRegister, SiteAccess } from "../../core/ports.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import type { UpstreamConfiguration } from "../../core/site/site-upstream.ts";
import type { Driver } from "../../core/state/upstream.ts";
import { callPartner } from "../call.ts";
import { evseUid, locationId } from "../objects/location.ts";
import { endpointOf, joinUrl, type Partner } from "../partner.ts";
import { readAuthorizationInfo, type Token } from "../schemas/requests.ts";
import type { Secrets } from "../secrets.ts";
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

type Said = { readonly verdict: DriverVerdict } | "unknown" | "away";

export function createDriverRegister(options: RegisterOptions): DriverRegister {
  const { upstream, model, partners, store, secrets, site, clock } = options;
  const { timeoutSeconds, whenAway } = upstream.authorization;

  function fresh(token: string): DriverVerdict | undefined {
    const driver = site.state().upstream.drivers[token.toLowerCase()];
    return driver && clock.wallMs() - driver.atMs < FRESH_MS ? recently(driver) : undefined;
  }

  /** What the partner's own rules say without asking; `ask` where they want that. */
  function byRules(entry: { partnerId: string; token: Token }): DriverVerdict | "ask" {
    if (!entry.token.valid) return verdict(entry, "whitelist", "BLOCKED");
    const { whitelist } = entry.token;
    return whitelist === "ALWAYS" || whitelist === "ALLOWED" ? verdict(entry, "whitelist", "ALLOWED") : "ask";
  }

  async function askPartner(partner: Partner, token: string, chargePointId: string): Promise<Said> {
    const endpoint = endpointOf(partner, "tokens", "SENDER");
    const shown = secrets.outbound(partner.id);
    if (endpoint === undefined || shown === undefined) return "unknown";
    const known = store.find(token);
    const type = known?.partnerId === partner.id ? known.token.type : "RFID";
    const { countryCode, partyId } = upstream;
    const evses = model.evses.filter((evse) => evse.chargePointId === chargePointId);
    const outcome = await callPartner(
      partner,
      {
        method: "POST",
        url: `${joinUrl(endpoint, known?.token.uid ?? token, "authorize")}?type=${encodeURIComponent(type)}`,
        token: shown,
        from: { countryCode, partyId },
        body: { location_id: locationId({ site: model, upstream }), evse_uids: evses.map(evseUid) },
        timeoutMs: timeoutSeconds * 1000,
      },
      clock,
    );
    if (outcome.kind === "refused") return "unknown";
    const parsed = outcome.kind === "ok" ? readAuthorizationInfo(outcome.data) : undefined;
    if (!parsed?.ok) return "away";
    const { allowed, token: told, authorization_reference } = parsed.value;
    const entry = told ? { partnerId: partner.id, token: told } : known;
    if (told) store.put(partner.id, told);
    return entry ? { verdict: verdict(entry, "real-time", allowed.toUpperCase(), authorization_reference) } : "unknown";
  }

  /** Nobody told us of it: whoever of the partners knows it speaks for it. */
  async function askAll(token: string, chargePointId: string): Promise<DriverVerdict | undefined> {
    const registered = [...partners.values()].filter((partner) => partner.registration());
    const said = await Promise.all(registered.map((partner) => askPartner(partner, token, chargePointId)));
    const verdicts = said.flatMap((entry) => (typeof entry === "string" ? [] : [entry.verdict]));
    return verdicts.find(({ status }) => status === "accepted") ?? verdicts[0];
  }

  async function askOwner(entry: { partnerId: string; token: Token }, chargePointId: string): Promise<DriverVerdict> {
    const partner = partners.get(entry.partnerId);
    const said = partner ? await askPartner(partner, entry.token.uid, chargePointId) : "away";
    if (typeof said !== "string") return said.verdict;
    if (said === "unknown") return verdict(entry, "real-time", "NOT_ALLOWED");
    const mayCharge = entry.token.whitelist === "ALLOWED_OFFLINE" || whenAway === "accept";
    return verdict(entry, "offline", mayCharge ? "ALLOWED" : "NOT_ALLOWED");
  }

  return {
    known(token) {
      const recent = fresh(token);
      if (recent) return recent;
      const entry = store.find(token);
      if (!entry) return undefined;
      const ruled = byRules(entry);
      if (ruled !== "ask") return ruled;
      // The car charges already: its partner is not asked after the fact.
      return verdict(
        entry,
        "offline",
        entry.token.whitelist === "ALLOWED_OFFLINE" || whenAway === "accept" ? "ALLOWED" : "NOT_ALLOWED",
      );
    },
    async ask(token, chargePointId) {
      const { tokens } = model.configuration.charging;
      // The site's own cards are nobody else's business.
      if (tokens.some((entry) => entry.token.toLowerCase() === token.toLowerCase())) return undefined;
      const driver = site.state().upstream.drivers[token.toLowerCase()];
      const commanded = driver?.authMethod === "COMMAND" ? fresh(token) : undefined;
      if (commanded) return commanded;
      const entry = store.find(token);
      if (!entry) return askAll(token, chargePointId);
      const ruled = byRules(entry);
      return ruled === "ask" ? askOwner(entry, chargePointId) : ruled;
    },
  };
}
