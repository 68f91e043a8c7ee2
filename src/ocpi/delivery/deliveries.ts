/** What a partner is sent by itself: the location, tariffs, EVSE status, sessions and CDRs, where it takes them. */
import type { Envelope } from "../../core/facts/fact.ts";
import type { SiteFact } from "../../core/facts/index.ts";
import type { Clock, SiteAccess } from "../../core/ports.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import type { OcpiVersion, UpstreamConfiguration } from "../../core/site/site-upstream.ts";
import { type Call, callPartner, type Outcome } from "../call.ts";
import { type CdrFact, cdrObject } from "../objects/cdr.ts";
import { evseObject, evseUid, locationId, locationObject, type Market } from "../objects/location.ts";
import { sessionObject, sessionOf } from "../objects/session.ts";
import { tariffObject } from "../objects/tariff.ts";
import type { WireObject } from "../objects/wire-object.ts";
import { endpointOf, joinUrl, type Partner, partyOf } from "../partner.ts";
import type { NoteRefusal } from "../refused.ts";
import type { Secrets } from "../secrets.ts";
import { optimisationId, scOptimisation } from "../smac/offer.ts";
import { seesCdr, seesSession } from "../visible.ts";
import { createActiveProfiles } from "./active-profiles.ts";
import type { Delivered } from "./pump.ts";
import { createSessionPatches } from "./session-patch.ts";

export interface DeliveryContext {
  readonly partner: Partner;
  readonly site: Pick<SiteAccess, "read" | "state">;
  readonly model: SiteModel;
  readonly upstream: UpstreamConfiguration;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly noteRefusal: NoteRefusal;
}

/** How the pump names objects: kind and id. */
export function changedBy(fact: Envelope, partnerId: string): string[] {
  const known = fact as SiteFact;
  switch (known.type) {
    case "partner-registered":
      return known.data.partnerId === partnerId ? ["everything:"] : [];
    case "booted":
      return ["everything:"];
    case "evse-status-changed":
      return [`evse:${known.data.evseId}`];
    case "charge-point-connected":
    case "charge-point-disconnected":
      return [`charge-point:${known.data.chargePointId}`];
    case "transaction-started":
    case "transaction-metered":
    case "transaction-ended":
      return [`session:${known.data.transactionId}`];
    case "cdr-issued":
      return [`cdr:${known.data.transactionId}`];
    case "charging-profile-received":
    case "charging-profile-ended":
      return [`profile:${known.data.transactionId}`];
    case "preferences-agreed":
      return [`session:${known.data.transactionId}`];
    case "limit-changed":
    case "override-changed":
      return [`profiles-at:${known.data.evseId}`];
    case "plan-made":
      return ["profiles-at:", "optimisation:"];
    default:
      return [];
  }
}

const judged = (outcome: Outcome): Delivered => (outcome.kind === "ok" ? "done" : outcome.kind);

/** Delivers objects by name, as they are now. */
export function createDeliveries(context: DeliveryContext): (name: string) => Promise<Delivered> {
  const { partner, site, model, upstream, secrets, clock, noteRefusal } = context;
  const { countryCode, partyId } = upstream;
  const patches = createSessionPatches();
  let publishedFor: string | undefined;
  let offered: string | undefined;

  const market = (): Market => ({
    site: model,
    upstream,
    state: site.state(),
    version: (partner.registration()?.version ?? "2.2.1") as OcpiVersion,
  });

  async function send(method: Call["method"], url: string, body: WireObject): Promise<Outcome> {
    const token = secrets.outbound(partner.id);
    if (token === undefined) return { kind: "away", reason: "there is no token for it" };
    const to = partyOf(partner);
    const call: Call = { method, url, token, body, from: { countryCode, partyId }, ...(to ? { to } : {}) };
    return callPartner(partner, call, clock);
  }

  /** PUT at `endpoint/country/party/ids`; nothing where the partner has no such module. */
  async function put(identifier: string, ids: readonly string[], body: WireObject | undefined): Promise<Delivered> {
    const endpoint = endpointOf(partner, identifier, "RECEIVER");
    if (endpoint === undefined || body === undefined) return "done";
    return judged(await send("PUT", joinUrl(endpoint, countryCode, partyId, ...ids), body));
  }

  async function everything(): Promise<Delivered> {
    const now = market();
    const updatedMs = now.state.upstream.configuration?.changedMs ?? 0;
    const stamp = `${partner.registration()?.changedMs}/${updatedMs}`;
    if (publishedFor === stamp) return "done";
    for (const tariff of upstream.tariffs) {
      const result = await put(
        "tariffs",
        [tariff.id],
        tariffObject(tariff, { upstream, version: now.version, updatedMs }),
      );
      if (result === "away") return "away";
    }
    const result = await put("locations", [locationId(now)], locationObject(now));
    if (result !== "away") publishedFor = stamp;
    return result;
  }

  const profiles = createActiveProfiles({
    partnerId: partner.id,
    nowMs: () => clock.wallMs(),
    async put(id, body) {
      const endpoint = endpointOf(partner, "chargingprofiles", "SENDER");
      return endpoint === undefined ? "done" : judged(await send("PUT", joinUrl(endpoint, id), body));
    },
  });

  async function evse(id: string): Promise<Delivered> {
    const endpoint = endpointOf(partner, "locations", "RECEIVER");
    const known = model.evseById.get(id);
    if (endpoint === undefined || !known || !upstream.location) return "done";
    const now = market();
    const object = evseObject(now, known);
    const url = joinUrl(endpoint, countryCode, partyId, locationId(now), evseUid(known));
    if (!partner.has("put-only")) {
      const patch = await send("PATCH", url, { status: object.status, last_updated: object.last_updated });
      if (patch.kind !== "refused") return judged(patch);
    }
    const whole = await send("PUT", url, object);
    // It may have lost the location.
    return whole.kind === "refused" ? put("locations", [locationId(now)], locationObject(now)) : judged(whole);
  }

  /** The optimisation context, for a provider that plans for the site; when it says something else than before. */
  async function optimisation(): Promise<Delivered> {
    const { smac } = partner.configuration;
    const endpoint = endpointOf(partner, smac.moduleId.toLowerCase(), "RECEIVER");
    const now = market();
    const object = endpoint === undefined ? undefined : scOptimisation(now, smac);
    if (endpoint === undefined || !object) return "done";
    const { last_updated: _, ...substance } = object;
    const text = JSON.stringify(substance);
    if (text === offered) return "done";
    const result = judged(await send("PUT", joinUrl(endpoint, countryCode, partyId, optimisationId(now)), object));
    if (result !== "away") offered = text;
    return result;
  }

  async function chargePoint(id: string): Promise<Delivered> {
    for (const known of model.evses.filter((entry) => entry.chargePointId === id)) {
      const result = await evse(known.id);
      if (result === "away") return result;
    }
    return "done";
  }

  async function session(transactionId: number): Promise<Delivered> {
    const now = market();
    const endpoint = endpointOf(partner, "sessions", "RECEIVER");
    const known = sessionOf(now, transactionId);
    if (endpoint === undefined || !known || !seesSession(partner, now.state, known)) return "done";
    const object = sessionObject(now, known);
    const url = joinUrl(endpoint, countryCode, partyId, String(object.id));
    const patch = partner.has("put-only") ? undefined : patches.patchOf(object);
    if (patch) {
      const outcome = await send("PATCH", url, patch);
      if (outcome.kind === "ok") patches.sent(object);
      if (outcome.kind !== "refused") return judged(outcome);
    }
    const outcome = await send("PUT", url, object);
    if (outcome.kind === "ok") patches.sent(object);
    return judged(outcome);
  }

  async function cdr(transactionId: number): Promise<Delivered> {
    const endpoint = endpointOf(partner, "cdrs", "RECEIVER");
    const now = market();
    const entry = now.state.upstream.billed[transactionId];
    if (endpoint === undefined || !entry || !seesCdr(partner, entry)) return "done";
    const [fact] = site.read(entry.seq - 1, 1);
    if (fact?.type !== "cdr-issued") return "refused";
    const outcome = await send(
      "POST",
      endpoint,
      cdrObject(now, fact as CdrFact, (seq) => site.read(seq - 1, 1)[0]),
    );
    // It is not sent again by itself; the partner can read it from the list.
    if (outcome.kind === "refused") noteRefusal(partner.id, `cdr-of-${transactionId}`, outcome.reason);
    return judged(outcome);
  }

  return (name) => {
    const colon = name.indexOf(":");
    const [kind, id] = [name.slice(0, colon), name.slice(colon + 1)];
    if (kind === "everything") return everything();
    if (kind === "evse") return evse(id);
    if (kind === "charge-point") return chargePoint(id);
    if (kind === "optimisation") return optimisation();
    if (kind === "profile") return profiles.deliver(market(), Number(id));
    if (kind === "profiles-at") return profiles.deliverAll(market(), id === "" ? undefined : id);
    if (kind === "session") return session(Number(id));
    return cdr(Number(id));
  };
}
