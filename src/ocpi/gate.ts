/** Who asks, and may it: the token, the pace, the parties in the headers; and how the answer goes back. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../core/ports.ts";
import type { OcpiVersion } from "../core/site/site-upstream.ts";
import { type Identity, PREFIX } from "./identity.ts";
import type { OcpiRequest } from "./module.ts";
import { hubParties, isHub, type Partner } from "./partner.ts";
import { isSameParty, type PartyName } from "./party.ts";
import { createRate, type Rate } from "./rate.ts";
import type { Secrets, TokenHolder } from "./secrets.ts";
import { CLIENT_ERROR, envelopeOf, INVALID_PARAMETERS, type Reply, refuse } from "./status.ts";
import { tokensOf } from "./token.ts";

export interface GateOptions {
  readonly identity: Identity;
  readonly secrets: Secrets;
  readonly partners: ReadonlyMap<string, Partner>;
  readonly clock: Clock;
}

export interface Caller {
  readonly partner: Partner;
  readonly holder: TokenHolder;
}

const HEADER_TEXT = /^[\x20-\x7e]{1,200}$/;

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" && HEADER_TEXT.test(value) ? value : undefined;
}

function partyIn(request: FastifyRequest, which: "from" | "to"): PartyName | undefined {
  const countryCode = header(request, `ocpi-${which}-country-code`)?.toUpperCase();
  const partyId = header(request, `ocpi-${which}-party-id`)?.toUpperCase();
  return countryCode === undefined || partyId === undefined ? undefined : { countryCode, partyId };
}

export class Gate {
  readonly #options: GateOptions;
  readonly #rate: Rate;
  readonly #us: PartyName;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#rate = createRate(options.clock);
    this.#us = { countryCode: options.identity.countryCode, partyId: options.identity.partyId };
  }

  /** Lets in who has a token; a registration token only where `registering` is allowed. */
  enter(request: FastifyRequest, registering: boolean): Caller | Reply {
    const { secrets, partners, clock } = this.#options;
    const holder = secrets.whoHas(tokensOf(request.headers.authorization), clock.wallMs());
    const partner = holder && partners.get(holder.partnerId);
    if (!partner || (holder.registration && !registering))
      return refuse(CLIENT_ERROR, "The token is missing, unknown, or not for this", 401);
    if (!this.#rate.allows(partner.id)) return refuse(CLIENT_ERROR, "Too many requests; wait a minute", 429);
    partner.traffic.lastHeardMs = clock.wallMs();
    return { partner, holder };
  }

  /** Refuses what is for or from somebody else. */
  misrouted(request: FastifyRequest, partner: Partner): Reply | undefined {
    const { countryCode, partyId } = this.#us;
    const [to, from] = [partyIn(request, "to"), partyIn(request, "from")];
    // A hub may also send what is for all behind it.
    const isForUs = !to || [this.#us, ...hubParties(partner)].some((party) => isSameParty(party, to));
    if (!isForUs) return refuse(INVALID_PARAMETERS, `This is ${countryCode}-${partyId}; there is no other party here`);
    const parties = partner.registration()?.parties ?? [];
    if (isHub(partner)) return undefined;
    if (from && parties.length > 0 && !parties.some((party) => isSameParty(party, from)))
      return refuse(INVALID_PARAMETERS, `${from.countryCode}-${from.partyId} is not one of your parties`);
    return undefined;
  }

  /** Answers go back the way they came: from and to exchanged. */
  routeBack(request: FastifyRequest, reply: FastifyReply): void {
    const from = partyIn(request, "from");
    if (!from) return;
    const { countryCode, partyId } = this.#us;
    reply.header("OCPI-from-country-code", countryCode).header("OCPI-from-party-id", partyId);
    reply.header("OCPI-to-country-code", from.countryCode).header("OCPI-to-party-id", from.partyId);
  }

  /** The request as the modules see it. */
  requestOf(request: FastifyRequest, { partner }: Caller, version: OcpiVersion): OcpiRequest {
    const { identity, clock } = this.#options;
    const from = partyIn(request, "from");
    const correlationId = header(request, "x-correlation-id");
    return {
      partner,
      version,
      params: request.params as Record<string, string>,
      query: request.query as Record<string, string>,
      body: request.body,
      url: `${identity.baseUrl ?? ""}${request.url.slice(PREFIX.length)}`,
      nowMs: clock.wallMs(),
      ...(from ? { from } : {}),
      ...(correlationId === undefined ? {} : { correlationId }),
    };
  }

  /** Sends an answer in its envelope, with the ids of the request. */
  send(request: FastifyRequest, reply: FastifyReply, answer: Reply): FastifyReply {
    for (const name of ["x-request-id", "x-correlation-id"]) {
      const value = header(request, name);
      if (value !== undefined) reply.header(name, value);
    }
    if (answer.ok) reply.headers(answer.headers ?? {});
    return reply.code(answer.http ?? 200).send(envelopeOf(answer, this.#options.clock.wallMs()));
  }
}
