/** Sessions whose cost was worked out by hand: examples of the OCPI text (Tariffs, CDRs: step_size), and what it implies. */
import { expect, test } from "vitest";
import type { TariffConfiguration } from "../site/site-upstream.ts";
import { costOf } from "./cost.ts";
import type { Period } from "./periods.ts";

type Elements = TariffConfiguration["elements"];
type Component = Elements[number]["components"][number];
const MINUTE = 60_000;
const at = (clock: string, day = "2026-06-10") => Date.parse(`${day}T${clock}:00Z`);
const priced =
  (type: Component["type"]) =>
  (price: number, stepSize = 1, vatPercent?: number) =>
    ({ type, price, stepSize, ...(vatPercent === undefined ? {} : { vatPercent }) }) as const;
const [ENERGY, TIME, PARKING, FLAT] = [priced("ENERGY"), priced("TIME"), priced("PARKING_TIME"), priced("FLAT")];

/** Minutes of charging at so many kW, then of parking, in pieces of a quarter-hour at most. */
function stay(startMs: number, parts: readonly (readonly ["charge" | "park", number, number?])[]): Period[] {
  const periods: Period[] = [];
  let ms = startMs;
  for (const [what, minutes, kw = 11] of parts)
    for (let left = minutes; left > 0; ) {
      const length = Math.min(left, 15) * MINUTE;
      const charges = what === "charge";
      periods.push({
        startMs: ms,
        endMs: ms + length,
        energyWh: charges ? (kw * 1000 * length) / 3_600_000 : 0,
        chargingMs: charges ? length : 0,
        parkingMs: charges ? 0 : length,
        maxPowerW: charges ? kw * 1000 : 0,
      });
      ms += length;
      left -= 15;
    }
  return periods;
}

/** The text's example of a step that changes at 17:00, and of parking that is free from 20:00 on. */
const STEPS: Elements = [
  { components: [TIME(1.2, 1_800)], restrictions: { endTime: "17:00" } },
  { components: [TIME(2.4, 900)], restrictions: { startTime: "17:00" } },
  { components: [PARKING(1, 900)], restrictions: { endTime: "20:00" } },
];
const WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"] as const;
/** The text's complex example, by the power that its 32 A are. */
const COMPLEX: Elements = [
  { components: [FLAT(2.5, 1, 15)] },
  { components: [TIME(1, 900, 20)], restrictions: { maxPowerKw: 22 } },
  { components: [TIME(2, 600, 20)], restrictions: { minPowerKw: 22, days: [...WEEKDAYS] } },
  { components: [TIME(1.25, 600, 20)], restrictions: { minPowerKw: 22, days: ["SATURDAY", "SUNDAY"] } },
  { components: [PARKING(5, 300, 10)], restrictions: { startTime: "09:00", endTime: "18:00", days: [...WEEKDAYS] } },
  { components: [PARKING(6, 300, 10)], restrictions: { startTime: "10:00", endTime: "17:00", days: ["SATURDAY"] } },
];
const [MONDAY, SATURDAY] = ["2026-06-08", "2026-06-13"];

interface Row {
  readonly what: string;
  readonly elements: Elements;
  readonly periods: Period[];
  readonly more?: Partial<TariffConfiguration>;
  readonly exclVat: number;
  readonly inclVat?: number;
}

const TABLE: readonly Row[] = [
  {
    what: "10 minutes over 17:00 and 2 of parking: only the parking is rounded, to its 15",
    elements: STEPS,
    periods: stay(at("16:55"), [
      ["charge", 10],
      ["park", 2],
    ]),
    exclVat: 0.1 + 0.2 + 0.25,
  },
  {
    what: "35 minutes over 17:00: 45 by the last step, 25 of them at the first price",
    elements: STEPS,
    periods: stay(at("16:35"), [["charge", 35]]),
    exclVat: 0.5 + 0.8,
  },
  {
    // The prices of the text's own table are exchanged: by its tariff it is 12 minutes at 2.40 and 15 at 1.00.
    what: "parking that becomes free: what was paid for before is rounded",
    elements: STEPS,
    periods: stay(at("19:40"), [
      ["charge", 12],
      ["park", 20],
    ]),
    exclVat: 0.48 + 0.25,
  },
  {
    what: "21 minutes of charging stay 21, 7 of parking become 10",
    elements: [{ components: [TIME(6, 300), PARKING(12, 300)] }],
    periods: stay(at("10:00"), [
      ["charge", 21],
      ["park", 7],
    ]),
    exclVat: 2.1 + 2,
  },
  {
    what: "charging after parking is rounded by its own step, over all that was charged",
    elements: [{ components: [TIME(6, 1_200), PARKING(12, 300)] }],
    periods: stay(at("10:00"), [
      ["charge", 10],
      ["park", 7],
      ["charge", 15],
    ]),
    exclVat: 4 + 1.4,
  },
  {
    what: "4.3 and 1.1 kWh at two prices in steps of 500 Wh: 5.5 kWh, the rest at the last price",
    elements: [
      { components: [ENERGY(0.2, 500)], restrictions: { endTime: "17:00" } },
      { components: [ENERGY(0.27, 500)], restrictions: { startTime: "17:00" } },
    ],
    periods: [...stay(at("16:45"), [["charge", 15, 17.2]]), ...stay(at("17:00"), [["charge", 15, 4.4]])],
    exclVat: 0.86 + 0.324,
  },
  {
    what: "steps of energy and of time each once",
    elements: [{ components: [ENERGY(0.25, 1_000), TIME(6, 300)] }],
    periods: stay(at("10:00"), [["charge", 21, 11]]),
    exclVat: 1 + 2.5,
  },
  {
    what: "the complex example on a Monday: 165 minutes, and 42 of parking as 45",
    elements: COMPLEX,
    periods: stay(at("09:30", MONDAY), [
      ["charge", 165, 11],
      ["park", 42],
    ]),
    exclVat: 9,
    inclVat: 10.3,
  },
  {
    // The text has 2.28 for 114 minutes at 1.25 an hour; that is 2.375.
    what: "the complex example on a Saturday: 114 minutes, and 71 of parking as 75",
    elements: COMPLEX,
    periods: stay(at("13:30", SATURDAY), [
      ["charge", 114, 29],
      ["park", 71],
    ]),
    exclVat: 2.5 + 2.375 + 7.5,
    inclVat: 2.875 + 2.85 + 8.25,
  },
  {
    what: "power that goes up and down: each period by its own (1, 40 and 0.5 kWh)",
    elements: [
      { components: [ENERGY(0.2)], restrictions: { maxPowerKw: 16 } },
      { components: [ENERGY(0.35)], restrictions: { minPowerKw: 16, maxPowerKw: 32 } },
      { components: [ENERGY(0.5)] },
    ],
    periods: [
      ...stay(at("10:00"), [["charge", 10, 6]]),
      ...stay(at("10:10"), [["charge", 50, 48]]),
      ...stay(at("11:00"), [["charge", 7.5, 4]]),
    ],
    exclVat: 0.2 + 20 + 0.1,
  },
  {
    what: "20.45 kWh in steps of 100 Wh and a fee, with VAT of each",
    elements: [{ components: [FLAT(0.5, 1, 20), ENERGY(0.25, 100, 10)] }],
    periods: stay(at("10:00"), [["charge", 60, 20.45]]),
    exclVat: 5.625,
    inclVat: 6.2375,
  },
  {
    what: "a least price, with and without VAT",
    elements: [{ components: [ENERGY(0.25, 1, 20)] }],
    periods: stay(at("10:00"), [["charge", 12, 5]]),
    more: { minPrice: 0.5, minPriceInclVat: 0.7 },
    exclVat: 0.5,
    inclVat: 0.7,
  },
  {
    what: "a highest price, with and without VAT",
    elements: [{ components: [ENERGY(1, 1, 20)] }],
    periods: stay(at("10:00"), [["charge", 60, 22]]),
    more: { maxPrice: 20, maxPriceInclVat: 23 },
    exclVat: 20,
    inclVat: 23,
  },
];

test.each(TABLE)("$what", ({ elements, periods, more = {}, exclVat, inclVat }) => {
  const { total } = costOf({ id: "t", type: "REGULAR", elements, ...more }, periods, "UTC");
  expect(total.exclVat).toBeCloseTo(exclVat, 4);
  if (inclVat !== undefined) expect(total.inclVat).toBeCloseTo(inclVat, 4);
});
