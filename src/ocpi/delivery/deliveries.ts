/** What a partner is sent by itself: the place, sessions and CDRs, what holds for a profile, where it takes them. */
import type { Envelope } from "../../core/facts/fact.ts";
import type { SiteFact } from "../../core/facts/index.ts";
import { endpointOf, joinUrl } from "../partner.ts";
import { createActiveProfiles } from "./active-profiles.ts";
import { BookDeliveries } from "./books.ts";
import { Courier, type DeliveryContext, judged } from "./courier.ts";
import { PlaceDeliveries } from "./place.ts";
import type { Delivered } from "./pump.ts";

/** Records that were refused, as the pump names them. */
export const REFUSED = "refused:";

/** How the pump names objects: kind and id. */
export function changedBy(fact: Envelope, partnerId: string): string[] {
  const known = fact as SiteFact;
  switch (known.type) {
    case "partner-registered":
      return known.data.partnerId === partnerId ? ["everything:", REFUSED] : [];
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
    case "preferences-agreed":
      return [`session:${known.data.transactionId}`];
    case "reservation-made":
    case "reservation-cancelled":
      return known.data.sessionId === undefined ? [] : [`reserved:${known.data.sessionId}`];
    case "cdr-issued":
      return [`finished:${known.seq}`, `cdr:${known.seq}`];
    case "charging-profile-received":
    case "charging-profile-ended":
      return [`profile:${known.data.transactionId}`];
    case "limit-changed":
    case "override-changed":
      return [`profiles-at:${known.data.evseId}`];
    case "plan-made":
      return ["profiles-at:", "optimisation:"];
    default:
      return [];
  }
}

/** Delivers objects by name, as they are now. */
export function createDeliveries(context: DeliveryContext): (name: string) => Promise<Delivered> {
  const courier = new Courier(context);
  const place = new PlaceDeliveries(courier);
  const books = new BookDeliveries(courier);
  const profiles = createActiveProfiles({
    partnerId: context.partner.id,
    nowMs: () => context.clock.wallMs(),
    async put(id, body, sender) {
      const endpoint = endpointOf(context.partner, "chargingprofiles", "SENDER");
      return endpoint === undefined ? "done" : judged(await courier.send("PUT", joinUrl(endpoint, id), body, sender));
    },
  });
  const kinds: Readonly<Record<string, (id: string) => Promise<Delivered>>> = {
    everything: () => place.everything(),
    evse: (id) => place.evse(id),
    "charge-point": (id) => place.chargePoint(id),
    optimisation: () => place.optimisation(),
    profile: (id) => profiles.deliver(courier.market(), Number(id)),
    "profiles-at": (id) => profiles.deliverAll(courier.market(), id === "" ? undefined : id),
    session: (id) => books.session(Number(id)),
    finished: (id) => books.finished(Number(id)),
    reserved: (id) => books.reserved(id),
    cdr: (id) => books.cdr(Number(id)),
    refused: () => books.refused(),
  };
  return async (name) => {
    const colon = name.indexOf(":");
    return (await kinds[name.slice(0, colon)]?.(name.slice(colon + 1))) ?? "done";
  };
}
