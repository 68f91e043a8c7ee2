/** A call to a partner: token, ids and routing in the headers, the envelope taken off the answer, the outcome judged. */
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Clock } from "../core/ports.ts";
import { Type } from "../core/schema.ts";
import { whyNotCalled } from "./allow.ts";
import { nextPage } from "./pages.ts";
import { type Partner, partyOf } from "./partner.ts";
import type { PartyName } from "./party.ts";
import { reader, withoutNulls } from "./schemas/wire.ts";
import { authorizationOf } from "./token.ts";

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly token: string;
  readonly body?: unknown;
  /** Of functional modules only: who asks, and whom; the partner's first party when left out. */
  readonly from?: PartyName;
  readonly to?: PartyName;
  readonly correlationId?: string;
  readonly timeoutMs?: number;
  /** Asked about what the partner may not know: HTTP 404 is an answer, no problem. */
  readonly mayBeUnknown?: boolean;
  /** Hosts besides those on record: of a registration that is under way. */
  readonly versionsUrl?: string;
}

/** `refused`: heard, and not done. `away`: not heard, or not able at present; the same again may succeed later. */
export type Outcome =
  | { readonly kind: "ok"; readonly data: unknown; readonly headers: IncomingHttpHeaders }
  | { readonly kind: "refused"; readonly http: number; readonly code?: number; readonly reason: string }
  | { readonly kind: "away"; readonly http?: number; readonly reason: string };

const TRY_LATER = new Set([401, 408, 425, 429]);
const readEnvelope = reader(
  Type.Object({
    data: Type.Optional(Type.Unknown()),
    status_code: Type.Integer(),
    status_message: Type.Optional(Type.String()),
  }),
);

function headersOf(partner: Partner, call: Call): Record<string, string> {
  const headers: Record<string, string> = {
    authorization: authorizationOf(call.token, partner.has("raw-token")),
    accept: "application/json",
    "x-request-id": randomUUID(),
    "x-correlation-id": call.correlationId ?? randomUUID(),
  };
  if (call.body !== undefined) headers["content-type"] = "application/json";
  const to = call.to ?? partyOf(partner);
  if (call.from && to && !partner.has("no-routing-headers")) {
    headers["OCPI-from-country-code"] = call.from.countryCode;
    headers["OCPI-from-party-id"] = call.from.partyId;
    headers["OCPI-to-country-code"] = to.countryCode;
    headers["OCPI-to-party-id"] = to.partyId;
  }
  return headers;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What an HTTP answer means. A refusal may come as HTTP 4xx with an OCPI body, or as 200 with a code of 2xxx. */
function judge(status: number, headers: IncomingHttpHeaders, text: string): Outcome {
  const envelope = readEnvelope(withoutNulls(parseJson(text)));
  const code = envelope.ok ? envelope.value.status_code : undefined;
  const said = envelope.ok ? (envelope.value.status_message ?? "") : "";
  const reason = `HTTP ${status}${code === undefined ? "" : `, OCPI ${code}`}${said === "" ? "" : `: ${said.slice(0, 200)}`}`;
  if (status >= 500 || TRY_LATER.has(status)) return { kind: "away", http: status, reason };
  if (status >= 300 || (code !== undefined && code >= 2000 && code < 3000))
    return { kind: "refused", http: status, reason, ...(code === undefined ? {} : { code }) };
  if (code !== undefined && code >= 3000) return { kind: "away", http: status, reason };
  if (!envelope.ok && text.trim() !== "") return { kind: "away", reason: `HTTP ${status} without an OCPI envelope` };
  return { kind: "ok", data: envelope.ok ? envelope.value.data : undefined, headers };
}

/** What is undefined is left out, or null where the partner wants every name. */
function textOf(body: unknown, partner: Partner): string {
  if (!partner.has("explicit-nulls")) return JSON.stringify(body);
  return JSON.stringify(body, (_name, value) => (value === undefined ? null : value));
}

/** Calls a partner. Never throws; a URL that is not allowed is refused without being called. */
export async function callPartner(partner: Partner, call: Call, clock: Clock): Promise<Outcome> {
  const why = whyNotCalled(call.url, partner.reach(call.versionsUrl));
  if (why !== undefined) return { kind: "refused", http: 0, reason: `${call.url} is not called: ${why}` };
  const { method, body, timeoutMs } = call;
  const slash = partner.has("trailing-slash") && !call.url.includes("?") && !call.url.endsWith("/") ? "/" : "";
  const result = await partner.http.exchange({
    method,
    url: `${call.url}${slash}`,
    headers: headersOf(partner, call),
    ...(body === undefined ? {} : { body: textOf(body, partner) }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  const outcome: Outcome = result.ok
    ? judge(result.status, result.headers, result.text)
    : { kind: "away", reason: result.reason };
  const { traffic } = partner;
  traffic.lastSentMs = clock.wallMs();
  if (result.ok) traffic.lastHeardMs = clock.wallMs();
  const isAnswer = call.mayBeUnknown && outcome.kind === "refused" && outcome.http === 404;
  if (outcome.kind !== "ok" && !isAnswer) {
    traffic.lastProblem = `${method} ${new URL(call.url).pathname}: ${outcome.reason}`.slice(0, 300);
    traffic.lastProblemMs = clock.wallMs();
  }
  return outcome;
}

const MOST_PAGES = 1_000;

/** Reads a whole list page by page; `onPage` takes each. Ends at the first page that is not had, and says why. */
export async function crawl(
  partner: Partner,
  call: Omit<Call, "method">,
  clock: Clock,
  onPage: (entries: readonly unknown[]) => void | Promise<void>,
): Promise<Outcome> {
  let url: string | undefined = call.url;
  const seen = new Set<string>();
  let outcome: Outcome = { kind: "ok", data: undefined, headers: {} };
  while (url !== undefined && !seen.has(url) && seen.size < MOST_PAGES) {
    seen.add(url);
    outcome = await callPartner(partner, { ...call, method: "GET", url }, clock);
    if (outcome.kind !== "ok") return outcome;
    await onPage(Array.isArray(outcome.data) ? outcome.data : []);
    url = nextPage(outcome.headers);
  }
  return outcome;
}
