/** What the partner answers at each of its endpoints, and what it checks and keeps. */
import type { Heard, Platform, Reply } from "./platform.ts";
import { tokenOf } from "./platform.ts";
import { type Check, isObject, type Json, millis } from "./spec/check.ts";
import * as control from "./spec/control.ts";
import * as places from "./spec/locations.ts";
import { cdr, session, sessionPatch, volume } from "./spec/sessions.ts";
import { tariff } from "./spec/tariffs.ts";

export interface Authorization {
  readonly allowed: string;
  readonly token: Json;
  readonly location?: Json;
  readonly authorization_reference?: string;
  readonly info?: Json;
}

const NOT_FOUND: Reply = { status: 404, code: 2000 };
const NOT_ALLOWED: Reply = { status: 405, code: 2000 };
const BAD: Reply = { status: 200, code: 2001 };
/** So that lists have pages. */
const TOKENS_A_PAGE = 2;

export class Modules {
  readonly locations = new Map<string, Json>();
  readonly tariffs = new Map<string, Json>();
  readonly sessions = new Map<string, Json>();
  readonly cdrs = new Map<string, Json>();
  /** Where this partner is a CPO: its own sessions, and the profiles that it was given for them. */
  readonly ownSessions = new Map<string, Json>();
  readonly profiles = new Map<string, Json[]>();
  /** By uid: what drivers of this partner hold. */
  readonly tokens = new Map<string, Json>();
  /** By id of the session: what was told to hold, the last at the end. */
  readonly activeProfiles = new Map<string, Json[]>();
  /** By uid: what is said in real time; a promise that never settles is too late. */
  readonly authorizations = new Map<string, () => Authorization | Promise<Authorization>>();
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  async answer(heard: Heard): Promise<Reply> {
    const token = tokenOf(heard.headers);
    if (token === undefined || !this.#platform.valid.has(token)) return { status: 401, code: 2000 };
    const answers: Readonly<Record<string, (heard: Heard) => Reply | Promise<Reply>>> = {
      versions: () => this.#versions(),
      details: () => this.#details(heard),
      credentials: () => this.#credentials(heard),
      locations: () => this.#location(heard),
      tariffs: () => this.#tariff(heard),
      sessions: () => (heard.role === "SENDER" ? this.#ownSessions(heard) : this.#session(heard)),
      cdrs: () => this.#cdr(heard),
      tokens: () => this.#token(heard),
      commands: () => this.#result(heard, control.commandResult),
      chargingprofiles: () => (heard.role === "SENDER" ? this.#chargingProfile(heard) : this.#steered(heard)),
      hubclientinfo: () => ({ data: [] }),
    };
    return answers[heard.module]?.(heard) ?? NOT_FOUND;
  }

  /** False, and noted, where the body is not as the tables have it. */
  #fits(heard: Heard, check: Check): heard is Heard & { readonly body: Json } {
    const faults = check(heard.body, "body");
    const where = `${heard.version} ${heard.method} ${heard.module} ${heard.path.join("/")}`;
    this.#platform.faults.push(...faults.map((fault) => `${where}: ${fault}`));
    return faults.length === 0;
  }

  #fault(heard: Heard, says: string): Reply {
    this.#platform.faults.push(`${heard.version} ${heard.method} ${heard.module} ${heard.path.join("/")}: ${says}`);
    return BAD;
  }

  #versions(): Reply {
    const { versions } = this.#platform.options;
    const url = (version: string) => `${this.#platform.base}/${version.replaceAll(".", "")}-details`;
    return { data: versions.map((version) => ({ version, url: url(version) })) };
  }

  #details({ version }: Heard): Reply {
    const { endpoints } = this.#platform.options;
    const all = [{ identifier: "credentials", role: "SENDER" as const }, ...endpoints];
    return {
      data: { version, endpoints: all.map((each) => ({ ...each, url: this.#platform.address(version, each) })) },
    };
  }

  #credentials(heard: Heard): Reply {
    const platform = this.#platform;
    const { method, version } = heard;
    if (method === "GET") return { data: platform.credentials(version, tokenOf(heard.headers)!) };
    const registered = platform.others !== undefined;
    if (method === "POST" ? registered : !registered) return NOT_ALLOWED;
    if (method === "DELETE") {
      platform.others = undefined;
      platform.valid.clear();
      return {};
    }
    if (!this.#fits(heard, control.credentials(version))) return BAD;
    const old = tokenOf(heard.headers)!;
    const { body } = heard;
    platform.others = body;
    platform.token = String(body.token);
    return { ...this.#exchange(heard), headers: { "X-Old": old } };
  }

  /** A new token for the other side; the one it showed is good no longer. */
  #exchange(heard: Heard): Reply {
    const platform = this.#platform;
    platform.valid.delete(tokenOf(heard.headers)!);
    return { data: platform.credentials(heard.version, platform.issue()) };
  }

  /** Whether the address names the other side as owner, and the object that the body is. */
  #owned({ path, body }: Heard, name = "id"): string | undefined {
    const [country = "", party = ""] = path;
    const id = path.at(-1)!;
    const { cpo } = this.#platform.options;
    if (`${country}${party}`.toUpperCase() !== cpo.countryCode + cpo.partyId) return `owner ${country}/${party}`;
    const object = isObject(body) ? body : {};
    const same = (a: unknown, b: string) => a === undefined || String(a).toUpperCase() === b.toUpperCase();
    return same(object[name], id) && same(object.country_code, country) && same(object.party_id, party)
      ? undefined
      : `address and body are of different objects`;
  }

  #location(heard: Heard): Reply {
    const { version, method, path } = heard;
    const [, , id = "", uid, connectorId] = path;
    const held = this.locations.get(id);
    const evses = (held?.evses ?? []) as Json[];
    const evse = evses.find((each) => each.uid === uid);
    if (method === "GET") return held ? { data: uid === undefined ? held : evse } : NOT_FOUND;
    if (method !== "PUT" && method !== "PATCH") return this.#fault(heard, `${method} is not of this module`);
    const owned = this.#owned(heard, uid === undefined ? "id" : connectorId === undefined ? "uid" : "id");
    if (owned) return this.#fault(heard, owned);
    if (connectorId !== undefined) return this.#fault(heard, "connectors are not pushed alone here");
    const isPut = method === "PUT";
    const check =
      uid === undefined ? (isPut ? places.location : places.locationPatch) : isPut ? places.evse : places.evsePatch;
    if (!this.#fits(heard, check(version))) return BAD;
    const { body } = heard;
    if (uid === undefined) {
      if (!isPut && !held) return NOT_FOUND;
      this.locations.set(id, isPut ? body : { ...held, ...body });
      return { status: held ? 200 : 201 };
    }
    if (!held || (!isPut && !evse)) return NOT_FOUND;
    const renewed = isPut ? body : { ...evse, ...body };
    const others = evses.filter((each) => each.uid !== uid);
    this.locations.set(id, { ...held, evses: [...others, renewed], last_updated: body.last_updated });
    return { status: evse ? 200 : 201 };
  }

  #tariff(heard: Heard): Reply {
    const id = heard.path[2] ?? "";
    const held = this.tariffs.get(id);
    if (heard.method === "GET") return held ? { data: held } : NOT_FOUND;
    if (heard.method === "DELETE") return this.tariffs.delete(id) ? {} : NOT_FOUND;
    if (heard.method !== "PUT") return this.#fault(heard, `${heard.method} is not of this module`);
    const owned = this.#owned(heard);
    if (owned) return this.#fault(heard, owned);
    if (!this.#fits(heard, tariff(heard.version))) return BAD;
    this.tariffs.set(id, heard.body);
    return { status: held ? 200 : 201 };
  }

  #session(heard: Heard): Reply {
    const { version, method, path } = heard;
    const id = path[2] ?? "";
    const held = this.sessions.get(id);
    if (method === "GET") return held ? { data: held } : NOT_FOUND;
    if (method !== "PUT" && method !== "PATCH") return this.#fault(heard, `${method} is not of this module`);
    if (path.length !== 3) return this.#fault(heard, "inner objects of a session have no address");
    const owned = this.#owned(heard);
    if (owned) return this.#fault(heard, owned);
    if (!this.#fits(heard, method === "PUT" ? session(version) : sessionPatch(version))) return BAD;
    if (method === "PATCH" && !held) return NOT_FOUND;
    if (held?.status === "COMPLETED" && method === "PATCH") return this.#fault(heard, "a completed session is final");
    const periods = [...((held?.charging_periods ?? []) as Json[]), ...((heard.body.charging_periods ?? []) as Json[])];
    const renewed = method === "PUT" ? heard.body : { ...held, ...heard.body, charging_periods: periods };
    if (method === "PATCH" && !this.#fits({ ...heard, body: renewed }, session(version))) return BAD;
    if (millis(renewed.last_updated) < millis(held?.last_updated ?? 0))
      return this.#fault(heard, "last_updated goes back");
    const told = volume(renewed.charging_periods, "ENERGY");
    if (told > Number(renewed.kwh) + 0.001) this.#fault(heard, `${told} kWh in periods, but kwh ${renewed.kwh}`);
    this.sessions.set(id, renewed);
    return { status: held ? 200 : 201 };
  }

  #cdr(heard: Heard): Reply {
    const { version, method, path } = heard;
    if (method === "GET") {
      const held = this.cdrs.get(path[0] ?? "");
      return held ? { data: held } : NOT_FOUND;
    }
    if (method !== "POST" || path.length > 0) return this.#fault(heard, `${method} is not of this module`);
    if (!this.#fits(heard, cdr(version))) return BAD;
    const { body } = heard;
    const id = String(body.id);
    if (this.cdrs.has(id) && JSON.stringify(this.cdrs.get(id)) !== JSON.stringify(body))
      return this.#fault(heard, "a record is changed after it was sent");
    this.cdrs.set(id, body);
    const url = this.#platform.address(version, { identifier: "cdrs", role: "RECEIVER" });
    return { status: 201, headers: { Location: `${url}/${encodeURIComponent(id)}` } };
  }

  async #token(heard: Heard): Promise<Reply> {
    const { method, path, query, body } = heard;
    if (method === "GET" && path.length === 0) return this.#tokenPage(query, heard);
    const [uid = "", suffix] = path;
    if (method !== "POST" || suffix !== "authorize") return this.#fault(heard, `${method} is not of this module`);
    if (body !== undefined && !this.#fits(heard, control.locationReferences)) return BAD;
    const token = this.tokens.get(uid);
    const usual = token && { allowed: token.valid ? "ALLOWED" : "BLOCKED", token };
    const said = (await this.authorizations.get(uid)?.()) ?? usual;
    return said ? { data: said } : { status: 404, code: 2004 };
  }

  #tokenPage(query: URLSearchParams, { version }: Heard): Reply {
    const from = query.has("date_from") ? millis(query.get("date_from")) : 0;
    const to = query.has("date_to") ? millis(query.get("date_to")) : Number.POSITIVE_INFINITY;
    const at = (token: Json) => millis(token.last_updated);
    const all = [...this.tokens.values()].filter((token) => at(token) >= from && at(token) < to);
    const offset = Number(query.get("offset") ?? 0);
    const limit = Math.min(Number(query.get("limit") ?? TOKENS_A_PAGE), TOKENS_A_PAGE);
    const next = new URLSearchParams(query);
    next.set("offset", String(offset + limit));
    next.set("limit", String(limit));
    const url = `${this.#platform.address(version, { identifier: "tokens", role: "SENDER" })}?${next}`;
    return {
      data: all.slice(offset, offset + limit),
      headers: {
        "X-Total-Count": String(all.length),
        "X-Limit": String(TOKENS_A_PAGE),
        ...(offset + limit < all.length ? { Link: `<${url}>; rel="next"` } : {}),
      },
    };
  }

  #result(heard: Heard, check: Check): Reply {
    if (heard.method !== "POST") return this.#fault(heard, `${heard.method} is not of this module`);
    return this.#fits(heard, check) ? {} : BAD;
  }

  #ownSessions(heard: Heard): Reply {
    if (heard.method !== "GET" || !heard.query.has("date_from")) return this.#fault(heard, "needs date_from");
    const data = [...this.ownSessions.values()];
    return { data, headers: { "X-Total-Count": String(data.length), "X-Limit": "100" } };
  }

  /** A provider steers a session of this CPO: accepted at once, and by the charge point right after. */
  #steered(heard: Heard): Reply {
    const id = heard.path[0] ?? "";
    if (!this.ownSessions.has(id)) return { data: { result: "UNKNOWN_SESSION", timeout: 0 } };
    if (heard.method === "DELETE") this.profiles.delete(id);
    else if (heard.method !== "PUT") return { data: { result: "NOT_SUPPORTED", timeout: 0 } };
    else if (!this.#fits(heard, control.setChargingProfile)) return BAD;
    else this.profiles.set(id, [...(this.profiles.get(id) ?? []), heard.body.charging_profile as Json]);
    const url = heard.method === "PUT" ? (heard.body as Json).response_url : heard.query.get("response_url");
    setImmediate(() => {
      this.#platform
        .askAt("POST", "chargingprofiles", String(url), { body: { result: "ACCEPTED" } })
        .then(({ status, code }) => {
          if (status !== 200 || code !== 1000) this.#platform.faults.push(`result to ${url}: ${status} ${code}`);
        })
        .catch((error: Error) => this.#platform.faults.push(`result to ${url}: ${error.message}`));
    });
    return { data: { result: "ACCEPTED", timeout: 30 } };
  }

  #chargingProfile(heard: Heard): Reply {
    const [first = "", kind] = heard.path;
    if (heard.method === "POST")
      return this.#result(heard, kind === "active" ? control.activeChargingProfileResult : control.profileResult);
    if (heard.method !== "PUT" || heard.path.length !== 1)
      return this.#fault(heard, `${heard.method} is not of this module`);
    if (!this.#fits(heard, control.activeChargingProfile)) return BAD;
    this.activeProfiles.set(first, [...(this.activeProfiles.get(first) ?? []), heard.body]);
    return {};
  }
}

export function createModules(platform: Platform): Modules {
  return new Modules(platform);
}
