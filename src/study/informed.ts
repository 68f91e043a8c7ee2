/**
 * The same site and cars, with the truth told to the controller by the doors that anyone may use: drivers state what they
 * take and when they leave, prices are known in advance, load and sun are pushed as forecasts. What is lost then is the
 * controller's own fault; what is lost beyond it is the price of not knowing.
 */
import type { ForecastKind } from "../core/facts/forecast-facts.ts";
import type { SiteDraft } from "../core/facts/index.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { type Scenario, slotIndexOf } from "../sim/scenario.ts";

/** A forecast reaches two days ahead and is pushed anew by the hour. */
const AHEAD_SLOTS = 192;
const PUSHED_MS = 3_600_000;

/** Of what the controller may be told the truth. */
export const TRUTHS = ["departures", "energies", "prices", "load", "sun", "arrivals"] as const;
export type Truth = (typeof TRUTHS)[number];

/** A scenario in which drivers say the truth and prices are known in advance, as far as `told` goes. */
export function informedScenario(scenario: Scenario, told: readonly Truth[] = TRUTHS): Scenario {
  return {
    ...scenario,
    ...(told.includes("prices") ? { importEurPerKwh: scenario.billedImportEurPerKwh, isDayAhead: false } : {}),
    sessions: scenario.sessions.map((session) => ({
      ...session,
      ...(told.includes("energies") ? { requestedWh: session.energyWh } : {}),
      ...(told.includes("departures") ? { statedDepartureMs: session.departureMs } : {}),
    })),
  };
}

/** Whether forecasts are pushed in a step that ends at `nowMs` and took `stepMs`. */
export function forecastIsDue(nowMs: number, stepMs: number): boolean {
  return Math.floor(nowMs / PUSHED_MS) !== Math.floor((nowMs - stepMs) / PUSHED_MS);
}

/** Drivers announce themselves so long before they come. */
const ANNOUNCED_MS = 24 * PUSHED_MS;

/** Visits that are announced in a step that ends at `nowMs` and took `stepMs`; at the start, all of the first day. */
export function announcedVisits(
  scenario: Scenario,
  nowMs: number,
  stepMs: number,
  told: readonly Truth[],
): SiteDraft[] {
  if (!told.includes("arrivals")) return [];
  const sinceMs = nowMs - stepMs <= scenario.startMs ? Number.NEGATIVE_INFINITY : nowMs - stepMs;
  return scenario.sessions
    .filter(({ arrivalMs }) => arrivalMs - ANNOUNCED_MS <= nowMs && arrivalMs - ANNOUNCED_MS > sinceMs)
    .map(({ id, evseId, token, arrivalMs, departureMs, energyWh }) => ({
      type: "visit-announced",
      source: "driver",
      data: {
        visitId: id.slice(0, 64),
        evseId,
        ...(token === undefined ? {} : { token }),
        ...{ arrivalMs, departureMs, energyWh, by: "truth" },
      },
    }));
}

function trueForecast(kind: ForecastKind, powerW: readonly number[], startMs: number): SiteDraft {
  return {
    type: "forecast-received",
    source: "forecast",
    data: { kind, by: "truth", series: { startMs, minutes: 15, powerW: [...powerW] } },
  };
}

/** What the grid emits, told to everybody who has a series of it: from the slot of `nowMs` to where it is not known. */
export function toldIntensity(scenario: Scenario, nowMs: number): SiteDraft[] {
  const from = Math.max(0, slotIndexOf(scenario, nowMs));
  const ahead = (scenario.co2GramsPerKwh ?? []).slice(from, from + AHEAD_SLOTS);
  const hole = ahead.indexOf(undefined);
  const gramsPerKwh = (hole < 0 ? ahead : ahead.slice(0, hole)).flatMap((grams) => grams ?? []);
  if (gramsPerKwh.length === 0) return [];
  const series = { startMs: scenario.startMs + from * SLOT_MS, minutes: 15 as const, gramsPerKwh };
  return [{ type: "grid-intensity-received", source: "forecast", data: { by: "scenario", series } }];
}

/** What the building really takes and the sun really gives from the slot of `nowMs` on, as far as `told` goes. */
export function trueForecasts(scenario: Scenario, nowMs: number, told: readonly Truth[] = TRUTHS): SiteDraft[] {
  const from = Math.max(0, slotIndexOf(scenario, nowMs));
  const startMs = scenario.startMs + from * SLOT_MS;
  const ahead = (series: readonly number[]) =>
    series.slice(from, from + AHEAD_SLOTS).map((powerW) => Math.max(0, powerW));
  const [loadW, pvW] = [ahead(scenario.loadW), ahead(scenario.pvW)];
  return [
    ...(told.includes("load") && loadW.length > 0 ? [trueForecast("building", loadW, startMs)] : []),
    ...(told.includes("sun") && scenario.pvPeakW > 0 && pvW.length > 0 ? [trueForecast("pv", pvW, startMs)] : []),
  ];
}
