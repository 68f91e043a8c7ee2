/** The HTTP server: API, live stream, page, health and metrics on one port. */
import swagger from "@fastify/swagger";
import Fastify, { type FastifyError, type FastifyInstance } from "fastify";
import type { Clock, Log, SiteAccess } from "../core/ports.ts";
import { type Static, Type } from "../core/schema.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import type { UpstreamAdmin } from "../core/upstream-admin.ts";
import type { PlanReasons } from "../core/view/plan-reasons.ts";
import type { LiveSite } from "../core/view/view.ts";
import { createAccess } from "./access.ts";
import { buildChecks } from "./checks.ts";
import { apiListener } from "./listener.ts";
import { metricsText } from "./metrics.ts";
import { sendProblem } from "./problem.ts";
import { type DriverRoutes, driverRoutes } from "./routes-driver.ts";
import { moneyRoutes } from "./routes-money.ts";
import { planRoutes } from "./routes-plan.ts";
import { readRoutes } from "./routes-read.ts";
import { upstreamRoutes } from "./routes-upstream.ts";
import { writeRoutes } from "./routes-write.ts";
import { createStream } from "./stream.ts";

export interface PageRoute {
  readonly path: string;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly gzip: Uint8Array;
  /** The name holds a hash of the content: a browser may keep it for ever. */
  readonly immutable: boolean;
}

const HealthSchema = Type.Object({
  ok: Type.Boolean(),
  ticks: Type.Integer({ description: "Completed since the start" }),
  tickAgeMs: Type.Number({ description: "Since the last one" }),
  ledger: Type.String({ description: "`ok`, or why it takes no facts" }),
  backlog: Type.Integer({ description: "Facts that wait for it" }),
});

export interface ApiOptions {
  readonly host: string;
  readonly port: number;
  readonly site: SiteAccess;
  readonly model: SiteModel;
  readonly live: () => LiveSite;
  /** The plan in force explained; missing until there is one. */
  readonly planReasons?: () => PlanReasons | undefined;
  readonly health: () => Static<typeof HealthSchema>;
  readonly metrics: () => Readonly<Record<string, number>>;
  readonly tokenHash?: string;
  readonly verifyPassword: (hash: string, secret: string) => Promise<boolean>;
  /** Keys of the links at the EVSEs; without them no link opens anything. */
  readonly driverKeys?: DriverRoutes["keys"];
  readonly page: { readonly routes: readonly PageRoute[] };
  /** The partners of the site, where it has any, and their own routes on the same port. */
  readonly upstream?: UpstreamAdmin & { readonly plugin: (app: FastifyInstance) => Promise<void> };
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
}

const BODY_BYTES = 16_384;
/** Ids of OCPI partners are up to 64 characters, written with percents. */
const PARAMETER_CHARACTERS = 1_024;
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/** An address that cannot be decoded is taken as it is written, which is one that is not there. */
function decodable(url: string): string {
  try {
    decodeURIComponent(url.split("?")[0]!);
    return url;
  } catch {
    return url.replaceAll("%", "%25");
  }
}

/** What the ledger refuses is said once, by who records: each request that it hits is no news. */
function isRefusal(error: FastifyError): boolean {
  return error.name === "LedgerError" && "kind" in error && error.kind !== "damaged";
}

/** What does not fit, each thing once; a body that may have one of several shapes fails at each of them. */
function misfits(error: FastifyError): string {
  const texts = (error.validation ?? []).map(({ instancePath, message = "is not as it should be", params }) => {
    const place = `${error.validationContext ?? "request"}${instancePath}`;
    const { allowedValue, allowedValues } = params as { allowedValue?: unknown; allowedValues?: readonly unknown[] };
    const allowed = allowedValues ?? (allowedValue === undefined ? [] : [allowedValue]);
    return allowed.length === 0 ? `${place} ${message}` : `${place} ${message}: ${allowed.map(String).join(", ")}`;
  });
  return [...new Set(texts.filter((text) => texts.length === 1 || !text.endsWith("in anyOf")))].join(", ");
}

function failureWords(error: FastifyError): { status: number; title: string; detail: string } {
  if (error.validation)
    return { status: 400, title: `The request does not fit: ${misfits(error)}`, detail: "See /api/v1/openapi.json" };
  const status = error.statusCode ?? 500;
  if (status < 500) return { status, title: error.message, detail: "See /api/v1/openapi.json" };
  if ("kind" in error && error.kind === "damaged") {
    const detail = "Charging goes on protected. `wattledger doctor` says what to do";
    return { status: 503, title: "The ledger is damaged: this cannot be read", detail };
  }
  return {
    status: 503,
    title: "It could not be recorded",
    detail: "The ledger refuses at present; charging goes on protected. Try again",
  };
}

function pageRoutes(app: FastifyInstance, routes: readonly PageRoute[]): void {
  for (const route of routes) {
    app.get(route.path, { schema: { hide: true } }, (request, reply) => {
      const zipped = String(request.headers["accept-encoding"] ?? "").includes("gzip");
      reply
        .header("cache-control", route.immutable ? "public, max-age=31536000, immutable" : "no-cache")
        .type(route.contentType)
        .header("vary", "accept-encoding");
      if (zipped) reply.header("content-encoding", "gzip");
      return reply.send(Buffer.from(zipped ? route.gzip : route.body));
    });
  }
}

/** Starts to listen. Rejects when the port is taken, naming it. */
export async function startApi(options: ApiOptions): Promise<{ readonly port: number; close(): Promise<void> }> {
  const { site, live, clock, log } = options;
  const app = Fastify({
    bodyLimit: BODY_BYTES,
    logger: false,
    serverFactory: apiListener,
    // Schemas of answers are for the reader: serializers compiled of them would take memory for as long as it runs.
    // What builds checks is typed as Ajv itself, and called with the part of a route.
    schemaController: {
      compilersFactory: { buildSerializer: () => () => JSON.stringify, buildValidator: buildChecks as never },
    },
    forceCloseConnections: true,
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS },
    rewriteUrl: ({ url = "/" }) => decodable(url),
  });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "wattledger",
        version: options.version,
        description: "The energy controller of one EV-charging site",
      },
    },
  });
  app.addHook("onSend", async (_request, reply) => {
    reply.headers(HEADERS);
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const { status, title, detail } = failureWords(error);
    if (status >= 500 && !isRefusal(error)) log.error("A request failed", { error: String(error) });
    return sendProblem(reply, status, title, detail);
  });
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, 404, "There is nothing here", "See /api/v1/openapi.json"),
  );

  const stream = createStream({ site, live, clock });
  const { verifyPassword, tokenHash } = options;
  const access = createAccess({ clock, verifyPassword, ...(tokenHash === undefined ? {} : { tokenHash }) });
  await app.register(async (routes) => {
    readRoutes(routes, { site, model: options.model, live, clock: options.clock, stream });
    moneyRoutes(routes, { site, model: options.model, clock });
    planRoutes(routes, () => options.planReasons?.());
    writeRoutes(routes, { site, model: options.model, clock, access });
    const keys = options.driverKeys;
    if (keys) driverRoutes(routes, { site, model: options.model, live, clock, keys });
    upstreamRoutes(routes, { upstream: options.upstream, access });
    pageRoutes(routes, options.page.routes);
    routes.get(
      "/healthz",
      {
        schema: {
          summary: "200 while the controller completes its ticks",
          response: { 200: HealthSchema, 503: HealthSchema },
        },
      },
      (_request, reply) => {
        const health = options.health();
        return reply.code(health.ok ? 200 : 503).send(health);
      },
    );
    const text = { "text/plain": { schema: Type.String() } };
    routes.get(
      "/metrics",
      { schema: { summary: "Prometheus", response: { 200: { content: text } } } },
      (_request, reply) =>
        reply
          .type("text/plain; version=0.0.4")
          .send(metricsText(live(), { wattledger_stream_clients: stream.clients, ...options.metrics() })),
    );
    routes.get("/api/v1/openapi.json", { schema: { hide: true } }, () => app.swagger());
  });
  if (options.upstream) await options.upstream.plugin(app);
  const close = async () => {
    stream.close();
    await app.close();
  };
  await app.listen({ host: options.host, port: options.port }).catch(async (error) => {
    await close();
    throw error;
  });
  const address = app.server.address();
  return {
    port: address && typeof address === "object" ? address.port : options.port,
    close,
  };
}
