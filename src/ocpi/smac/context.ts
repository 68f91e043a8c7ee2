/**
 * The optimisation context of USER-CHI D4.2 chapter 5.1, read with the repairs that a partner's settings name: the text
 * contradicts itself in units, signs, ids and time slots. Pure; what was assumed is said.
 */
import { type Static, Type } from "../../core/schema.ts";
import type { SmacSettings } from "../../core/site/site-upstream.ts";
import { CiString, CountryCode, DateTime, PartyId, reader, timeMs } from "../schemas/wire.ts";
import { type Slot, slotsOf } from "./slots.ts";

const Series = Type.Optional(
  Type.Array(Type.Object({ time_slot: DateTime, value: Type.Number() }), { maxItems: 3_000 }),
);
export const ScOptimisationSchema = Type.Object({
  country_code: CountryCode,
  party_id: PartyId,
  id: CiString(36),
  max_power: Type.Optional(Type.Number()),
  min_power: Type.Optional(Type.Number()),
  evses: Type.Array(
    Type.Object({
      location_id: CiString(36),
      evse_uid: CiString(36),
      connectors: Type.Array(
        Type.Object({
          // A number in the table, text in the samples.
          connector_id: Type.Union([Type.String({ maxLength: 64 }), Type.Number()]),
          power: Type.Number({ minimum: 0 }),
          discharge_power: Type.Optional(Type.Number()),
        }),
        { minItems: 1, maxItems: 16 },
      ),
    }),
    { minItems: 1, maxItems: 1_000 },
  ),
  opportunity_cost: Type.Optional(Type.Number({ minimum: 0 })),
  demand: Series,
  generation: Series,
  price: Series,
  flex_orders: Series,
  last_updated: Type.Optional(DateTime),
});
/**
 * The limit of the whole while the context lasts, and what flexibility orders leave of it by their slots, W. Where the context names
 * no limit, its orders lower that of the site: `siteW`.
 */
export function limitsOf({ maxPowerW, flexW, untilMs }: SmacContext, siteW: number): Slot[] {
  const always =
    untilMs === undefined || maxPowerW === undefined
      ? []
      : [{ startMs: 0, endMs: untilMs, value: Math.max(0, maxPowerW) }];
  const mostW = Math.min(maxPowerW ?? siteW, siteW);
  const lowering = flexW.filter(({ value }) => value < 0);
  return [...always, ...lowering.map((slot) => ({ ...slot, value: Math.max(0, mostW + slot.value) }))];
}

export type ScOptimisation = Static<typeof ScOptimisationSchema>;
export const readScOptimisation = reader(ScOptimisationSchema);
export const readScOptimisationPatch = reader(Type.Partial(ScOptimisationSchema));

/** The same in our units: W, EUR/kWh, EUR an hour. */
export interface SmacContext {
  readonly id: string;
  readonly evses: ReadonlyMap<string, { readonly mostW: number }>;
  readonly maxPowerW?: number;
  /** What may be fed back, W: the negative of min_power. */
  readonly exportLimitW: number;
  readonly opportunityEurPerHour: number;
  readonly demandW: readonly Slot[];
  readonly generationW: readonly Slot[];
  readonly eurPerKwh: readonly Slot[];
  /** Raises the limit where positive, lowers it where negative. */
  readonly flexW: readonly Slot[];
  /** When its last slot ends; without slots a day after it was made. Until then its limits hold. */
  readonly untilMs?: number;
}

export type ReadContext =
  | { readonly ok: true; readonly context: SmacContext; readonly assumed: readonly string[] }
  | { readonly ok: false; readonly problem: string };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A connector beyond this is not one: then the units are mixed up. */
const LARGEST_CONNECTOR_W = 1_000_000;
const SMALLEST_CONNECTOR_W = 500;
const DEAR_EUR_PER_KWH = 2;
const MOST_OPPORTUNITY_EUR_PER_HOUR = 10;
const BEYOND_MAX = 5;

class Unreadable extends Error {}

function series(
  name: string,
  values: ScOptimisation["demand"],
  convert: (value: number, slot: Slot) => number,
): Slot[] {
  const slots = slotsOf((values ?? []).map(({ time_slot, value }) => ({ startMs: timeMs(time_slot), value })));
  if (typeof slots === "string") throw new Unreadable(`${name}: ${slots}`);
  return slots.map((slot) => ({ ...slot, value: convert(slot.value, slot) }));
}

/** Mean power of a slot, W. */
function powerIn(unit: SmacSettings["energyUnit"], value: number, { startMs, endMs }: Slot): number {
  const hours = (endMs - startMs) / HOUR_MS;
  const asPower = { W: value, kW: value * 1000, Wh: value / hours, kWh: (value * 1000) / hours };
  return asPower[unit];
}

function endOf(slots: readonly Slot[], lastUpdated: string | undefined): number | undefined {
  if (slots.length > 0) return Math.max(...slots.map(({ endMs }) => endMs));
  return lastUpdated === undefined ? undefined : timeMs(lastUpdated) + DAY_MS;
}

function contextOf(wire: ScOptimisation, settings: SmacSettings): { context: SmacContext; assumed: string[] } {
  const toW = settings.powerUnit === "W" ? 1 : 1000;
  const assumed = [
    `power-unit ${settings.powerUnit}`,
    `energy-unit ${settings.energyUnit}`,
    `flex-unit ${settings.flexUnit}`,
  ];
  const evses = new Map(
    wire.evses.map(({ evse_uid, connectors }) => {
      const mostW = Math.max(...connectors.map(({ power }) => power)) * toW;
      if (mostW > LARGEST_CONNECTOR_W || (mostW > 0 && mostW < SMALLEST_CONNECTOR_W))
        throw new Unreadable(`EVSE ${evse_uid} has a power of ${mostW} W: is powerUnit ${settings.powerUnit} right?`);
      return [evse_uid.toLowerCase(), { mostW }] as const;
    }),
  );
  const maxPowerW = wire.max_power === undefined ? undefined : wire.max_power * toW;
  const energy = (name: string, values: ScOptimisation["demand"], signed: boolean) =>
    series(name, values, (value, slot) => {
      if (value < 0 && !signed) throw new Unreadable(`${name} is negative`);
      const powerW = Math.abs(powerIn(settings.energyUnit, value, slot));
      if (maxPowerW !== undefined && powerW > BEYOND_MAX * Math.max(maxPowerW, 1_000))
        throw new Unreadable(
          `${name} of ${Math.round(powerW)} W is far above max_power: is energyUnit ${settings.energyUnit} right?`,
        );
      return powerW;
    });
  const eurPerKwh = series("price", wire.price, (value) => value * settings.priceFactor);
  if (eurPerKwh.some(({ value }) => Math.abs(value) > DEAR_EUR_PER_KWH)) assumed.push("price-implausible");
  if (wire.evses.some(({ connectors }) => connectors.length > 1)) assumed.push("one-car-an-evse");
  const slotMs = eurPerKwh[0] ? eurPerKwh[0].endMs - eurPerKwh[0].startMs : 900_000;
  const opportunity = ((wire.opportunity_cost ?? 0) * HOUR_MS) / slotMs;
  if (opportunity > MOST_OPPORTUNITY_EUR_PER_HOUR) assumed.push("opportunity-cost-bounded");
  const parts = {
    demandW: energy("demand", wire.demand, false),
    generationW: energy("generation", wire.generation, settings.negativeGeneration),
    eurPerKwh,
    flexW: series("flex_orders", wire.flex_orders, (value) => value * (settings.flexUnit === "kW" ? 1000 : 1)),
  };
  const untilMs = endOf(Object.values(parts).flat(), wire.last_updated);
  const context: SmacContext = {
    id: wire.id,
    evses,
    ...(maxPowerW === undefined ? {} : { maxPowerW }),
    exportLimitW: Math.max(0, -(wire.min_power ?? 0) * toW),
    opportunityEurPerHour: Math.min(MOST_OPPORTUNITY_EUR_PER_HOUR, opportunity),
    ...parts,
    ...(untilMs === undefined ? {} : { untilMs }),
  };
  return { context, assumed };
}

/** Reads a context by a partner's settings. */
export function readContext(wire: ScOptimisation, settings: SmacSettings): ReadContext {
  try {
    return { ok: true, ...contextOf(wire, settings) };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, problem: error.message };
    throw error;
  }
}
