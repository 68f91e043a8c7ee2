import { expect, it } from "vitest";
import type { Fee } from "../site/site-fees.ts";
import { feesEurPerKwh, feesEurPerMonth } from "./fees.ts";

const ZONE = "Europe/Berlin";
const winter = [1, 2, 3, 10, 11, 12];
const fees: Fee[] = [
  { name: "Modul 1", eurPerKwh: 0, windows: [], eurPerYear: -130 },
  {
    name: "Modul 3",
    eurPerKwh: 0.095,
    eurPerYear: 0,
    windows: [
      { from: "17:00", to: "20:00", months: winter, eurPerKwh: 0.155 },
      { from: "00:00", to: "05:00", months: winter, eurPerKwh: 0.0095 },
    ],
  },
];

it("a grid fee counts by local time and month; a sum of a year is no price", () => {
  const at = (iso: string) => feesEurPerKwh(fees, Date.parse(iso), ZONE);
  expect(at("2026-01-15T16:00Z")).toBe(0.155);
  expect(at("2026-01-15T15:45Z")).toBe(0.095);
  expect(at("2026-01-15T23:00Z")).toBe(0.0095);
  expect(at("2026-07-15T16:00Z")).toBe(0.095);
  expect(feesEurPerKwh([], 0, ZONE)).toBe(0);
  expect(feesEurPerMonth(fees)).toBeCloseTo(-10.83, 2);
});
