/** HTTP as the chapter Transport and format has it: what both sides of an exchange must put into their headers. */
import { randomUUID } from "node:crypto";
import { type IncomingHttpHeaders, request } from "node:http";
import { dateTime, int, isObject, type Json, must, object, string } from "./spec/check.ts";

export interface Party {
  readonly role: "EMSP" | "SCSP" | "CPO" | "HUB" | "NAP";
  readonly countryCode: string;
  readonly partyId: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body, where it is a JSON object. */
  readonly envelope: Json;
  readonly code: unknown;
  readonly data: unknown;
}

export interface Sending {
  readonly token?: string;
  /** Instead of the one that the token makes; an empty one sends none. */
  readonly authorization?: string;
  readonly body?: unknown;
  /** Sent as it is. */
  readonly raw?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const PATIENCE_MS = 60_000;
/** Routed are requests to functional modules only. */
const CONFIGURATION = /^(versions|details|credentials|hubclientinfo)$/;
export const isRouted = (module: string) => !CONFIGURATION.test(module);

/** The value of the Authorization header for a credentials token. */
export function authorization(token: string): string {
  return `Token ${Buffer.from(token, "utf8").toString("base64")}`;
}

export function routing(from: Party, to: Party): Record<string, string> {
  return {
    "OCPI-from-country-code": from.countryCode,
    "OCPI-from-party-id": from.partyId,
    "OCPI-to-country-code": to.countryCode,
    "OCPI-to-party-id": to.partyId,
  };
}

/** The partner's own HTTP client: a request of its own on a socket of its own. */
export function send(method: string, url: string, sending: Sending = {}): Promise<Answer> {
  const body = sending.raw ?? (sending.body === undefined ? undefined : JSON.stringify(sending.body));
  const authorized = sending.authorization ?? (sending.token === undefined ? "" : authorization(sending.token));
  const headers = {
    ...(authorized === "" ? {} : { Authorization: authorized }),
    ...(body === undefined
      ? {}
      : { "Content-Type": sending.contentType ?? "application/json", "Content-Length": Buffer.byteLength(body) }),
    "X-Request-ID": randomUUID(),
    "X-Correlation-ID": randomUUID(),
    ...sending.headers,
  };
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent: false, timeout: PATIENCE_MS }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => {
        const envelope = parsed(text);
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, text, envelope, code: envelope.status_code, data: envelope.data });
      });
      response.on("error", reject);
    });
    asked.on("timeout", () => asked.destroy(new Error(`${method} ${url} is not answered`)));
    asked.on("error", reject);
    asked.end(body);
  });
}

function parsed(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

const envelope = object({
  data: ["?", () => []],
  status_code: ["1", int],
  status_message: ["?", string(1000)],
  timestamp: ["1", dateTime],
});

/** What is wrong with an answer, whatever its content: envelope, ids, routing (where it is known what was sent). */
export function faultsOfAnswer(
  answer: Answer,
  asked: { readonly ids: Json; readonly routed: boolean | undefined; readonly from: Party; readonly to: Party },
): string[] {
  const { headers, status } = answer;
  const back = routing(asked.to, asked.from);
  const checked = asked.routed === undefined ? [] : Object.entries(back);
  const routed = checked.flatMap(([name, value]) => {
    const got = headers[name.toLowerCase()] as string | undefined;
    if (!asked.routed) return must(got === undefined, name, `is ${got} in the answer of a configuration module`);
    return must(got?.toUpperCase() === value, name, `is ${got} in the answer, not ${value}`);
  });
  return [
    ...must(/^application\/json\b/.test(headers["content-type"] ?? ""), "Content-Type", `${headers["content-type"]}`),
    ...envelope(answer.envelope, "envelope"),
    ...Object.entries(asked.ids).flatMap(([name, value]) =>
      must(
        headers[name.toLowerCase()] === value,
        name,
        `is ${headers[name.toLowerCase()]} in the answer, not ${value}`,
      ),
    ),
    ...(status >= 400 ? [] : routed),
  ];
}
