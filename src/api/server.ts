/** The HTTP server: API, live stream, page, health and metrics on one port. */
import swagger from "@fastify/swagger";
import Fastify, { type FastifyError, type FastifyInstance } from "fastify";
import type { Clock, Log, SiteAccess } from "../core/ports.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import type { UpstreamAdmin } from "../core/upstream-admin.ts";
import type { PlanReasons } from "../core/view/plan-reasons.ts";
import type { LiveSite } from "../core/view/view.ts";
import { createAccess } from "./access.ts";
import { buildChecks } from "./checks.ts";
import { guardBy } from "./guarded.ts";
import { apiListener } from "./listener.ts";
import { metricsText } from "./metrics.ts";
import { isRefusal, problemOf, sendProblem } from "./problem.ts";
import { commandRoutes } from "./routes-command.ts";
import { type DriverRoutes, driverRoutes } from "./routes-driver.ts";
import { type Health, healthRoutes } from "./routes-health.ts";
import { moneyRoutes } from "./routes-money.ts";
import { planRoutes } from "./routes-plan.ts";
import { readRoutes } from "./routes-read.ts";
import { requestRoutes } from "./routes-request.ts";
import { upstreamRoutes } from "./routes-upstream.ts";
import { createStream, type Stream } from "./stream.ts";

export interface PageRoute {
  readonly path: string;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly gzip: Uint8Array;
  /** The name holds a hash of the content: a browser may keep it for ever. */
  readonly immutable: boolean;
}

export interface ApiOptions {
  readonly host: string;
  readonly port: number;
  readonly site: SiteAccess;
  readonly model: SiteModel;
  readonly live: () => LiveSite;
  /** The plan in force explained; missing until there is one. */
  readonly planReasons?: () => PlanReasons | undefined;
  readonly health: () => Health;
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

/** A server without routes: what it takes at most, what goes out with every answer, and what a failure is answered. */
async function emptyServer(version: string, log: Log): Promise<FastifyInstance> {
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
  const info = { title: "wattledger", version, description: "The energy controller of one EV-charging site" };
  await app.register(swagger, { openapi: { openapi: "3.1.0", info } });
  app.addHook("onSend", async (_request, reply) => {
    reply.headers(HEADERS);
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const { status, title, detail } = problemOf(error);
    if (status >= 500 && !isRefusal(error)) log.error("A request failed", { error: String(error) });
    return sendProblem(reply, status, title, detail);
  });
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, 404, "There is nothing here", "See /api/v1/openapi.json"),
  );
  return app;
}

/** Registers everything but what partners ask for. */
function addRoutes(routes: FastifyInstance, options: ApiOptions, stream: Stream): void {
  const { site, model, live, clock, tokenHash, verifyPassword, driverKeys: keys } = options;
  const guard = guardBy(createAccess({ clock, verifyPassword, ...(tokenHash === undefined ? {} : { tokenHash }) }));
  readRoutes(routes, { site, model, live, clock, stream });
  moneyRoutes(routes, { site, model, clock });
  planRoutes(routes, () => options.planReasons?.());
  requestRoutes(routes, { site, model, clock, guard });
  commandRoutes(routes, { site, model, guard });
  if (keys) driverRoutes(routes, { site, model, live, clock, keys });
  upstreamRoutes(routes, { upstream: options.upstream, guard });
  pageRoutes(routes, options.page.routes);
  healthRoutes(routes, {
    health: options.health,
    metrics: () => metricsText(live(), { wattledger_stream_clients: stream.clients, ...options.metrics() }),
  });
}

/** Starts to listen. Rejects when the port is taken, naming it. */
export async function startApi(options: ApiOptions): Promise<{ readonly port: number; close(): Promise<void> }> {
  const { site, live, clock } = options;
  const app = await emptyServer(options.version, options.log);
  const stream = createStream({ site, live, clock });
  await app.register(async (routes) => {
    addRoutes(routes, options, stream);
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
