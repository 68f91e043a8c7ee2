/** The place to a partner: location, tariffs and EVSE status, and the context for a provider that plans for the site. */
import type { EvseModel } from "../../core/site/site-model.ts";
import { evseObject, evseUid, locationId, locationObject } from "../objects/location.ts";
import { tariffObject } from "../objects/tariff.ts";
import { optimisationId, scOptimisation } from "../smac/offer.ts";
import { type Courier, judged } from "./courier.ts";
import type { Delivered } from "./pump.ts";

export class PlaceDeliveries {
  readonly #courier: Courier;
  #publishedFor: string | undefined;
  #offered: string | undefined;
  /** Status by EVSE, as the partner has it for sure. */
  readonly #told = new Map<string, unknown>();

  constructor(courier: Courier) {
    this.#courier = courier;
  }

  /** Location and tariffs, once for each registration and configuration. */
  async everything(): Promise<Delivered> {
    const { partner, upstream } = this.#courier.context;
    const now = this.#courier.market();
    const updatedMs = now.state.upstream.configuration?.changedMs ?? 0;
    const stamp = `${partner.registration()?.changedMs}/${updatedMs}`;
    if (this.#publishedFor === stamp) return "done";
    for (const tariff of upstream.tariffs) {
      const object = tariffObject(tariff, { upstream, version: now.version, updatedMs });
      if ((await this.#courier.put("tariffs", [tariff.id], object)) === "away") return "away";
    }
    const result = await this.#location();
    if (result !== "away") this.#publishedFor = stamp;
    return result;
  }

  async #location(): Promise<Delivered> {
    const now = this.#courier.market();
    this.#told.clear();
    const result = await this.#courier.put("locations", [locationId(now)], locationObject(now));
    if (result === "done") for (const evse of now.site.evses) this.#told.set(evse.id, evseObject(now, evse).status);
    return result;
  }

  /** The status of an EVSE, where it is another than the partner was told. */
  async evse(id: string): Promise<Delivered> {
    const now = this.#courier.market();
    const known = now.site.evseById.get(id);
    const url = known && this.#courier.urlOf("locations", locationId(now), evseUid(known));
    if (url === undefined || !known || !now.upstream.location) return "done";
    const object = evseObject(now, known);
    if (this.#told.get(id) === object.status) return "done";
    this.#told.delete(id);
    const result = await this.#status(url, known);
    if (result === "done") this.#told.set(id, object.status);
    return result;
  }

  async #status(url: string, evse: EvseModel): Promise<Delivered> {
    const { partner } = this.#courier.context;
    const object = evseObject(this.#courier.market(), evse);
    if (!partner.has("put-only")) {
      const { status, last_updated } = object;
      const patch = await this.#courier.send("PATCH", url, { status, last_updated });
      if (patch.kind !== "refused") return judged(patch);
    }
    const whole = await this.#courier.send("PUT", url, object);
    // It may have lost the location.
    return whole.kind === "refused" ? this.#location() : judged(whole);
  }

  async chargePoint(id: string): Promise<Delivered> {
    for (const known of this.#courier.context.model.evses.filter((entry) => entry.chargePointId === id))
      if ((await this.evse(known.id)) === "away") return "away";
    return "done";
  }

  /** The optimisation context, when it says something else than before. */
  async optimisation(): Promise<Delivered> {
    const { smac } = this.#courier.context.partner.configuration;
    const now = this.#courier.market();
    const url = smac && this.#courier.urlOf(smac.moduleId.toLowerCase(), optimisationId(now));
    const object = smac && url !== undefined ? scOptimisation(now, smac) : undefined;
    if (url === undefined || !object) return "done";
    const { last_updated: _, ...substance } = object;
    const text = JSON.stringify(substance);
    if (text === this.#offered) return "done";
    const result = judged(await this.#courier.send("PUT", url, object));
    if (result !== "away") this.#offered = text;
    return result;
  }
}
