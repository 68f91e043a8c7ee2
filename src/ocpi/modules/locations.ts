/** Locations and Tariffs, as their owner: lists and single objects. */
import type { Module, OcpiRequest } from "../module.ts";
import {
  connectorObject,
  evseObject,
  evseOfUid,
  locationId,
  locationObject,
  locationUpdatedMs,
} from "../objects/location.ts";
import { tariffObject } from "../objects/tariff.ts";
import { pageOf } from "../pages.ts";
import { type Reply, refuse, UNKNOWN_LOCATION } from "../status.ts";
import { type ModuleContext, marketOf } from "./context.ts";

const notHere = (what: string) => refuse(UNKNOWN_LOCATION, `There is no such ${what}`, 404);

export function locationsModule(context: ModuleContext): Module {
  function found(request: OcpiRequest): Reply {
    const { params } = request;
    const market = marketOf(context, request.version);
    const isHere = params.location?.toLowerCase() === locationId(market).toLowerCase();
    if (!isHere || !context.upstream.location) return notHere("location");
    if (params.evse === undefined) return { ok: true, data: locationObject(market) };
    const evse = evseOfUid(context.model, params.evse);
    if (!evse) return notHere("EVSE");
    if (params.connector === undefined) return { ok: true, data: evseObject(market, evse) };
    const connector = connectorObject(market, evse, params.connector);
    return connector ? { ok: true, data: connector } : notHere("connector");
  }
  function list(request: OcpiRequest): Reply {
    const market = marketOf(context, request.version);
    const object = locationObject(market);
    const entries = object ? [{ updatedMs: locationUpdatedMs(market.site, market.state) }] : [];
    return pageOf(entries, request, () => object);
  }
  return {
    identifier: "locations",
    role: "SENDER",
    path: "cpo/locations",
    routes: [
      {
        method: "GET",
        path: "",
        about: { summary: "The locations", query: "PageQuery", data: "Location", list: true },
        handle: list,
      },
      { method: "GET", path: "/:location", about: { summary: "A location", data: "Location" }, handle: found },
      { method: "GET", path: "/:location/:evse", about: { summary: "An EVSE", data: "EVSE" }, handle: found },
      {
        method: "GET",
        path: "/:location/:evse/:connector",
        about: { summary: "A connector", data: "Connector" },
        handle: found,
      },
    ],
  };
}

export function tariffsModule(context: ModuleContext): Module {
  return {
    identifier: "tariffs",
    role: "SENDER",
    path: "cpo/tariffs",
    routes: [
      {
        method: "GET",
        path: "",
        about: { summary: "The tariffs", query: "PageQuery", data: "Tariff", list: true },
        handle(request) {
          const { upstream, site } = context;
          const updatedMs = site.state().upstream.configuration?.changedMs ?? 0;
          const entries = upstream.tariffs.map((tariff) => ({ tariff, updatedMs }));
          return pageOf(entries, request, ({ tariff }) =>
            tariffObject(tariff, { upstream, version: request.version, updatedMs }),
          );
        },
      },
    ],
  };
}
