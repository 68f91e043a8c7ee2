/** Tariffs: chapter Tariffs, object description and data types. */
import { type Check, ciString, dateTime, int, must, number, object, oneOf, pattern, string, url } from "./check.ts";
import { displayText, energyMix, price, type Version } from "./types.ts";

const time = pattern(5, /^([0-1][0-9]|2[0-3]):[0-5][0-9]$/);
const date = pattern(10, /^([12][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$/);

const component = object(
  {
    type: ["1", oneOf("ENERGY FLAT PARKING_TIME TIME")],
    price: ["1", number()],
    vat: ["?", number()],
    step_size: ["1", int],
  },
  ({ step_size }, at) => must(Number(step_size) >= 1, at, `step_size ${step_size}`),
);

const restrictions = object({
  start_time: ["?", time],
  end_time: ["?", time],
  start_date: ["?", date],
  end_date: ["?", date],
  min_kwh: ["?", number()],
  max_kwh: ["?", number()],
  min_current: ["?", number()],
  max_current: ["?", number()],
  min_power: ["?", number()],
  max_power: ["?", number()],
  min_duration: ["?", int],
  max_duration: ["?", int],
  day_of_week: ["*", oneOf("MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY")],
  reservation: ["?", oneOf("RESERVATION RESERVATION_EXPIRES")],
});

export function tariff(version: Version): Check {
  const limit =
    version === "2.2.1" ? price(version) : object({ before_taxes: ["1", number()], after_taxes: ["?", number()] });
  return object({
    country_code: ["1", ciString(2)],
    party_id: ["1", ciString(3)],
    id: ["1", ciString(36)],
    currency: ["1", pattern(3, /^[A-Z]{3}$/)],
    type: ["?", oneOf("AD_HOC_PAYMENT PROFILE_CHEAP PROFILE_FAST PROFILE_GREEN REGULAR")],
    tariff_alt_text: ["*", displayText],
    tariff_alt_url: ["?", url],
    min_price: ["?", limit],
    max_price: ["?", limit],
    ...(version === "2.3.0" ? { tax_included: ["1", oneOf("YES NO N/A")] as const } : {}),
    elements: ["+", object({ price_components: ["+", component], restrictions: ["?", restrictions] })],
    start_date_time: ["?", dateTime],
    end_date_time: ["?", dateTime],
    energy_mix: ["?", energyMix],
    last_updated: ["1", dateTime],
  });
}

export const currency = string(3);
