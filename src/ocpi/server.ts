/** The HTTP server side of OCPI, as a plugin for the site's own server: the routes of all versions, each behind the gate. */
import type {
  FastifyContextConfig,
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

declare module "fastify" {
  interface FastifyContextConfig {
    /** Who may call it: everybody, or also who holds a registration token; else only registered partners. */
    ocpi?: "everybody" | "registering";
  }
}

type Handle = (request: FastifyRequest, caller: Caller) => Reply | Promise<Reply>;

const METHODS: readonly HTTPMethods[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const HAS_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);
const notJson = refuse(INVALID_PARAMETERS, "The body is not JSON", 400);
const nothingHere = refuse(CLIENT_ERROR, "There is nothing here", 404);
const isFor = ({ agreed }: Module, partner: Partner) => agreed?.(partner) ?? true;
const versionsWith = (partner: Partner) =>
  OCPI_VERSIONS.filter((version) => partner.configuration.versions.includes(version));

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

class OcpiServer {
  readonly #options: ServerOptions;
  readonly #gate: Gate;
  readonly #callers = new WeakMap<FastifyRequest, Caller>();
  /** By address, what it takes and who may call it. */
  readonly #taken = new Map<string, { readonly methods: Set<string>; readonly config: FastifyContextConfig }>();

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#gate = new Gate(options);
  }

  routes(app: FastifyInstance): void {
    const { identity } = this.#options;
    // Before a body is read: who has no token is not listened to, whatever and wherever it asks.
    app.addHook("onRequest", async (request, reply) => {
      const may = request.routeOptions.config.ocpi;
      if (may === "everybody") return;
      const caller = this.#gate.enter(request, may === "registering");
      if ("ok" in caller) return this.#gate.send(request, reply, caller);
      this.#callers.set(request, caller);
    });
    app.setErrorHandler((error: FastifyError, request, reply) => this.#gate.send(request, reply, this.#failure(error)));
    app.setNotFoundHandler((request, reply) => this.#gate.send(request, reply, nothingHere));
    this.#open(app, ["GET"], "/versions", (_request, { partner }) => {
      const spoken = versionsWith(partner).reverse();
      return { ok: true, data: spoken.map((version) => ({ version, url: identity.versionUrl(version) })) };
    });
    for (const version of OCPI_VERSIONS) this.#version(app, version);
    this.#refuseOtherMethods(app);
  }

  #version(app: FastifyInstance, version: OcpiVersion): void {
    const { identity, registrations, modules } = this.#options;
    this.#open(app, ["GET"], `/${version}`, (_request, { partner }) => {
      if (!versionsWith(partner).includes(version)) return nothingHere;
      return { ok: true, data: this.#details(version, partner) };
    });
    const methods: HTTPMethods[] = ["GET", "POST", "PUT", "DELETE"];
    this.#open(app, methods, `/${version}/credentials`, (request, { partner, holder }) =>
      registrations.answer(partner, holder, { method: request.method, version, body: request.body }),
    );
    // It says nothing of the site, and nothing of what was agreed with anybody.
    let document: object | undefined;
    app.get(`/${version}/openapi.json`, { config: { ocpi: "everybody" } }, async () => {
      document ??= openApiOf(identity, modules, version);
      return document;
    });
    for (const module of modules)
      for (const { method, path, handle } of module.routes)
        this.#functional(app, method, `/${version}/${module.path}${path}`, (request, caller) =>
          isFor(module, caller.partner) ? handle(this.#gate.requestOf(request, caller, version)) : nothingHere,
        );
  }

  /** The same with a slash at its end, which some partners write. */
  #route(
    app: FastifyInstance,
    methods: HTTPMethods[],
    address: string,
    { config, handler }: { readonly config: FastifyContextConfig; readonly handler: RouteHandlerMethod },
  ): void {
    for (const url of [address, `${address}/`]) {
      app.route({ method: methods, url, config, handler });
      const taken = this.#taken.get(url) ?? { methods: new Set(), config };
      for (const method of methods) taken.methods.add(method);
      if (taken.methods.has("GET")) taken.methods.add("HEAD");
      this.#taken.set(url, taken);
    }
  }

  /** What is there, but is not asked in this way, is no 404. */
  #refuseOtherMethods(app: FastifyInstance): void {
    for (const [url, { methods, config }] of this.#taken) {
      const allow = [...methods].join(", ");
      const refusal = refuse(CLIENT_ERROR, `This takes ${allow} only`, 405);
      const method = METHODS.filter((each) => !methods.has(each));
      const handler: RouteHandlerMethod = async (request, reply) =>
        this.#gate.send(request, reply.header("allow", allow), refusal);
      app.route({ method, url, config, handler });
    }
  }

  #answering(handle: Handle, routed: boolean): RouteHandlerMethod {
    return async (request: FastifyRequest, reply: FastifyReply) => {
      if (routed) this.#gate.routeBack(request, reply);
      const lacksBody = HAS_BODY.has(request.method) && request.body === undefined;
      const answer = lacksBody ? notJson : await handle(request, this.#callers.get(request)!);
      return this.#gate.send(request, reply, answer);
    };
  }

  #open(app: FastifyInstance, methods: HTTPMethods[], address: string, handle: Handle): void {
    this.#route(app, methods, address, { config: { ocpi: "registering" }, handler: this.#answering(handle, false) });
  }

  #functional(app: FastifyInstance, method: HTTPMethods, address: string, handle: Handle): void {
    const checked: Handle = (request, caller) =>
      this.#gate.misrouted(request, caller.partner) ?? handle(request, caller);
    this.#route(app, [method], address, { config: {}, handler: this.#answering(checked, true) });
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
