/** The running quarter-hour of the whole site. */
import type { SiteDraft } from "../facts/index.ts";
import type { MeteringInput } from "../metering.ts";
import type { PerPhase } from "../quantity.ts";

type Flow = "importWh" | "exportWh" | "pvWh" | "batteryChargeWh" | "batteryDischargeWh" | "evsesWh";

export interface SiteMeter {
  readonly sums: Readonly<Partial<Record<Flow, number>>>;
  readonly maxCurrentA?: PerPhase;
  readonly missedMs: number;
  readonly startedWhole: boolean;
  readonly registerStart?: { readonly importWh: number; readonly exportWh: number };
  readonly registerNow?: { readonly importWh: number; readonly exportWh: number };
  readonly importEurPerKwh?: number;
  readonly exportEurPerKwh?: number;
}

/** A reading older than this says nothing about the energy since. */
const VALID_MS = 10_000;
const EVSE_VALID_MS = 120_000;
const MISSING_ALLOWED_MS = 30_000;

/** Begins a quarter-hour; `startedWhole` is false when it began before the controller did. */
export function initialSiteMeter(startedWhole: boolean, before?: SiteMeter): SiteMeter {
  const registerStart = before?.registerNow;
  return { sums: {}, missedMs: 0, startedWhole, ...(registerStart ? { registerStart } : {}) };
}

/** Powers by flow, W, of everything that answers; a flow is missing as long as its device does not answer. */
function flowsW(input: MeteringInput): Partial<Record<Flow, number>> {
  const { site, image } = input;
  const flows: Partial<Record<Flow, number>> = {};
  const meter = image.meters.get(site.gridMeterId);
  if (meter && image.monoMs - meter.atMonoMs <= VALID_MS) {
    flows.importWh = Math.max(0, meter.powerW);
    flows.exportWh = Math.max(0, -meter.powerW);
  }
  for (const id of site.pvIds) {
    const pv = image.pvs.get(id);
    if (pv && image.monoMs - pv.atMonoMs <= VALID_MS) flows.pvWh = (flows.pvWh ?? 0) + pv.powerW;
  }
  for (const { id } of site.batteries) {
    const battery = image.batteries.get(id);
    if (!battery || image.monoMs - battery.atMonoMs > VALID_MS) continue;
    flows.batteryChargeWh = (flows.batteryChargeWh ?? 0) + Math.max(0, battery.powerW);
    flows.batteryDischargeWh = (flows.batteryDischargeWh ?? 0) + Math.max(0, -battery.powerW);
  }
  flows.evsesWh = 0;
  for (const reading of image.evses.values()) {
    if (image.monoMs - reading.atMonoMs <= EVSE_VALID_MS) flows.evsesWh += reading.powerW ?? 0;
  }
  return flows;
}

function registers(input: MeteringInput): SiteMeter["registerNow"] {
  const meter = input.image.meters.get(input.site.gridMeterId);
  if (meter?.importWh === undefined || meter.exportWh === undefined) return undefined;
  return { importWh: meter.importWh, exportWh: meter.exportWh };
}

function highest(before: PerPhase | undefined, now: PerPhase | undefined): PerPhase | undefined {
  if (!before || !now) return before ?? now;
  return [Math.max(before[0], now[0]), Math.max(before[1], now[1]), Math.max(before[2], now[2])];
}

/** Adds the time since the last tick. */
export function meterSite(meter: SiteMeter, input: MeteringInput, elapsedMs: number): SiteMeter {
  const flows = flowsW(input);
  const sums = { ...meter.sums };
  for (const key in flows) {
    const flow = key as Flow;
    sums[flow] = (sums[flow] ?? 0) + (flows[flow]! * elapsedMs) / 3_600_000;
  }
  const known = flows.importWh !== undefined;
  const maxCurrentA = highest(
    meter.maxCurrentA,
    known ? input.image.meters.get(input.site.gridMeterId)?.currentA : undefined,
  );
  const registerNow = registers(input) ?? meter.registerNow;
  const registerStart = meter.registerStart ?? registerNow;
  const importEurPerKwh = input.image.importEurPerKwh ?? meter.importEurPerKwh;
  const exportEurPerKwh = input.image.exportEurPerKwh ?? meter.exportEurPerKwh;
  return {
    sums,
    startedWhole: meter.startedWhole,
    missedMs: meter.missedMs + (known && elapsedMs <= VALID_MS ? 0 : elapsedMs),
    ...(maxCurrentA ? { maxCurrentA } : {}),
    ...(registerNow ? { registerNow } : {}),
    ...(registerStart ? { registerStart } : {}),
    ...(importEurPerKwh === undefined ? {} : { importEurPerKwh }),
    ...(exportEurPerKwh === undefined ? {} : { exportEurPerKwh }),
  };
}

/** Import and export by the meter's registers where they make sense, else the integral of the power. */
function gridEnergy(meter: SiteMeter): { importWh?: number; exportWh?: number } {
  const { registerStart: start, registerNow: now, sums } = meter;
  if (start && now) {
    const importWh = now.importWh - start.importWh;
    const exportWh = now.exportWh - start.exportWh;
    if (importWh >= 0 && exportWh >= 0) return { importWh, exportWh };
  }
  return sums.importWh === undefined ? {} : { importWh: sums.importWh, exportWh: sums.exportWh ?? 0 };
}

/** The fact on a quarter-hour of the site. The building is what remains of the balance, when that is known. */
export function siteQuarterHourDraft(meter: SiteMeter, slotStartMs: number): SiteDraft {
  const grid = gridEnergy(meter);
  const { pvWh, batteryChargeWh, batteryDischargeWh, evsesWh = 0 } = meter.sums;
  const others = (pvWh ?? 0) - (batteryChargeWh ?? 0) + (batteryDischargeWh ?? 0) - evsesWh;
  const buildingWh =
    grid.importWh === undefined ? undefined : Math.max(0, grid.importWh - (grid.exportWh ?? 0) + others);
  const values = { ...grid, pvWh, batteryChargeWh, batteryDischargeWh, buildingWh };
  const rounded = Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, Math.round(value)]])),
  );
  return {
    type: "quarter-hour-metered",
    source: "metering",
    data: {
      slotStartMs,
      complete: meter.startedWhole && meter.missedMs <= MISSING_ALLOWED_MS,
      ...rounded,
      ...(meter.maxCurrentA ? { maxCurrentA: [...meter.maxCurrentA] as [number, number, number] } : {}),
      ...(meter.importEurPerKwh === undefined ? {} : { importEurPerKwh: meter.importEurPerKwh }),
      ...(meter.exportEurPerKwh === undefined ? {} : { exportEurPerKwh: meter.exportEurPerKwh }),
    },
  };
}
