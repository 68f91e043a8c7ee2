/** Meter values of OCPP 1.6 and 2.0.1 to samples of an EVSE, with the oddities of real chargers. */
import type { EvseSample } from "../core/charge-point-input.ts";
import type { PerPhase } from "../core/quantity.ts";
import { readTime } from "./time.ts";
import { entryOf, type Fields, fieldsOf, listOf, measureOf, numberOf, textOf } from "./wire.ts";

interface Reading {
  readonly measurand: string;
  readonly phase: string | undefined;
  readonly unit: string | undefined;
  readonly value: number;
  /** Lower is better: a periodic value at the outlet before a transaction's begin value or an inlet. */
  readonly rank: number;
}

const CONTEXT_RANK: Readonly<Record<string, number>> = {
  "Sample.Periodic": 0,
  "Sample.Clock": 1,
  Trigger: 1,
  "Transaction.End": 3,
  "Transaction.Begin": 4,
};
const LOCATION_RANK: Readonly<Record<string, number>> = { Outlet: 0, Inlet: 20 };
const PHASES = ["L1", "L2", "L3"] as const;
const IMPLAUSIBLE_A = 2_000;
const NOMINAL_V = 230;

function readingOf(entry: Fields): Reading | undefined {
  // The text of a signed value may look like a number; in 2.0.1 the number stands beside the signature.
  if (entry.format === "SignedData") return undefined;
  const measure = fieldsOf(entry.unitOfMeasure);
  const multiplier = numberOf(measure.multiplier) ?? 0;
  if (Math.abs(multiplier) > 12) return undefined;
  const value = measureOf(entry.value, 10 ** multiplier);
  if (value === undefined) return undefined;
  const contextRank = entry.context === undefined ? 1 : (entryOf(CONTEXT_RANK, entry.context) ?? 2);
  return {
    measurand: textOf(entry.measurand) ?? "Energy.Active.Import.Register",
    phase: textOf(entry.phase)?.replace(/-N$/, ""),
    unit: textOf(entry.unit) ?? textOf(measure.unit),
    value,
    rank: contextRank + (entryOf(LOCATION_RANK, entry.location ?? "Outlet") ?? 10),
  };
}

function best(readings: readonly Reading[], measurand: string, phase: string | undefined): Reading | undefined {
  return readings
    .filter((reading) => reading.measurand === measurand && reading.phase === phase)
    .reduce<Reading | undefined>((a, b) => (a === undefined || b.rank < a.rank ? b : a), undefined);
}

/** The total as it was sent, or the sum of the phases; never both added. */
function total(readings: readonly Reading[], measurand: string): Reading | undefined {
  const whole = best(readings, measurand, undefined);
  if (whole) return whole;
  const phases = PHASES.flatMap((phase) => best(readings, measurand, phase) ?? []);
  if (phases.length === 0) return undefined;
  return { ...phases[0]!, value: phases.reduce((sum, reading) => sum + reading.value, 0) };
}

function kilo(reading: Reading): number {
  return reading.unit?.toLowerCase().startsWith("k") ? reading.value * 1000 : reading.value;
}

function amperes(reading: Reading | undefined): number | undefined {
  if (!reading) return undefined;
  const value = reading.unit === "mA" ? reading.value / 1000 : reading.value;
  return value >= 0 && value < IMPLAUSIBLE_A ? value : undefined;
}

function voltage(readings: readonly Reading[]): number {
  const measured = best(readings, "Voltage", "L1") ?? best(readings, "Voltage", undefined);
  return measured && measured.value > 80 && measured.value < 300 ? measured.value : NOMINAL_V;
}

/** Power in W. Where the unit is missing, the currents tell whether it was W or kW (Autel sends bare numbers). */
function powerW(readings: readonly Reading[], knownA: number): number | undefined {
  const reading = total(readings, "Power.Active.Import");
  if (!reading) return undefined;
  if (reading.unit && /^k?W$/i.test(reading.unit)) return kilo(reading);
  const expectedW = knownA * voltage(readings);
  const [plain, asKilo] = [reading.value, reading.value * 1000];
  return expectedW > 0 && Math.abs(asKilo - expectedW) < Math.abs(plain - expectedW) ? asKilo : plain;
}

/** Phases that carry `eachA` when together they make `watts`; `otherwise` when that cannot be told. */
function loadedPhases(watts: number | undefined, eachA: number, volts: number, otherwise: number): number {
  if (watts === undefined || watts <= 0 || eachA <= 0) return otherwise;
  return Math.max(1, Math.min(3, Math.round(watts / (eachA * volts))));
}

function currents(readings: readonly Reading[], watts: number | undefined, phases: number): PerPhase | undefined {
  const volts = voltage(readings);
  const each = PHASES.map((phase) => amperes(best(readings, "Current.Import", phase)));
  const spread = (eachA: number, count: number): PerPhase => [eachA, count > 1 ? eachA : 0, count > 2 ? eachA : 0];
  if (each[0] !== undefined && each[1] === undefined && each[2] === undefined)
    return spread(each[0], loadedPhases(watts, each[0], volts, 1));
  if (each.some((value) => value !== undefined)) return [each[0] ?? 0, each[1] ?? 0, each[2] ?? 0];
  const whole = amperes(best(readings, "Current.Import", undefined));
  return whole === undefined ? undefined : spread(whole, loadedPhases(watts, whole, volts, phases));
}

/** The currents that were sent, added up, for telling W from kW. */
function sentCurrentA(readings: readonly Reading[]): number {
  const sum = PHASES.reduce((a, phase) => a + (amperes(best(readings, "Current.Import", phase)) ?? 0), 0);
  return sum || (amperes(best(readings, "Current.Import", undefined)) ?? 0);
}

/** What flows back, as V2X charge points tell it beside what flows in: W, A by phase. */
function givenBack(readings: readonly Reading[]) {
  const power = total(readings, "Power.Active.Export");
  const register = total(readings, "Energy.Active.Export.Register");
  const each = PHASES.map((phase) => amperes(best(readings, "Current.Export", phase)) ?? 0);
  const whole = amperes(best(readings, "Current.Export", undefined)) ?? 0;
  return {
    powerW: power ? Math.max(0, kilo(power)) : 0,
    currentA: each.some((currentA) => currentA > 0) ? each : PHASES.map(() => whole),
    ...(register && register.value >= 0 ? { exportWh: kilo(register) } : {}),
  };
}

function sampleOf(atMs: number, readings: readonly Reading[], phases: number): EvseSample | undefined {
  const inW = powerW(readings, sentCurrentA(readings));
  const inA = currents(readings, inW, phases);
  const back = givenBack(readings);
  const flowsBack = back.powerW > 0 && !(inW !== undefined && inW > 0);
  const watts = flowsBack ? -back.powerW : inW;
  const backA: PerPhase = [-back.currentA[0]!, -back.currentA[1]!, -back.currentA[2]!];
  const toldA = back.currentA.some((value) => value > 0);
  // Without its currents what flows back is a power only: zero amperes beside it would be a lie.
  const currentA = flowsBack ? (toldA ? backA : undefined) : inA;
  const energy = total(readings, "Energy.Active.Import.Register");
  const soc = readings.find((reading) => reading.measurand === "SoC" && reading.value >= 0 && reading.value <= 100);
  const offeredA = amperes(best(readings, "Current.Offered", undefined) ?? best(readings, "Current.Offered", "L1"));
  const sample: EvseSample = {
    atMs,
    ...(currentA === undefined ? {} : { currentA }),
    ...(watts === undefined ? {} : { powerW: watts }),
    ...(energy === undefined || energy.value < 0 ? {} : { energyWh: kilo(energy) }),
    ...(back.exportWh === undefined ? {} : { exportWh: back.exportWh }),
    ...(soc === undefined ? {} : { socPercent: soc.value }),
    ...(offeredA === undefined ? {} : { offeredA }),
  };
  return Object.keys(sample).length > 1 ? sample : undefined;
}

const MOST_ENTRIES = 100;
const MOST_VALUES = 200;

/**
 * Entries of a `meterValue` list. What was measured at one time belongs together, also where each value is sent by itself:
 * read alone, the current of a last phase would say that nothing flows on the others.
 */
export function entriesOf(meterValue: unknown): Fields[] {
  const entries: { timestamp: unknown; sampledValue: Fields[] }[] = [];
  for (const { timestamp, sampledValue } of listOf(meterValue, MOST_ENTRIES)) {
    const values = listOf(sampledValue, MOST_VALUES);
    const before = entries.at(-1);
    if (before && textOf(timestamp) !== undefined && before.timestamp === timestamp)
      before.sampledValue = [...before.sampledValue, ...values].slice(0, MOST_VALUES);
    else entries.push({ timestamp, sampledValue: [...values] });
  }
  return entries;
}

/**
 * Samples of a `meterValue` list, oldest first as sent; entries without a usable value are left out. `phases` is how
 * many the EVSE has, for a current that does not say of which phase it is.
 */
export function samplesOf(
  meterValue: unknown,
  clock: { readonly nowMs: number; readonly lagMs: number },
  phases: number,
): EvseSample[] {
  return entriesOf(meterValue).flatMap((entry) => {
    const readings = listOf(entry.sampledValue).flatMap((value) => readingOf(value) ?? []);
    return sampleOf(readTime(entry.timestamp, clock).atMs, readings, phases) ?? [];
  });
}
