/** The HTTP server side of OCPI, as a plugin for the site's own server: who asks, may it, and the envelope. */
import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  HTTPMethods,
  RouteHandlerMethod,
} from "fastify";
import type { Clock, Log } from "../core/ports.ts";
import { OCPI_VERSIONS, type OcpiVersion } from "../core/site/site-upstream.ts";
import type { PartyName } from "./call.ts";
import { type Identity, PREFIX } from "./identity.ts";
import type { Module, OcpiRequest } from "./module.ts";
import type { Partner } from "./partner.ts";
import { createRate } from "./rate.ts";
import type { Registrations } from "./registration.ts";
import type { Secrets, TokenHolder } from "./secrets.ts";
import { CLIENT_ERROR, envelopeOf, INVALID_PARAMETERS, type Reply, refuse, SERVER_ERROR } from "./status.ts";
import { tokensOf } from "./token.ts";

const BODY_BYTES = 262_144;

export interface ServerOptions {
  readonly identity: Identity;
  readonly secrets: Secrets;
  readonly partners: ReadonlyMap<string, Partner>;
  readonly registrations: Registrations;
  readonly modules: readonly Module[];
  readonly clock: Clock;
  readonly log: Log;
}

interface Caller {
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

const isSame = (one: PartyName, other: PartyName) =>
  one.countryCode === other.countryCode && one.partyId === other.partyId;

const nothingHere = refuse(CLIENT_ERROR, "There is nothing here", 404);
const isFor = ({ agreed }: Module, partner: Partner) => agreed?.(partner) ?? true;

function isHub(partner: Partner): boolean {
  const known = partner.registration();
  return known?.hubPartyId !== undefined || known?.parties.some((party) => party.role === "HUB") === true;
}

export function ocpiPlugin(options: ServerOptions): (app: FastifyInstance) => Promise<void> {
  const { identity, secrets, partners, registrations, modules, clock, log } = options;
  const rate = createRate(clock);
  const us: PartyName = { countryCode: identity.countryCode, partyId: identity.partyId };

  function callerOf(request: FastifyRequest): Caller | undefined {
    const holder = secrets.whoHas(tokensOf(request.headers.authorization), clock.wallMs());
    const partner = holder && partners.get(holder.partnerId);
    return partner && holder ? { partner, holder } : undefined;
  }

  function send(request: FastifyRequest, reply: FastifyReply, answer: Reply): FastifyReply {
    for (const name of ["x-request-id", "x-correlation-id"]) {
      const value = header(request, name);
      if (value !== undefined) reply.header(name, value);
    }
    if (answer.ok) reply.headers(answer.headers ?? {});
    return reply.code(answer.http ?? 200).send(envelopeOf(answer, clock.wallMs()));
  }

  /** Answers go back the way they came: from and to exchanged. */
  function routeBack(request: FastifyRequest, reply: FastifyReply): void {
    const from = partyIn(request, "from");
    if (!from) return;
    reply.header("OCPI-from-country-code", us.countryCode).header("OCPI-from-party-id", us.partyId);
    reply.header("OCPI-to-country-code", from.countryCode).header("OCPI-to-party-id", from.partyId);
  }

  /** Lets in who has a token; a registration token only where `registering` is allowed. */
  function enter(request: FastifyRequest, registering: boolean): Caller | Reply {
    const caller = callerOf(request);
    if (!caller || (caller.holder.registration && !registering))
      return refuse(CLIENT_ERROR, "The token is missing, unknown, or not for this", 401);
    if (!rate.allows(caller.partner.id)) return refuse(CLIENT_ERROR, "Too many requests; wait a minute", 429);
    caller.partner.traffic.lastHeardMs = clock.wallMs();
    return caller;
  }

  function misrouted(request: FastifyRequest, partner: Partner): Reply | undefined {
    const [to, from] = [partyIn(request, "to"), partyIn(request, "from")];
    if (to && !isSame(to, us) && !isHub(partner))
      return refuse(INVALID_PARAMETERS, `This is ${us.countryCode}-${us.partyId}; there is no other party here`);
    const parties = partner.registration()?.parties ?? [];
    if (from && !isHub(partner) && parties.length > 0 && !parties.some((party) => isSame(party, from)))
      return refuse(INVALID_PARAMETERS, `${from.countryCode}-${from.partyId} is not one of your parties`);
    return undefined;
  }

  function requestOf(request: FastifyRequest, caller: Caller, version: OcpiVersion): OcpiRequest {
    const from = partyIn(request, "from");
    const correlationId = header(request, "x-correlation-id");
    return {
      partner: caller.partner,
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

  type Handle = (request: FastifyRequest, caller: Caller) => Reply | Promise<Reply>;
  const open = (handle: Handle) => async (request: FastifyRequest, reply: FastifyReply) => {
    const caller = enter(request, true);
    return send(request, reply, "ok" in caller ? caller : await handle(request, caller));
  };
  const functional = (handle: Handle) => async (request: FastifyRequest, reply: FastifyReply) => {
    const caller = enter(request, false);
    if ("ok" in caller) return send(request, reply, caller);
    routeBack(request, reply);
    return send(request, reply, misrouted(request, caller.partner) ?? (await handle(request, caller)));
  };

  function detailsOf(version: OcpiVersion, partner: Partner) {
    const base = identity.versionUrl(version);
    const listed = modules.filter((module) => !module.unlisted && isFor(module, partner));
    const endpoints = listed.map(({ identifier, role, path }) => ({
      identifier: typeof identifier === "string" ? identifier : identifier(partner),
      role,
      url: `${base}/${path}`,
    }));
    const credentials = { identifier: "credentials", role: "SENDER", url: `${base}/credentials` };
    return { version, endpoints: [credentials, ...endpoints] };
  }

  /** The same with a slash at its end, which some partners write. */
  function route(
    app: FastifyInstance,
    method: HTTPMethods | HTTPMethods[],
    url: string,
    handler: RouteHandlerMethod,
  ): void {
    for (const path of [url, `${url}/`]) app.route({ method, url: path, handler });
  }

  function versionRoutes(app: FastifyInstance, version: OcpiVersion): void {
    const details = open((_request, { partner }) => ({ ok: true, data: detailsOf(version, partner) }));
    route(app, "GET", `/${version}`, details);
    const credentials = open((request, { partner, holder }) =>
      registrations.answer(partner, holder, { method: request.method, version, body: request.body }),
    );
    route(app, ["GET", "POST", "PUT", "DELETE"], `/${version}/credentials`, credentials);
    for (const module of modules)
      for (const { method, path, handle } of module.routes) {
        const handler = functional((request, caller) =>
          isFor(module, caller.partner) ? handle(requestOf(request, caller, version)) : nothingHere,
        );
        route(app, method, `/${version}/${module.path}${path}`, handler);
      }
  }

  function failure(error: FastifyError): Reply {
    const status = error.statusCode ?? 500;
    if (status === 413) return refuse(INVALID_PARAMETERS, `A body may have up to ${BODY_BYTES} bytes`, 413);
    if (status < 500) return refuse(INVALID_PARAMETERS, error.message, status);
    log.error("An OCPI request failed", { error: String(error) });
    return refuse(SERVER_ERROR, "It could not be done at present; try again", 500);
  }

  return async (parent) => {
    await parent.register(
      async (app) => {
        app.addHook("onRoute", (route) => {
          route.schema = { hide: true };
        });
        app.removeAllContentTypeParsers();
        app.addContentTypeParser("*", { parseAs: "string", bodyLimit: BODY_BYTES }, (_request, body, done) => {
          if (body === "") return done(null, undefined);
          try {
            done(null, JSON.parse(body as string));
          } catch {
            done(Object.assign(new Error("The body is not JSON"), { statusCode: 400 }), undefined);
          }
        });
        app.setErrorHandler((error: FastifyError, request, reply) => send(request, reply, failure(error)));
        app.setNotFoundHandler((request, reply) => {
          const caller = enter(request, true);
          return send(request, reply, "ok" in caller ? caller : nothingHere);
        });
        const versions = [...OCPI_VERSIONS]
          .reverse()
          .map((version) => ({ version, url: identity.versionUrl(version) }));
        route(
          app,
          "GET",
          "/versions",
          open(() => ({ ok: true, data: versions })),
        );
        for (const version of OCPI_VERSIONS) versionRoutes(app, version);
      },
      { prefix: PREFIX },
    );
  };
}
