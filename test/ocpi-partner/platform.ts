/**
 * A platform of another company, from the specification alone: an HTTP server with the modules of its parties, on
 * addresses of its own making, and a client. It checks everything that it is told and keeps a list of what is wrong.
 */
import { randomBytes, randomUUID } from "node:crypto";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import { freePort } from "../free-port.ts";
import { type Answer, faultsOfAnswer, isRouted, type Party, routing, type Sending, send } from "./exchange.ts";
import { createModules, type Modules } from "./modules.ts";
import { isObject, type Json, must } from "./spec/check.ts";
import { credentials, versionDetails, versions } from "./spec/control.ts";
import type { Version } from "./spec/types.ts";

export type Role = "SENDER" | "RECEIVER";

export interface Endpoint {
  readonly identifier: string;
  readonly role: Role;
}

/** A request that came in. */
export interface Heard {
  readonly method: string;
  readonly version: Version;
  readonly module: string;
  readonly role: Role | "";
  /** Below the module, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  status: number;
}

export interface Reply {
  readonly status?: number;
  readonly code?: number;
  readonly data?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PlatformOptions {
  readonly versions: readonly Version[];
  readonly parties: readonly Party[];
  readonly endpoints: readonly Endpoint[];
  /** Of a platform that is a hub: who can be reached through it. Its own party is the first of `parties`. */
  readonly behind?: readonly Party[];
  /** Custom modules that were agreed upon. */
  readonly agreed?: readonly string[];
  /** Whom it talks to. */
  readonly cpo: Party;
}

const PATIENCE_MS = 60_000;

export class Platform {
  readonly options: PlatformOptions;
  readonly modules: Modules;
  /** Everything that was asked, in order. */
  readonly heard: Heard[] = [];
  /** What the other side did against the specification. */
  readonly faults: string[] = [];
  /** Tokens that the other side may show here. */
  readonly valid = new Set<string>();
  /** What the other side gave us. */
  token = "";
  endpoints: readonly { readonly identifier: string; readonly role: string; readonly url: string }[] = [];
  /** The credentials that it holds of the other side. */
  others: Json | undefined;
  /** Answers instead of the module; a promise that never settles is a partner that hangs. */
  instead: (heard: Heard) => Reply | Promise<Reply> | undefined = () => undefined;
  port = 0;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  #waiting: (() => void)[] = [];

  constructor(options: PlatformOptions) {
    this.options = options;
    this.modules = createModules(this);
  }

  get party(): Party {
    return this.options.parties[0]!;
  }
  get base(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  get versionsUrl(): string {
    return `${this.base}/which`;
  }

  /** Addresses that nobody can guess from those of the specification. */
  address(version: Version, { identifier, role }: Endpoint): string {
    const short = identifier.slice(0, 4);
    return `${this.base}/${version.replaceAll(".", "")}-api/${role === "SENDER" ? "out" : "in"}/${short}`;
  }

  /** On the port that it had before, where it had one. */
  async listen(): Promise<this> {
    const server = createServer((incoming, outgoing) => void this.#serve(incoming, outgoing));
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    if (this.port === 0) this.port = await freePort();
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    this.#server = server;
    return this;
  }

  /** Nobody is there any more. */
  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
    for (const socket of this.#sockets) socket.destroy();
    await gone;
  }

  issue(): string {
    const token = randomBytes(24).toString("base64url");
    this.valid.add(token);
    return token;
  }

  /** The first request after `since` that fits, now or later. */
  async next(fits: (heard: Heard) => boolean, since = 0, what = "what was waited for", patienceMs = PATIENCE_MS) {
    const endMs = performance.now() + patienceMs;
    for (;;) {
      const found = this.heard.slice(since).find((heard) => heard.status !== 0 && fits(heard));
      if (found) return found;
      const left = endMs - performance.now();
      const came = this.heard.slice(since).map(({ method, module, path }) => `${method} ${module} ${path.join("/")}`);
      if (left <= 0) throw new Error(`${what} did not come, but ${came.slice(-12).join(", ") || "nothing"}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Asks the other side at one of its endpoints; what is wrong with the form of the answer goes to `faults`. */
  async ask(
    method: string,
    module: string,
    path: string,
    sending: Sending & { readonly role?: Role; readonly from?: Party } = {},
  ): Promise<Answer> {
    const role = sending.role;
    const endpoint = this.endpoints.find((each) => each.identifier === module && (!role || each.role === role));
    if (!endpoint) throw new Error(`no endpoint for ${module} ${role ?? ""}`);
    return this.askAt(method, module, endpoint.url + path, sending);
  }

  /** An address of this platform for one result, and the result when it comes. */
  callback(module: "commands" | "chargingprofiles", version: Version, kind: string) {
    const id = randomUUID().slice(0, 8);
    const since = this.heard.length;
    const url = `${this.address(version, { identifier: module, role: "SENDER" })}/${id}/${kind}`;
    const called = (heard: Heard) => heard.module === module && heard.method === "POST" && heard.path[0] === id;
    return {
      url,
      result: async () => (await this.next(called, since, `the result of ${kind}`)).body as Json,
      calls: () => this.heard.slice(since).filter(called).length,
    };
  }

  /** The same at an address. */
  async askAt(
    method: string,
    module: string,
    url: string,
    sending: Sending & { readonly from?: Party } = {},
  ): Promise<Answer> {
    const ids = { "X-Request-ID": randomUUID(), "X-Correlation-ID": randomUUID() };
    const from = sending.from ?? this.party;
    const to = this.options.cpo;
    const routed = isRouted(module);
    const headers = { ...ids, ...(routed ? routing(from, to) : {}), ...sending.headers };
    const answer = await send(method, url, { token: this.token, ...sending, headers });
    const faults = faultsOfAnswer(answer, { ids, routed: sending.headers ? undefined : routed, from, to });
    this.faults.push(...faults.map((fault) => `answer to ${method} ${url}: ${fault}`));
    return answer;
  }

  /** All pages of a list. */
  async askAll(module: string, query: string): Promise<{ readonly objects: Json[]; readonly pages: Answer[] }> {
    const pages: Answer[] = [];
    const objects: Json[] = [];
    const endpoint = this.endpoints.find((each) => each.identifier === module && each.role === "SENDER")!;
    for (let url: string | undefined = `${endpoint.url}${query}`; url !== undefined && pages.length < 100; ) {
      const page = await this.askAt("GET", module, url);
      pages.push(page);
      objects.push(...((page.data ?? []) as Json[]));
      url = /^<([^>]+)>; rel="next"$/.exec(page.headers.link as string)?.[1];
    }
    return { objects, pages };
  }

  /** Reads the other side's versions and the details of one, and keeps its endpoints. */
  async discover(versionsUrl: string, version: Version): Promise<void> {
    const listed = await this.askAt("GET", "versions", versionsUrl);
    const list = listed.data as { version: string; url: string }[];
    this.faults.push(...list.flatMap((each, index) => versions(each, `versions[${index}]`)));
    const details = await this.askAt("GET", "details", list.find((each) => each.version === version)!.url);
    this.faults.push(...versionDetails(version, this.options.agreed)(details.data, "details"));
    this.endpoints = (details.data as { endpoints: Platform["endpoints"] }).endpoints;
  }

  credentials(version: Version, token: string): Json {
    // A hub of 2.2.1 lists itself; one of 2.3.0 names itself beside the roles, which are those behind it.
    const { behind, parties } = this.options;
    const isHub = version === "2.3.0" && behind !== undefined;
    return {
      token,
      url: this.versionsUrl,
      ...(isHub ? { hub_party_id: this.party.countryCode + this.party.partyId } : {}),
      roles: (isHub ? behind : parties).map(({ role, countryCode, partyId }) => ({
        role,
        country_code: countryCode,
        party_id: partyId,
        business_details: { name: `Partner ${partyId}`, website: "https://partner.example" },
      })),
    };
  }

  /** Registers, or renews a registration: this side begins. */
  async register(versionsUrl: string, version: Version, method: "POST" | "PUT" = "POST"): Promise<Answer> {
    const held = [...this.valid];
    await this.discover(versionsUrl, version);
    const own = this.issue();
    const answer = await this.ask(method, "credentials", "", { body: this.credentials(version, own) });
    if (answer.code !== 1000) {
      this.valid.delete(own);
      return answer;
    }
    this.faults.push(...credentials(version)(answer.data, "credentials"));
    this.others = answer.data as Json;
    this.token = String(this.others.token);
    for (const old of held) this.valid.delete(old);
    return answer;
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    try {
      for await (const part of incoming) parts.push(part as Buffer);
      const heard = this.#read(incoming, Buffer.concat(parts).toString("utf8"));
      this.heard.push(heard);
      const reply = (await this.instead(heard)) ?? (await this.modules.answer(heard));
      heard.status = reply.status ?? 200;
      this.#answer(heard, reply, outgoing);
    } catch (error) {
      this.faults.push(`${incoming.method} ${incoming.url} broke the partner: ${(error as Error).stack}`);
      outgoing.writeHead(500).end();
    }
    this.#wake();
  }

  #answer({ headers, module }: Heard, reply: Reply, outgoing: ServerResponse): void {
    const back = {
      ...(headers["x-request-id"] ? { "X-Request-ID": headers["x-request-id"] } : {}),
      ...(headers["x-correlation-id"] ? { "X-Correlation-ID": headers["x-correlation-id"] } : {}),
      ...(isRouted(module) ? routing(this.#addressed(headers), this.options.cpo) : {}),
    };
    const { status = 200, code = 1000, data } = reply;
    const envelope = {
      ...(data === undefined ? {} : { data }),
      status_code: code,
      timestamp: new Date().toISOString(),
    };
    outgoing.writeHead(status, { "Content-Type": "application/json", ...back, ...reply.headers });
    outgoing.end(JSON.stringify(envelope));
  }

  /** The party that a request is for. */
  #addressed(headers: IncomingHttpHeaders): Party {
    const { parties, behind = [] } = this.options;
    const is = ({ countryCode, partyId }: Party) =>
      countryCode === headers["ocpi-to-country-code"] && partyId === headers["ocpi-to-party-id"];
    return [...parties, ...behind].find(is) ?? this.party;
  }

  #read(incoming: IncomingMessage, text: string): Heard {
    const url = new URL(incoming.url ?? "/", this.base);
    const method = incoming.method ?? "";
    const place = this.#placeOf(url.pathname);
    const at = `${method} ${url.pathname}`;
    const heard = {
      t: new Date().toISOString(),
      method,
      ...place,
      query: url.searchParams,
      headers: incoming.headers,
      status: 0,
    };
    this.faults.push(...faultsOfHeaders(heard, this.options, text !== "").map((fault) => `${at}: ${fault}`));
    if (text === "") return { ...heard, body: undefined };
    try {
      return { ...heard, body: JSON.parse(text) };
    } catch {
      this.faults.push(`${at}: ${text.slice(0, 80)} is no JSON`);
      return { ...heard, body: undefined };
    }
  }

  #placeOf(pathname: string): Pick<Heard, "version" | "module" | "role" | "path"> {
    const [first = "", ...rest] = pathname.split("/").slice(1).map(decodeURIComponent);
    const version = this.options.versions.find((each) => first.startsWith(each.replaceAll(".", "")));
    const fallback = this.options.versions.at(-1)!;
    if (first === "which") return { version: fallback, module: "versions", role: "", path: rest };
    if (first.endsWith("-details")) return { version: version ?? fallback, module: "details", role: "", path: rest };
    const [side, short, ...path] = rest;
    const role = side === "out" ? "SENDER" : "RECEIVER";
    const all = [...this.options.endpoints, { identifier: "credentials", role: "SENDER" as const }];
    const endpoint = all.find((each) => each.role === role && each.identifier.startsWith(short ?? "?"));
    return { version: version ?? fallback, module: endpoint?.identifier ?? "", role: endpoint ? role : "", path };
  }
}

/** Which headers a request must have. */
function faultsOfHeaders(
  { headers, module }: Pick<Heard, "headers" | "module">,
  { cpo, parties, behind = [] }: PlatformOptions,
  hasBody: boolean,
): string[] {
  const party = (way: string) =>
    `${headers[`ocpi-${way}-country-code`]}${headers[`ocpi-${way}-party-id`]}`.toUpperCase();
  const known = [...parties, ...behind].map(({ countryCode, partyId }) => countryCode + partyId);
  const routed = isRouted(module)
    ? [
        ...must(party("from") === cpo.countryCode + cpo.partyId, "OCPI-from", `is ${party("from")}`),
        ...must(known.includes(party("to")), "OCPI-to", `is ${party("to")}`),
      ]
    : must(
        !Object.keys(headers).some((name) => name.startsWith("ocpi-")),
        "OCPI-from and OCPI-to",
        "are sent to a configuration module",
      );
  return [
    ...must((headers["x-request-id"] ?? "") !== "", "X-Request-ID", "is missing"),
    ...must((headers["x-correlation-id"] ?? "") !== "", "X-Correlation-ID", "is missing"),
    ...must(
      !hasBody || /^application\/json\b/.test(headers["content-type"] ?? ""),
      "Content-Type",
      `${headers["content-type"]}`,
    ),
    ...routed,
  ];
}

/** The credentials token of a request, where its header has the one form that the specification allows. */
export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const encoded = /^Token ([A-Za-z0-9+/]+={0,2})$/.exec(headers.authorization ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const token = Buffer.from(encoded, "base64").toString("utf8");
  return Buffer.from(token, "utf8").toString("base64") === encoded ? token : undefined;
}

export { isObject };
