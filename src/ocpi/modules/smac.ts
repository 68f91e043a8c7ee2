/** SMAC, as its sender: the site's own optimisation context, for providers that read it instead of being told. */
import type { Module } from "../module.ts";
import { pageOf } from "../pages.ts";
import type { Partner } from "../partner.ts";
import { scOptimisation } from "../smac/offer.ts";
import { type ModuleContext, marketOf } from "./context.ts";

/** A module of agreement: what each partner calls it, and who has it. */
export const agreedSmac = {
  identifier: ({ configuration: { smac } }: Partner) => smac?.moduleId ?? "",
  agreed: ({ configuration: { smac } }: Partner) => smac !== undefined,
} as const;

export function smacSenderModule(context: ModuleContext): Module {
  return {
    ...agreedSmac,
    role: "SENDER",
    path: "cpo/smartchargingoptimisation",
    routes: [
      {
        method: "GET",
        path: "",
        about: { summary: "The optimisation context", query: "PageQuery", data: "SCOptimisation", list: true },
        handle(request) {
          const market = marketOf(context, request.version);
          const { smac } = request.partner.configuration;
          const object = smac && scOptimisation(market, smac);
          const updatedMs = market.state.plan.current?.madeMs ?? 0;
          return pageOf(object ? [{ updatedMs }] : [], request, () => object);
        },
      },
    ],
  };
}
