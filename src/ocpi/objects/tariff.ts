/** Tariffs of the configuration as OCPI writes them. */
import type { OcpiVersion, TariffConfiguration, UpstreamConfiguration } from "../../core/site/site-upstream.ts";
import { ocpiTime } from "../status.ts";
import type { WireObject } from "./wire-object.ts";

type Element = TariffConfiguration["elements"][number];

function elementObject({ components, restrictions }: Element): WireObject {
  return {
    price_components: components.map(({ type, price, vatPercent, stepSize }) => ({
      type,
      price,
      vat: vatPercent,
      step_size: stepSize,
    })),
    restrictions: restrictions && {
      start_time: restrictions.startTime,
      end_time: restrictions.endTime,
      start_date: restrictions.startDate,
      end_date: restrictions.endDate,
      min_kwh: restrictions.minKwh,
      max_kwh: restrictions.maxKwh,
      min_power: restrictions.minPowerKw,
      max_power: restrictions.maxPowerKw,
      min_duration: restrictions.minDurationS,
      max_duration: restrictions.maxDurationS,
      day_of_week: restrictions.days,
    },
  };
}

/** A limit of a price. */
function limitOf(
  amount: number | undefined,
  inclVat: number | undefined,
  version: OcpiVersion,
): WireObject | undefined {
  if (amount === undefined) return undefined;
  return version === "2.2.1" ? { excl_vat: amount, incl_vat: inclVat } : { before_taxes: amount, after_taxes: inclVat };
}

/** A tariff. */
export function tariffObject(
  tariff: TariffConfiguration,
  market: {
    readonly upstream: UpstreamConfiguration;
    readonly version: OcpiVersion;
    readonly updatedMs: number;
    /** Where it is another than that of the configuration: of a recorded tariff. */
    readonly currency?: string;
  },
): WireObject {
  const { upstream, version, updatedMs, currency = upstream.currency } = market;
  return {
    country_code: upstream.countryCode,
    party_id: upstream.partyId,
    id: tariff.id,
    currency,
    type: tariff.type,
    tariff_alt_text: tariff.text === undefined ? undefined : [{ language: "en", text: tariff.text }],
    tariff_alt_url: tariff.textUrl,
    min_price: limitOf(tariff.minPrice, tariff.minPriceInclVat, version),
    max_price: limitOf(tariff.maxPrice, tariff.maxPriceInclVat, version),
    tax_included: version === "2.3.0" ? (tariff.untaxed ? "N/A" : "NO") : undefined,
    elements: tariff.elements.map(elementObject),
    last_updated: ocpiTime(updatedMs),
  };
}
