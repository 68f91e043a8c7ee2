/** The description of the OCPI server as OpenAPI 3.1, made from the schemas by which it reads and checks. */
import type { TSchema } from "../core/schema.ts";
import type { OcpiVersion } from "../core/site/site-upstream.ts";
import type { Identity } from "./identity.ts";
import type { Module, RouteAbout } from "./module.ts";
import { envelopeSchema } from "./schemas/answers.ts";
import { catalogue, type SchemaName } from "./schemas/catalogue.ts";

type Json = Record<string, unknown>;

const ref = (name: SchemaName): Json => ({ $ref: `#/components/schemas/${name}` });
const asJson = (schema: unknown): Json => JSON.parse(JSON.stringify(schema)) as Json;
const content = (schema: unknown): Json => ({ "application/json": { schema } });

function answer({ data, list }: Pick<RouteAbout, "data" | "list">): Json {
  const shown = data && (list ? { type: "array", items: ref(data) } : ref(data));
  return { description: "The envelope; a refusal has another status_code", content: content(enveloped(shown)) };
}

function enveloped(data: Json | undefined): Json {
  return asJson(envelopeSchema(data as TSchema | undefined));
}

function parameters(path: string, query: TSchema | undefined): Json[] {
  const inPath = [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const { properties = {}, required = [] } = asJson(query ?? {}) as { properties?: Json; required?: string[] };
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
  return [...inPath, ...inQuery];
}

function operation(about: RouteAbout, path: string, version: OcpiVersion, tag: string): Json {
  const { summary, query, body } = about;
  const given = parameters(path, query && catalogue(version)[query]);
  return {
    tags: [tag],
    summary,
    ...(given.length > 0 ? { parameters: given } : {}),
    ...(body ? { requestBody: { required: true, content: content(ref(body)) } } : {}),
    responses: { "200": answer(about), default: { description: "A refusal", content: content(enveloped(undefined)) } },
  };
}

const REGISTRATION: readonly (readonly [string, string, RouteAbout])[] = [
  ["/versions", "get", { summary: "The versions that are spoken", data: "Versions" }],
  ["/VERSION", "get", { summary: "The endpoints of a version", data: "VersionDetails" }],
  ["/VERSION/credentials", "get", { summary: "Our credentials", data: "Credentials" }],
  ["/VERSION/credentials", "post", { summary: "Registers", body: "Credentials", data: "Credentials" }],
  [
    "/VERSION/credentials",
    "put",
    { summary: "New tokens, versions read again", body: "Credentials", data: "Credentials" },
  ],
  ["/VERSION/credentials", "delete", { summary: "Ends the registration" }],
];

/** What the site sends by itself, to the endpoints that a partner lists. */
const SENT: Readonly<Record<string, readonly [string, SchemaName]>> = {
  "PUT location": ["put", "Location"],
  "PUT tariff": ["put", "Tariff"],
  "PUT session": ["put", "Session"],
  "POST cdr": ["post", "CDR"],
  "PUT active charging profile": ["put", "ActiveChargingProfile"],
  "POST profile result": ["post", "ProfileResult"],
  "POST command result": ["post", "CommandResult"],
};

function webhooks(): Json {
  const entries = Object.entries(SENT).map(([name, [method, body]]) => [
    name,
    { [method]: { requestBody: { content: content(ref(body)) }, responses: { "200": { description: "Taken" } } } },
  ]);
  return Object.fromEntries(entries);
}

function pathsOf(modules: readonly Module[], version: OcpiVersion): Json {
  const paths: Record<string, Json> = {};
  const add = (path: string, method: string, about: RouteAbout, tag: string) => {
    paths[path] = { ...paths[path], [method]: operation(about, path, version, tag) };
  };
  for (const [path, method, about] of REGISTRATION)
    add(path.replace("VERSION", version), method, about, "registration");
  // What is agreed with some is shown to nobody else.
  for (const module of modules.filter(({ agreed, unlisted }) => !agreed && !unlisted))
    for (const { method, path, about } of module.routes) {
      const full = `/${version}/${module.path}${path}`.replaceAll(/:([a-z]+)/gi, "{$1}");
      add(full, method.toLowerCase(), about, String(module.identifier));
    }
  return paths;
}

/** The document of a version. */
export function openApiOf(identity: Identity, modules: readonly Module[], version: OcpiVersion): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: `OCPI ${version} of ${identity.countryCode}-${identity.partyId}`,
      version,
      description: "Authorization: Token, and the token in base64. All times are UTC.",
    },
    servers: [{ url: identity.baseUrl ?? "/ocpi" }],
    security: [{ token: [] }],
    paths: pathsOf(modules, version),
    webhooks: webhooks(),
    components: {
      securitySchemes: { token: { type: "apiKey", in: "header", name: "Authorization" } },
      schemas: asJson(catalogue(version)),
    },
  };
}
