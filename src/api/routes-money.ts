/** What the month's power has cost so far, and what the next kW would. */
import type { FastifyInstance } from "fastify";
import { CapacityBillSchema, capacityBill } from "../core/money/capacity-bill.ts";
import { feesEurPerMonth } from "../core/money/fees.ts";
import type { Clock, SiteAccess } from "../core/ports.ts";
import { Type } from "../core/schema.ts";
import type { SiteModel } from "../core/site/site-model.ts";

const MoneySchema = Type.Object({
  atMs: Type.Number(),
  capacity: Type.Array(CapacityBillSchema, { description: "By tariff for power; empty without one" }),
  fixedEurPerMonth: Type.Number({ description: "Fees of a year, by month; negative for reductions" }),
});

/** Registers `GET /api/v1/capacity`. */
export function moneyRoutes(
  app: FastifyInstance,
  { site, model, clock }: { readonly site: SiteAccess; readonly model: SiteModel; readonly clock: Clock },
): void {
  const { tariff, site: place } = model.configuration;
  app.get(
    "/api/v1/capacity",
    {
      schema: {
        summary:
          "The month's peaks so far by each tariff for power: value, cost, what is free, and the price of the next kW",
        response: { 200: MoneySchema },
      },
    },
    async () => {
      const atMs = clock.wallMs();
      const { imports } = site.state();
      const at = { atMs, timeZone: place.timeZone };
      return {
        atMs,
        capacity: (tariff.capacity ?? []).map((entry) => capacityBill(entry, imports, at)),
        fixedEurPerMonth: Math.round(feesEurPerMonth(tariff.fees ?? []) * 100) / 100,
      };
    },
  );
}
