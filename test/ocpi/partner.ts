/**
 * A partner of the site, written from the OCPI 2.2.1 and 2.3.0 texts alone: it shares no code with the controller. It
 * is an HTTP server and a client in one, registers in either direction, and keeps what it is sent.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { freePort } from "../free-port.ts";

export interface Party {
  readonly role: string;
  readonly country_code: string;
  readonly party_id: string;
}

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
  readonly text: string;
}

export interface Response {
  readonly http: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly body: any;
}

export interface Answered {
  readonly http?: number;
  readonly code?: number;
  readonly message?: string;
  readonly data?: unknown;
  readonly headers?: Record<string, string>;
  /** Sent as it is instead of an envelope. */
  readonly raw?: string;
}

export type Handler = (request: Received) => Answered | Promise<Answered> | undefined;

const encode = (token: string) => Buffer.from(token, "utf8").toString("base64");

export interface PartnerOptions {
  readonly party?: Party;
  readonly version?: "2.2.1" | "2.3.0";
  /** Sends tokens as they are, as partners of before 2.2 do. */
  readonly rawToken?: boolean;
  /** Modules besides credentials that it lists. */
  readonly endpoints?: readonly { readonly identifier: string; readonly role: string }[];
}

const EVERYTHING = [
  { identifier: "locations", role: "RECEIVER" },
  { identifier: "sessions", role: "RECEIVER" },
  { identifier: "cdrs", role: "RECEIVER" },
  { identifier: "tariffs", role: "RECEIVER" },
  { identifier: "tokens", role: "SENDER" },
  { identifier: "commands", role: "SENDER" },
  { identifier: "chargingprofiles", role: "SENDER" },
];

export class TestPartner {
  readonly party: Party;
  readonly version: string;
  readonly received: Received[] = [];
  /** What it does beyond versions and credentials; the first handler that answers wins. */
  readonly handlers: Handler[] = [];
  /** Tokens by which the site may come in. */
  readonly accepts = new Set<string>();
  /** What it shows to the site. */
  token = "";
  sitesVersionsUrl = "";
  endpoints: { identifier: string; role: string; url: string }[] = [];
  /** Answers nothing but this while it is set. */
  broken: Answered | undefined;
  listed: readonly { readonly identifier: string; readonly role: string }[];
  readonly #server: Server;
  readonly #rawToken: boolean;

  private constructor(server: Server, options: PartnerOptions) {
    this.#server = server;
    this.party = options.party ?? { role: "EMSP", country_code: "NL", party_id: "EMS" };
    this.version = options.version ?? "2.2.1";
    this.#rawToken = options.rawToken ?? false;
    this.listed = options.endpoints ?? EVERYTHING;
  }

  static async listen(options: PartnerOptions = {}): Promise<TestPartner> {
    const server = createServer();
    const partner = new TestPartner(server, options);
    server.on("request", (request, response) => void partner.#serve(request, response));
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return partner;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  get versionsUrl(): string {
    return `${this.url}/versions`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #credentials(token: string) {
    const { role, country_code, party_id } = this.party;
    return {
      token,
      url: this.versionsUrl,
      roles: [{ role, country_code, party_id, business_details: { name: "Test" } }],
    };
  }

  newInbound(): string {
    const token = randomUUID();
    this.accepts.add(token);
    return token;
  }

  #own(asked: Received): Answered | undefined {
    const base = `${this.url}/${this.version}`;
    if (asked.path === "/versions") return { data: [{ version: this.version, url: base }] };
    if (asked.path === `/${this.version}`) {
      const listed = this.listed.map((entry) => ({
        ...entry,
        url: `${base}/${entry.role.toLowerCase()}/${entry.identifier}`,
      }));
      const credentials = { identifier: "credentials", role: "RECEIVER", url: `${base}/credentials` };
      return { data: { version: this.version, endpoints: [credentials, ...listed] } };
    }
    if (asked.path !== `/${this.version}/credentials`) return undefined;
    if (asked.method === "DELETE") {
      this.accepts.clear();
      return {};
    }
    const { token, url } = asked.body as { token: string; url: string };
    this.token = token;
    this.sitesVersionsUrl = url;
    return { data: this.#credentials(this.newInbound()) };
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const url = new URL(incoming.url ?? "/", this.url);
    const received: Received = {
      method: incoming.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body: text === "" ? undefined : JSON.parse(text),
      text,
    };
    this.received.push(received);
    this.#wake();
    const shown = incoming.headers.authorization ?? "";
    const known = [...this.accepts].some((token) => shown === `Token ${this.#rawToken ? token : encode(token)}`);
    let answer: Answered | undefined = known ? this.broken : { http: 401, code: 2000 };
    if (!answer) for (const handler of this.handlers) answer ??= await handler(received);
    answer ??= this.#own(received) ?? (received.method === "GET" ? { http: 404, code: 2000 } : {});
    const headers: Record<string, string> = { "content-type": "application/json", ...answer.headers };
    for (const name of ["x-request-id", "x-correlation-id"]) {
      const value = incoming.headers[name];
      if (typeof value === "string") headers[name] = value;
    }
    response.writeHead(answer.http ?? 200, headers);
    const said = answer.message === undefined ? {} : { status_message: answer.message };
    const status = { status_code: answer.code ?? 1000, ...said };
    const envelope = { data: answer.data, ...status, timestamp: new Date().toISOString() };
    response.end(answer.raw ?? JSON.stringify(envelope));
    this.#wake();
  }

  #wake = () => {};
  /** Resolves when `what` holds of what it received. */
  async until<T>(what: (received: readonly Received[]) => T | undefined | false): Promise<T> {
    for (;;) {
      const found = what(this.received);
      if (found) return found;
      await new Promise<void>((resolve) => {
        const before = this.#wake;
        this.#wake = () => {
          before();
          this.#wake = () => {};
          resolve();
        };
      });
    }
  }

  /** Calls the site; `token` and headers as given or as the text wants them. */
  async call(
    method: string,
    url: string,
    options: { body?: unknown; text?: string; token?: string | undefined; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const token = options.token ?? this.token;
    const body = options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const outgoing = request(url, {
      method,
      agent: false,
      headers: {
        authorization: `Token ${this.#rawToken ? token : encode(token)}`,
        "x-request-id": randomUUID(),
        "x-correlation-id": randomUUID(),
        ...(body === undefined
          ? {}
          : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
        ...options.headers,
      },
    });
    outgoing.end(body);
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const headers = response.headers as Record<string, string>;
    return { http: response.statusCode ?? 0, headers, body: text === "" ? undefined : JSON.parse(text) };
  }

  /** Reads what the site offers. */
  async discover(versionsUrl: string, token?: string): Promise<void> {
    this.sitesVersionsUrl = versionsUrl;
    const versions = await this.call("GET", versionsUrl, { token });
    const entry = versions.body.data.find((candidate: { version: string }) => candidate.version === this.version);
    const details = await this.call("GET", entry.url, { token });
    this.endpoints = details.body.data.endpoints;
  }

  /** Registers with the site by the token that its operator handed over. */
  async register(versionsUrl: string, registrationToken: string): Promise<Response> {
    await this.discover(versionsUrl, registrationToken);
    const body = this.#credentials(this.newInbound());
    const answer = await this.call("POST", this.endpoint("credentials"), { token: registrationToken, body });
    if (answer.body?.status_code === 1000) this.token = answer.body.data.token;
    return answer;
  }

  /** New tokens in both directions. */
  async rotate(): Promise<Response> {
    const body = this.#credentials(this.newInbound());
    const answer = await this.call("PUT", this.endpoint("credentials"), { body });
    if (answer.body?.status_code === 1000) this.token = answer.body.data.token;
    return answer;
  }

  endpoint(identifier: string, role?: string): string {
    const found = this.endpoints.find(
      (entry) => entry.identifier === identifier && (role === undefined || entry.role === role),
    );
    if (!found) throw new Error(`The site lists no ${identifier} ${role ?? ""}`);
    return found.url;
  }
}
