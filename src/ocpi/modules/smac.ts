/** SMAC, as its sender: the site's own optimisation context, for providers that read it instead of being told. */
import type { Module } from "../module.ts";
import { pageOf } from "../pages.ts";
import { scOptimisation } from "../smac/offer.ts";
import { type ModuleContext, marketOf } from "./context.ts";

export function smacSenderModule(context: ModuleContext): Module {
  return {
    identifier: (partner) => partner.configuration.smac.moduleId,
    role: "SENDER",
    path: "cpo/smartchargingoptimisation",
    routes: [
      {
        method: "GET",
        path: "",
        handle(request) {
          const market = marketOf(context, request.version);
          const object = scOptimisation(market, request.partner.configuration.smac);
          const updatedMs = market.state.plan.current?.madeMs ?? 0;
          return pageOf(object ? [{ updatedMs }] : [], request, () => object);
        },
      },
    ],
  };
}
