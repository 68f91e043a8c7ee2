/** The month so far: what it cost and saved; what its power has cost, and what the next kW would. */
import type { FastifyInstance } from "fastify";
import { CapacityBillSchema, capacityBill } from "../core/money/capacity-bill.ts";
import { feesEurPerMonth } from "../core/money/fees.ts";
import { type Month, MonthSchema, monthSoFar, monthStartMs } from "../core/money/month.ts";
import type { Clock, SiteAccess } from "../core/ports.ts";
import { Type } from "../core/schema.ts";
import type { SiteModel } from "../core/site/site-model.ts";

const MoneySchema = Type.Object({
  atMs: Type.Number(),
  capacity: Type.Array(CapacityBillSchema, { description: "By tariff for power; empty without one" }),
  fixedEurPerMonth: Type.Number({ description: "Fees of a year, by month; negative for reductions" }),
});

/** The month of a site, reckoned again only when its books have changed: many pages may ask. */
function months(site: SiteAccess, model: SiteModel): (atMs: number) => Month {
  let known: { readonly books: readonly unknown[]; readonly month: Month } | undefined;
  return (atMs) => {
    const state = site.state();
    const startMs = monthStartMs(atMs, model.configuration.site.timeZone);
    const books = [startMs, state.site.quarterHours, state.booked, state.sessions.open];
    if (!known || books.some((part, index) => part !== known!.books[index]))
      known = { books, month: monthSoFar(state, model, atMs) };
    return known.month;
  };
}

/** Registers `GET /api/v1/capacity` and `GET /api/v1/month`. */
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

  const month = months(site, model);
  app.get(
    "/api/v1/month",
    {
      schema: {
        summary: "The local month so far: sessions, energy, cost, own sun, and what control saved",
        response: { 200: MonthSchema },
      },
    },
    async () => month(clock.wallMs()),
  );
}
