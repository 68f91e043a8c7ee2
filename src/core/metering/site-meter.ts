/** The running quarter-hour of the whole site. */
import type { SiteDraft } from "../facts/index.ts";
import type { PerPhase } from "../quantity.ts";
import type { SiteModel } from "../site/site-model.ts";
import { sitePowers } from "../site/site-powers.ts";
import { gramsPerKwhAt } from "../state/intensity.ts";
import type { QuarterHour } from "../state/site-slice.ts";
import { SLOT_MS } from "../time/slots.ts";
import type { MeteringInput } from "./input.ts";

/** What is measured apart from each other, and may be missing apart from each other. */
type Part = "grid" | "pv" | "battery" | "evses";
type Flow = "importWh" | "exportWh" | "pvWh" | "batteryChargeWh" | "batteryDischargeWh" | "evsesWh";
type Flows = Readonly<Partial<Record<Flow, number>>>;

interface Registers {
  readonly importWh: number;
  readonly exportWh: number;
}

export interface SiteMeter {
  readonly sums: Flows;
  /** How long each part gave no value, ms. */
  readonly missedMs: Readonly<Record<Part, number>>;
  /** How long it runs by the monotonic clock, ms: a quarter-hour that the wall clock cut or stretched is not whole. */
  readonly coveredMs: number;
  readonly startedWhole: boolean;
  /** How long the quarter-hour ran before the controller did, ms, where the ledger knows the registers at its start. */
  readonly beforeMs?: number;
  readonly wallTrusted: boolean;
  readonly maxCurrentA?: PerPhase;
  readonly pvHeld?: boolean;
  readonly registerStart?: Registers;
  readonly registerNow?: Registers;
  readonly importEurPerKwh?: number;
  readonly exportEurPerKwh?: number;
  readonly co2GramsPerKwh?: number;
}

/** A tick that comes later than this says nothing about the energy since the one before. */
const LONGEST_TICK_MS = 10_000;
const MISSING_ALLOWED_MS = 30_000;
/** A fuse lets half as much again pass for a while; a register that says more was changed or is mistaken. */
const REGISTER_MARGIN = 1.5;
const SMALL_REGISTER_STEP_WH = 1_000;

/** Begins a quarter-hour; `startedWhole` is false when it began before the controller did. */
export function initialSiteMeter(startedWhole: boolean, before?: SiteMeter): SiteMeter {
  const registerStart = before?.registerNow;
  return {
    sums: {},
    missedMs: { grid: 0, pv: 0, battery: 0, evses: 0 },
    coveredMs: 0,
    startedWhole,
    wallTrusted: true,
    ...(registerStart ? { registerStart } : {}),
  };
}

/** A quarter-hour that began before the controller did, by the registers that the ledger has of the end of the one before. */
export function resumedSiteMeter(
  meter: SiteMeter,
  last: QuarterHour | undefined,
  slotMs: number,
  nowMs: number,
): SiteMeter {
  if (last?.registersWh === undefined || last.slotStartMs + SLOT_MS !== slotMs) return meter;
  const { importWh, exportWh } = last.registersWh;
  return { ...meter, registerStart: { importWh, exportWh }, beforeMs: nowMs - slotMs };
}

/** Powers by flow, W, of each part that the site has; `undefined` for a part that is not known now. */
function flowsOf(input: MeteringInput): Readonly<Record<Part, Flows | undefined>> {
  const { gridW, pvW, chargeW, dischargeW, evsesW } = sitePowers(input);
  const hasPv = input.site.pvIds.length > 0;
  const hasBattery = input.site.batteries.length > 0;
  const batteryKnown = chargeW !== undefined && dischargeW !== undefined;
  return {
    grid: gridW === undefined ? undefined : { importWh: Math.max(0, gridW), exportWh: Math.max(0, -gridW) },
    pv: pvW === undefined ? undefined : hasPv ? { pvWh: pvW } : {},
    battery: !batteryKnown ? undefined : hasBattery ? { batteryChargeWh: chargeW, batteryDischargeWh: dischargeW } : {},
    evses: evsesW === undefined ? undefined : { evsesWh: evsesW },
  };
}

function registers({ site, image }: MeteringInput): Registers | undefined {
  const meter = image.meters.get(site.gridMeterId);
  if (meter?.importWh === undefined || meter.exportWh === undefined) return undefined;
  return { importWh: meter.importWh, exportWh: meter.exportWh };
}

function highest(before: PerPhase | undefined, now: PerPhase | undefined): PerPhase | undefined {
  if (!before || !now) return before ?? now;
  return [Math.max(before[0], now[0]), Math.max(before[1], now[1]), Math.max(before[2], now[2])];
}

/** Adds the powers (W, under the names of the energies that they become) over `elapsedMs`. */
function addEnergy(sums: Flows, powers: Flows, elapsedMs: number): Flows {
  const next: Partial<Record<Flow, number>> = { ...sums };
  for (const key in powers) {
    const flow = key as Flow;
    next[flow] = (next[flow] ?? 0) + (powers[flow]! * elapsedMs) / 3_600_000;
  }
  return next;
}

/** The first price of a quarter-hour is its own: the tick that ends it knows the price of the next one already. */
function prices(meter: SiteMeter, { image, state }: MeteringInput) {
  const importEurPerKwh = meter.importEurPerKwh ?? image.importEurPerKwh;
  const exportEurPerKwh = meter.exportEurPerKwh ?? image.exportEurPerKwh;
  const co2GramsPerKwh = meter.co2GramsPerKwh ?? gramsPerKwhAt(state.intensity, image.nowMs);
  return {
    ...(importEurPerKwh === undefined ? {} : { importEurPerKwh }),
    ...(exportEurPerKwh === undefined ? {} : { exportEurPerKwh }),
    ...(co2GramsPerKwh === undefined ? {} : { co2GramsPerKwh }),
  };
}

/** Adds the time since the last tick. After a pause nothing is invented: what was not seen is missed. */
export function meterSite(meter: SiteMeter, input: MeteringInput, elapsedMs: number): SiteMeter {
  const parts = flowsOf(input);
  const paused = elapsedMs > LONGEST_TICK_MS;
  let sums = meter.sums;
  const missedMs = { ...meter.missedMs };
  for (const key in parts) {
    const part = key as Part;
    const powers = parts[part];
    if (powers && !paused) sums = addEnergy(sums, powers, elapsedMs);
    else missedMs[part] += elapsedMs;
  }
  const current = parts.grid && input.image.meters.get(input.site.gridMeterId)?.currentA;
  const maxCurrentA = highest(meter.maxCurrentA, current);
  const registerNow = registers(input) ?? meter.registerNow;
  const registerStart = meter.registerStart ?? registerNow;
  return {
    sums,
    missedMs,
    coveredMs: meter.coveredMs + elapsedMs,
    startedWhole: meter.startedWhole,
    ...(meter.beforeMs === undefined ? {} : { beforeMs: meter.beforeMs }),
    wallTrusted: meter.wallTrusted && input.image.wallTrusted,
    ...(maxCurrentA ? { maxCurrentA } : {}),
    ...(meter.pvHeld || Object.keys(input.state.limits.pvs ?? {}).length > 0 ? { pvHeld: true } : {}),
    ...(registerNow ? { registerNow } : {}),
    ...(registerStart ? { registerStart } : {}),
    ...prices(meter, input),
  };
}

/** Most that can have passed the grid connection, Wh. */
function possibleWh(meter: SiteMeter, site: SiteModel): number {
  const hours = (meter.coveredMs + (meter.beforeMs ?? 0)) / 3_600_000;
  const powerW = site.configuration.gridConnection.mainFuseA * site.voltageV * site.phases;
  return SMALL_REGISTER_STEP_WH + REGISTER_MARGIN * powerW * hours;
}

/** What passed the grid connection, and in how much of the quarter-hour, ms. */
interface GridEnergy extends Partial<Registers> {
  readonly seenMs: number;
}

/** Import and export by the meter's registers where they make sense, else the integral of the power. */
function gridEnergy(meter: SiteMeter, site: SiteModel): GridEnergy {
  const { registerStart: start, registerNow: now, sums } = meter;
  const mostWh = possibleWh(meter, site);
  if (start && now) {
    const importWh = now.importWh - start.importWh;
    const exportWh = now.exportWh - start.exportWh;
    if (importWh >= 0 && exportWh >= 0 && importWh <= mostWh && exportWh <= mostWh)
      return { importWh, exportWh, seenMs: meter.coveredMs + (meter.beforeMs ?? 0) };
  }
  const seenMs = meter.coveredMs - meter.missedMs.grid;
  return sums.importWh === undefined ? { seenMs } : { importWh: sums.importWh, exportWh: sums.exportWh ?? 0, seenMs };
}

/** Sums of the parts that were there all the time; the building is what remains of the balance, when all of them were. */
function energies(meter: SiteMeter, site: SiteModel): Readonly<Record<string, number | undefined>> {
  const whole = (part: Part) => meter.startedWhole && meter.missedMs[part] <= MISSING_ALLOWED_MS;
  const { seenMs: _, ...grid } = gridEnergy(meter, site);
  const { pvWh = 0, batteryChargeWh = 0, batteryDischargeWh = 0, evsesWh = 0 } = meter.sums;
  const known = grid.importWh !== undefined && whole("grid") && whole("pv") && whole("battery") && whole("evses");
  const othersWh = pvWh - batteryChargeWh + batteryDischargeWh - evsesWh;
  return {
    ...grid,
    pvWh: whole("pv") ? meter.sums.pvWh : undefined,
    batteryChargeWh: whole("battery") ? meter.sums.batteryChargeWh : undefined,
    batteryDischargeWh: whole("battery") ? meter.sums.batteryDischargeWh : undefined,
    buildingWh: known ? Math.max(0, grid.importWh! - (grid.exportWh ?? 0) + othersWh) : undefined,
  };
}

/** What passed the grid connection since the quarter-hour began; nothing where not all of it was seen. */
function soFar(meter: SiteMeter, site: SiteModel): Partial<Registers> {
  const energy = gridEnergy(meter, site);
  const passedMs = meter.coveredMs + (meter.beforeMs ?? 0);
  const isSeen = energy.seenMs >= passedMs - MISSING_ALLOWED_MS && meter.missedMs.grid <= MISSING_ALLOWED_MS;
  return isSeen && (meter.startedWhole || meter.beforeMs !== undefined) ? energy : {};
}

/** Imported since the quarter-hour began, Wh; missing where a part of it was not seen: it began before the controller did, or the meter was silent. */
export function importedSoFarWh(meter: SiteMeter, site: SiteModel): number | undefined {
  return soFar(meter, site).importWh;
}

/** Exported since the quarter-hour began, Wh; missing as above. */
export function exportedSoFarWh(meter: SiteMeter, site: SiteModel): number | undefined {
  return soFar(meter, site).exportWh;
}

/**
 * The fact on a quarter-hour of the site. What was not measured for more than half a minute is left out; of import and export it
 * says of how much of it they are.
 */
export function siteQuarterHourDraft(meter: SiteMeter, slotStartMs: number, site: SiteModel): SiteDraft {
  const rounded = Object.fromEntries(
    Object.entries(energies(meter, site)).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Math.round(value)]],
    ),
  );
  const { importWh, seenMs } = gridEnergy(meter, site);
  const isPart = importWh !== undefined && seenMs < SLOT_MS - MISSING_ALLOWED_MS;
  const { registerNow } = meter;
  const wholeSlot = Math.abs(meter.coveredMs - SLOT_MS) <= MISSING_ALLOWED_MS;
  return {
    type: "quarter-hour-metered",
    source: "metering",
    data: {
      slotStartMs,
      complete: meter.startedWhole && meter.wallTrusted && wholeSlot && meter.missedMs.grid <= MISSING_ALLOWED_MS,
      ...rounded,
      ...(isPart ? { seenMs: Math.max(0, Math.round(seenMs)) } : {}),
      ...(registerNow
        ? { registersWh: { importWh: Math.round(registerNow.importWh), exportWh: Math.round(registerNow.exportWh) } }
        : {}),
      ...(meter.pvHeld ? { pvHeld: true } : {}),
      ...(meter.maxCurrentA ? { maxCurrentA: [...meter.maxCurrentA] as [number, number, number] } : {}),
      ...(meter.importEurPerKwh === undefined ? {} : { importEurPerKwh: meter.importEurPerKwh }),
      ...(meter.exportEurPerKwh === undefined ? {} : { exportEurPerKwh: meter.exportEurPerKwh }),
      ...(meter.co2GramsPerKwh === undefined ? {} : { co2GramsPerKwh: meter.co2GramsPerKwh }),
    },
  };
}
