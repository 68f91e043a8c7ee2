/**
 * What the site really cost, beside what the same cars would have cost without control: charging at once, and equal
 * shares of what the fuses leave. Computed from the books alone (quarter-hours of the site and of the sessions), so that
 * everybody can check it. Sun, building and battery stay as measured; only the cars move.
 */

import { backFactor } from "../drivers/taken.ts";
import type { EvseModel, SiteModel } from "../site/site-model.ts";
import type { QuarterHour } from "../state/site-slice.ts";
import { SLOT_HOURS, SLOT_MS, slotStartMs } from "../time/slots.ts";
import { peaksOf } from "./savings-peaks.ts";
import type { Bill, Savings } from "./savings-schema.ts";

/** What of a session is asked for. */
export interface SavingsSession {
  readonly evseId: string;
  readonly startedMs: number;
  readonly endedMs?: number;
  /** By the registers where they are known. */
  readonly energyWh: number;
  /** The last week of them, and the energy of those before, Wh. */
  readonly quarterHours: readonly {
    readonly slotStartMs: number;
    readonly energyWh: number;
    readonly maxPowerW: number;
    readonly dischargedWh?: number;
  }[];
  readonly olderWh?: number;
}

export interface SavingsInput {
  readonly quarterHours: readonly QuarterHour[];
  readonly sessions: Iterable<SavingsSession>;
  /** Epoch ms; from inclusive, to exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  /** For equal shares, which need the fuses. */
  readonly site?: SiteModel;
}

interface Car {
  readonly session: SavingsSession;
  readonly endedMs: number;
  readonly energyWh: number;
  /** Most that it was seen to draw, W. */
  readonly powerW: number;
}

/** Energy by slot start, Wh. */
type Load = Map<number, number>;

const HOUR_MS = 3_600_000;

function add(load: Load, slotMs: number, wh: number): void {
  if (wh !== 0) load.set(slotMs, (load.get(slotMs) ?? 0) + wh);
}

function isWhole(known: ReadonlyMap<number, unknown>, fromMs: number, toMs: number): boolean {
  for (let slotMs = slotStartMs(fromMs); slotMs < toMs; slotMs += SLOT_MS) if (!known.has(slotMs)) return false;
  return true;
}

/** Hours of a slot in which the car was there. */
function presenceHours({ session, endedMs }: Car, slotMs: number): number {
  return Math.max(0, Math.min(endedMs, slotMs + SLOT_MS) - Math.max(session.startedMs, slotMs)) / HOUR_MS;
}

/** A car that can be moved in time: it has left, and all of its stay is in the books. */
function movable(
  session: SavingsSession,
  known: ReadonlyMap<number, QuarterHour>,
  site: SiteModel | undefined,
): Car | undefined {
  const { endedMs, quarterHours, olderWh, startedMs } = session;
  // What was given back, and charged again for it, nobody would have moved.
  const back = backFactor(site?.evseById.get(session.evseId) ?? {});
  const energyWh = quarterHours.reduce((sum, { energyWh: wh, dischargedWh = 0 }) => sum + wh - back * dischargedWh, 0);
  const powerW = Math.max(
    0,
    ...quarterHours.map(({ maxPowerW, energyWh: wh }) => Math.max(maxPowerW, wh / SLOT_HOURS)),
  );
  if (endedMs === undefined || olderWh !== undefined || energyWh <= 0 || powerW <= 0) return undefined;
  const booked = quarterHours.every(({ slotStartMs: slotMs }) => known.has(slotMs));
  return booked && isWhole(known, startedMs, endedMs) ? { session, endedMs, energyWh, powerW } : undefined;
}

/** A car that was full: there is nothing to move. */
function tookNothing({ endedMs, energyWh: tookWh, quarterHours, olderWh }: SavingsSession): boolean {
  const isNothing = quarterHours.every(({ energyWh, dischargedWh = 0 }) => energyWh === 0 && dischargedWh === 0);
  return endedMs !== undefined && tookWh <= 0 && olderWh === undefined && isNothing;
}

/** Charging at once, as fast as the car was ever seen to. */
function atOnce(cars: readonly Car[]): { readonly load: Load; readonly missingWh: number } {
  const load: Load = new Map();
  let missingWh = 0;
  for (const car of cars) {
    let leftWh = car.energyWh;
    for (let slotMs = slotStartMs(car.session.startedMs); slotMs < car.endedMs && leftWh > 0; slotMs += SLOT_MS) {
      const wh = Math.min(leftWh, car.powerW * presenceHours(car, slotMs));
      add(load, slotMs, wh);
      leftWh -= wh;
    }
    missingWh += leftWh;
  }
  return { load, missingWh };
}

interface Sharing {
  readonly car: Car;
  readonly circuits: readonly string[];
  leftWh: number;
}

/** Energy that each circuit leaves for cars in a slot, Wh; the phases together. */
function roomWh(site: SiteModel, othersWh: number): Map<string, number> {
  return new Map(
    site.circuits.map(({ id, parentId, limitA, limitW }) => {
      const mostW = Math.min(limitA * site.voltageV * site.phases, limitW ?? Number.POSITIVE_INFINITY);
      return [id, Math.max(0, mostW * SLOT_HOURS - (parentId === undefined ? othersWh : 0))];
    }),
  );
}

/** Rounds in which what one does not need goes to the others. */
const SHARE_ROUNDS = 4;

function shareSlot(present: readonly Sharing[], slotMs: number, room: Map<string, number>, load: Load): void {
  const given = new Map<Sharing, number>();
  const wantsWh = (entry: Sharing) =>
    Math.min(entry.leftWh, entry.car.powerW * presenceHours(entry.car, slotMs) - (given.get(entry) ?? 0));
  for (let round = 0; round < SHARE_ROUNDS; round++) {
    const wanting = present.filter((entry) => wantsWh(entry) > 1);
    if (wanting.length === 0) return;
    const sharers = new Map<string, number>();
    for (const { circuits } of wanting) for (const id of circuits) sharers.set(id, (sharers.get(id) ?? 0) + 1);
    const shares = wanting.map((entry) => {
      const parts = entry.circuits.map((id) => (room.get(id) ?? 0) / sharers.get(id)!);
      return { entry, wh: Math.max(0, Math.min(wantsWh(entry), ...parts)) };
    });
    for (const { entry, wh } of shares) {
      given.set(entry, (given.get(entry) ?? 0) + wh);
      entry.leftWh -= wh;
      for (const id of entry.circuits) room.set(id, (room.get(id) ?? 0) - wh);
      add(load, slotMs, wh);
    }
  }
}

interface Sharers {
  readonly cars: readonly Car[];
  readonly site: SiteModel;
  /** The quarter-hours that are known, in their order, and what others than the cars take in each. */
  readonly slots: readonly number[];
  readonly othersWh: (slotMs: number) => number;
}

/** Equal parts of what the fuses leave, the phases taken together. */
function shared({ cars, site, slots, othersWh }: Sharers) {
  const load: Load = new Map();
  const entries = cars.map((car): Sharing => {
    const evse: EvseModel | undefined = site.evseById.get(car.session.evseId);
    return { car, circuits: evse?.circuitPath ?? [site.circuits[0]!.id], leftWh: car.energyWh };
  });
  const coming = entries.toSorted((a, b) => a.car.session.startedMs - b.car.session.startedMs);
  let present: Sharing[] = [];
  let next = 0;
  // All quarter-hours of a stay are known.
  for (const slotMs of slots) {
    while (next < coming.length && coming[next]!.car.session.startedMs < slotMs + SLOT_MS)
      present.push(coming[next++]!);
    present = present.filter(({ car, leftWh }) => car.endedMs > slotMs && leftWh > 0);
    if (present.length > 0) shareSlot(present, slotMs, roomWh(site, othersWh(slotMs)), load);
  }
  return { load, missingWh: entries.reduce((sum, { leftWh }) => sum + leftWh, 0) };
}

interface Billed {
  readonly known: ReadonlyMap<number, QuarterHour>;
  readonly site: SiteModel | undefined;
}

/** The bill with `changeWh` more (or less) drawn in each slot: more uses up the export first, less the import. */
function bill({ known, site }: Billed, changeWh: (slotMs: number) => number, missingWh: number): Bill {
  const imports = new Map<number, number>();
  const sum = { costEur: 0, importWh: 0, exportWh: 0, peakW: 0 };
  let co2Grams: number | undefined;
  for (const [slotMs, quarterHour] of known) {
    const change = changeWh(slotMs);
    const fromExport = change > 0 ? Math.min(quarterHour.exportWh ?? 0, change) : 0;
    const fromImport = change < 0 ? Math.min(quarterHour.importWh!, -change) : 0;
    const importWh = quarterHour.importWh! - fromImport + Math.max(0, change - fromExport);
    const exportWh = (quarterHour.exportWh ?? 0) - fromExport + Math.max(0, -change - fromImport);
    imports.set(slotMs, importWh);
    sum.importWh += importWh;
    sum.exportWh += exportWh;
    sum.costEur += (importWh * quarterHour.importEurPerKwh! - exportWh * (quarterHour.exportEurPerKwh ?? 0)) / 1000;
    const { co2GramsPerKwh } = quarterHour;
    if (co2GramsPerKwh !== undefined) co2Grams = (co2Grams ?? 0) + (importWh / 1000) * co2GramsPerKwh;
    sum.peakW = Math.max(sum.peakW, importWh / SLOT_HOURS);
  }
  return {
    costEur: Math.round(sum.costEur * 1e4) / 1e4,
    importWh: Math.round(sum.importWh),
    exportWh: Math.round(sum.exportWh),
    peakW: Math.round(sum.peakW),
    missingWh: Math.round(missingWh),
    ...(co2Grams === undefined ? {} : { co2Kg: Math.round(co2Grams / 10) / 100 }),
    ...peaksOf(imports, site),
  };
}

/** What it drew is known, all of it, and has a price, and so has what it sold, or would have sold without the cars. */
function hasBill(quarterHour: QuarterHour): boolean {
  const { importWh, seenMs, importEurPerKwh, exportWh = 0, pvWh = 0, exportEurPerKwh } = quarterHour;
  // What cars took is booked whole by their own registers: it would be more than the part that was seen.
  if (seenMs !== undefined) return false;
  const sells = exportWh > 0 || pvWh > 0;
  return importWh !== undefined && importEurPerKwh !== undefined && (exportEurPerKwh !== undefined || !sells);
}

function batteryLife(known: Iterable<QuarterHour>, site: SiteModel | undefined) {
  let batteryDischargeWh = 0;
  for (const quarterHour of known) batteryDischargeWh += quarterHour.batteryDischargeWh ?? 0;
  const capacityWh = site?.batteries.reduce(
    (sum, { battery }) => sum + (battery ? battery.capacityWh * (1 - battery.minSocPercent / 100) : 0),
    0,
  );
  // Only where all of them wear alike can what each gave be left open.
  const wears = [...new Set(site?.batteries.map(({ battery }) => battery?.wearEurPerKwh ?? 0))];
  const wear = wears.length === 1 ? { batteryWearEur: Math.round(batteryDischargeWh * wears[0]! * 10) / 1e4 } : {};
  const cycles = capacityWh ? { batteryCycles: Math.round((100 * batteryDischargeWh) / capacityWh) / 100 } : {};
  return { batteryDischargeWh, ...cycles, ...wear };
}

/** What cars gave back in a time, and what that wore of their batteries. */
function carsLife(cars: readonly Car[], site: SiteModel | undefined) {
  let carsDischargeWh = 0;
  let wearEur = 0;
  for (const { session } of cars) {
    const givenWh = session.quarterHours.reduce((sum, { dischargedWh = 0 }) => sum + dischargedWh, 0);
    carsDischargeWh += givenWh;
    wearEur += (givenWh / 1000) * (site?.evseById.get(session.evseId)?.discharge?.wearEurPerKwh ?? 0);
  }
  return carsDischargeWh > 0 ? { carsDischargeWh, carsWearEur: Math.round(wearEur * 1e4) / 1e4 } : {};
}

/** The savings of a time. Every number can be computed again from the quarter-hours and sessions of the ledger. */
export function savings({ quarterHours, sessions, fromMs, toMs, site }: SavingsInput): Savings {
  const within = quarterHours.filter(({ slotStartMs: slotMs }) => slotMs >= fromMs && slotMs < toMs);
  const known = new Map(within.filter(hasBill).map((quarterHour) => [quarterHour.slotStartMs, quarterHour]));
  const cars: Car[] = [];
  const actual: Load = new Map();
  let sessionsLeftOut = 0;
  for (const session of sessions) {
    if (session.startedMs >= toMs || (session.endedMs ?? toMs) <= fromMs) continue;
    if (tookNothing(session)) continue;
    const car = movable(session, known, site);
    if (!car) sessionsLeftOut++;
    else {
      cars.push(car);
      for (const { slotStartMs: slotMs, energyWh, dischargedWh = 0 } of session.quarterHours)
        add(actual, slotMs, energyWh - dischargedWh);
    }
  }
  const actualWh = (slotMs: number) => actual.get(slotMs) ?? 0;
  const moved = ({ load, missingWh }: { readonly load: Load; readonly missingWh: number }) =>
    bill({ known, site }, (slotMs) => (load.get(slotMs) ?? 0) - actualWh(slotMs), missingWh);
  const othersWh = (slotMs: number) => {
    const quarterHour = known.get(slotMs)!;
    return quarterHour.importWh! - (quarterHour.exportWh ?? 0) - actualWh(slotMs);
  };
  const real = bill({ known, site }, () => 0, 0);
  const uncontrolled = moved(atOnce(cars));
  const slots = [...known.keys()].sort((a, b) => a - b);
  const equalShares = site && moved(shared({ cars, site, slots, othersWh }));
  const eur = (value: number) => Math.round(value * 1e4) / 1e4;
  const toldEmissions = [...known.values()].filter(({ co2GramsPerKwh }) => co2GramsPerKwh !== undefined).length;
  return {
    fromMs,
    toMs,
    quarterHours: known.size,
    quarterHoursLeftOut: within.length - known.size,
    ...(toldEmissions > 0 && toldEmissions < known.size ? { co2QuarterHours: toldEmissions } : {}),
    sessions: cars.length,
    sessionsLeftOut,
    movedWh: Math.round(cars.reduce((sum, { energyWh }) => sum + energyWh, 0)),
    actual: real,
    uncontrolled,
    savedEur: eur(uncontrolled.costEur - real.costEur),
    ...(equalShares ? { equalShares, savedOverEqualSharesEur: eur(equalShares.costEur - real.costEur) } : {}),
    ...batteryLife(known.values(), site),
    ...carsLife(cars, site),
  };
}
