/** The HTTP server side of OCPI, as a plugin for the site's own server: the routes of all versions, each behind the gate. */
import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  HTTPMethods,
  RouteHandlerMethod,
} from "fastify";
import type { Log } from "../core/ports.ts";
import { OCPI_VERSIONS, type OcpiVersion } from "../core/site/site-upstream.ts";
import { type Caller, Gate, type GateOptions } from "./gate.ts";
import { PREFIX } from "./identity.ts";
import type { Module } from "./module.ts";
import { openApiOf } from "./openapi.ts";
import type { Partner } from "./partner.ts";
import type { Registrations } from "./registration.ts";
import { CLIENT_ERROR, INVALID_PARAMETERS, type Reply, refuse, SERVER_ERROR } from "./status.ts";

const BODY_BYTES = 262_144;

export interface ServerOptions extends GateOptions {
  readonly registrations: Registrations;
  readonly modules: readonly Module[];
  readonly log: Log;
}

type Handle = (request: FastifyRequest, caller: Caller) => Reply | Promise<Reply>;

const nothingHere = refuse(CLIENT_ERROR, "There is nothing here", 404);
const isFor = ({ agreed }: Module, partner: Partner) => agreed?.(partner) ?? true;

/** Bodies are JSON, whatever they call themselves. */
function parseBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string", bodyLimit: BODY_BYTES }, (_request, body, done) => {
    if (body === "") return done(null, undefined);
    try {
      done(null, JSON.parse(body as string));
    } catch {
      done(Object.assign(new Error("The body is not JSON"), { statusCode: 400 }), undefined);
    }
  });
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

class OcpiServer {
  readonly #options: ServerOptions;
  readonly #gate: Gate;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#gate = new Gate(options);
  }

  routes(app: FastifyInstance): void {
    const { identity } = this.#options;
    app.setErrorHandler((error: FastifyError, request, reply) => this.#gate.send(request, reply, this.#failure(error)));
    app.setNotFoundHandler((request, reply) => {
      const caller = this.#gate.enter(request, true);
      return this.#gate.send(request, reply, "ok" in caller ? caller : nothingHere);
    });
    const versions = [...OCPI_VERSIONS].reverse().map((version) => ({ version, url: identity.versionUrl(version) }));
    const listed = this.#open(() => ({ ok: true, data: versions }));
    route(app, "GET", "/versions", listed);
    for (const version of OCPI_VERSIONS) this.#version(app, version);
  }

  #version(app: FastifyInstance, version: OcpiVersion): void {
    const { identity, registrations, modules } = this.#options;
    const details = this.#open((_request, { partner }) => ({ ok: true, data: this.#details(version, partner) }));
    route(app, "GET", `/${version}`, details);
    const credentials = this.#open((request, { partner, holder }) =>
      registrations.answer(partner, holder, { method: request.method, version, body: request.body }),
    );
    route(app, ["GET", "POST", "PUT", "DELETE"], `/${version}/credentials`, credentials);
    // It says nothing of the site, and nothing of what was agreed with anybody.
    let document: object | undefined;
    app.get(`/${version}/openapi.json`, async () => {
      document ??= openApiOf(identity, modules, version);
      return document;
    });
    for (const module of modules)
      for (const { method, path, handle } of module.routes) {
        const handler = this.#functional((request, caller) =>
          isFor(module, caller.partner) ? handle(this.#gate.requestOf(request, caller, version)) : nothingHere,
        );
        route(app, method, `/${version}/${module.path}${path}`, handler);
      }
  }

  #open(handle: Handle): RouteHandlerMethod {
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const caller = this.#gate.enter(request, true);
      return this.#gate.send(request, reply, "ok" in caller ? caller : await handle(request, caller));
    };
  }

  #functional(handle: Handle): RouteHandlerMethod {
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const caller = this.#gate.enter(request, false);
      if ("ok" in caller) return this.#gate.send(request, reply, caller);
      this.#gate.routeBack(request, reply);
      const answer = this.#gate.misrouted(request, caller.partner) ?? (await handle(request, caller));
      return this.#gate.send(request, reply, answer);
    };
  }

  #details(version: OcpiVersion, partner: Partner) {
    const base = this.#options.identity.versionUrl(version);
    const listed = this.#options.modules.filter((module) => !module.unlisted && isFor(module, partner));
    const endpoints = listed.map(({ identifier, role, path }) => ({
      identifier: typeof identifier === "string" ? identifier : identifier(partner),
      role,
      url: `${base}/${path}`,
    }));
    const credentials = { identifier: "credentials", role: "SENDER", url: `${base}/credentials` };
    return { version, endpoints: [credentials, ...endpoints] };
  }

  #failure(error: FastifyError): Reply {
    const status = error.statusCode ?? 500;
    if (status === 413) return refuse(INVALID_PARAMETERS, `A body may have up to ${BODY_BYTES} bytes`, 413);
    if (status < 500) return refuse(INVALID_PARAMETERS, error.message, status);
    this.#options.log.error("An OCPI request failed", { error: String(error) });
    return refuse(SERVER_ERROR, "It could not be done at present; try again", 500);
  }
}

export function ocpiPlugin(options: ServerOptions): (app: FastifyInstance) => Promise<void> {
  const server = new OcpiServer(options);
  return async (parent) => {
    await parent.register(
      async (app) => {
        app.addHook("onRoute", (added) => {
          added.schema = { hide: true };
        });
        parseBodies(app);
        server.routes(app);
      },
      { prefix: PREFIX },
    );
  };
}
