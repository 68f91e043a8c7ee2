/**
 * What a month's peak leaves a car in the slots without a yes-or-no. A linear model lets it trickle there below its least
 * power; a plan that believes so puts the car off below the peak that is reached, and so does each next one until it is gone.
 * A peak of so many kW has room for a car only in intervals in which its least power fits: that bounds its energy there.
 */
import type { PlanEvse, PlanInput, PlanPeak } from "../../core/facts/plan-facts.ts";
import { SLOT_HOURS } from "../../core/time/slots.ts";
import { chargingHours, mostEnergyWh, mostPowerW, slotHours } from "../input/limits.ts";
import { type LinearTerm, type ModelBuilder, term } from "./linear-model.ts";
import type { EvseLayout } from "./model-evse.ts";
import { type PeakInterval, peakIntervals } from "./peaks.ts";

const KILO = 1000;
/** Less is rounding, kW or kWh. */
const NEAR = 1e-6;

export interface TrickleContext {
  readonly input: PlanInput;
  readonly evses: readonly EvseLayout[];
  /** So many kW a planned one counts in a peak. */
  readonly margin: number;
}

/** The variable of a peak or of a day's highest, the days that it is of, and what it is at least. */
export interface TrickleBelow {
  readonly name: string;
  readonly peak: PlanPeak;
  readonly days: PlanPeak["days"];
  readonly value: number;
  readonly reachedKw: number;
}

/** An interval with a car in it: what it counts without the car, by kWh of the car, and what the car takes there. */
interface Meeting {
  readonly bareKw: number;
  readonly kwPerKwh: number;
  readonly leastKwh: number;
  readonly mostKwh: number;
}

/** A peak of so many kW, and the car's energy for which it has room. */
interface Corner {
  readonly kw: number;
  readonly kwh: number;
}

/** What the others import in a slot at least, kW; below zero where sun, battery or another car can carry some. */
function leastOthersKw(input: PlanInput, slot: number, index: number): number {
  const storedW = input.batteries.reduce((sum, { maxDischargeW }) => sum + maxDischargeW, 0);
  const carsW = input.evses.reduce(
    (sum, { discharge }, at) => sum + (at === index ? 0 : (discharge?.maxPowerW ?? 0)),
    0,
  );
  return ((input.buildingW[slot] ?? 0) - (input.pvW[slot] ?? 0) - storedW - carsW) / KILO;
}

/** What an interval counts with nothing of a car but what the others import at least, and with each kWh of the car, kW. */
function counted(interval: PeakInterval, index: number, { peak }: TrickleBelow, { input, margin }: TrickleContext) {
  const { slots, weight, contractedKw, beforeWh } = interval;
  const hours = peak.intervalSlots * SLOT_HOURS;
  const othersKwh = slots.reduce((sum, slot) => sum + leastOthersKw(input, slot, index) * slotHours(input, slot), 0);
  const kwPerKwh = (margin * weight) / hours;
  return { bareKw: kwPerKwh * othersKwh + weight * (beforeWh / KILO / hours - contractedKw), kwPerKwh };
}

function leastKwOf({ minPowerW, onePhase }: PlanEvse): number {
  return Math.min(minPowerW, onePhase?.minPowerW ?? minPowerW) / KILO;
}

/** Whether a slot has no yes-or-no of a car that may charge in it. */
function isLater(slot: number, index: number, { input, evses }: TrickleContext): boolean {
  return slot >= input.binarySlots && slot < evses[index]!.power.length;
}

function meetingOf(
  interval: PeakInterval,
  index: number,
  below: TrickleBelow,
  context: TrickleContext,
): Meeting | undefined {
  const { input } = context;
  const evse = input.evses[index]!;
  const hours = interval.slots
    .filter((slot) => isLater(slot, index, context))
    .map((slot) => [slot, chargingHours(evse, slot, input)] as const);
  const mostKwh = hours.reduce((sum, [slot, hour]) => sum + (mostPowerW(evse, slot) / KILO) * hour, 0);
  if (mostKwh < NEAR) return undefined;
  const leastKwh = Math.min(mostKwh, ...hours.map(([, hour]) => leastKwOf(evse) * hour));
  return { ...counted(interval, index, below, context), leastKwh, mostKwh };
}

const peakAt = ({ bareKw, kwPerKwh }: Meeting, kwh: number) => Math.max(0, bareKw + kwPerKwh * kwh);

/** The energy for which a peak of `kw` has room, kWh. */
function roomKwh(meetings: readonly Meeting[], kw: number): number {
  return meetings.reduce((sum, { bareKw, kwPerKwh, leastKwh, mostKwh }) => {
    const kwh = Math.min(mostKwh, (kw - bareKw) / kwPerKwh);
    return kwh < leastKwh - NEAR ? sum : sum + kwh;
  }, 0);
}

const slope = (from: Corner, to: Corner) => (to.kwh - from.kwh) / (to.kw - from.kw);

/** The lowest peak from `lowKw` to `highKw`, which has the room, that has it, kW. */
function leastPeakKw(meetings: readonly Meeting[], kwh: number, [lowKw, highKw]: readonly [number, number]): number {
  let [low, high] = [lowKw, highKw];
  while (high - low > NEAR) {
    const middle = (low + high) / 2;
    if (roomKwh(meetings, middle) >= kwh) high = middle;
    else low = middle;
  }
  return high;
}

/** Corners of the lowest concave line that is nowhere below the room, from `fromKw` to where the car has all it wants. */
function cornersOf(meetings: readonly Meeting[], fromKw: number, wantedKwh: number): Corner[] {
  const peaksKw = meetings.flatMap((meeting) => [peakAt(meeting, meeting.leastKwh), peakAt(meeting, meeting.mostKwh)]);
  const rising = peaksKw.filter((kw) => kw > fromKw + NEAR).sort((a, b) => a - b);
  const corners: Corner[] = [{ kw: fromKw, kwh: roomKwh(meetings, fromKw) }];
  let belowKw = fromKw;
  for (const kw of rising) {
    if (kw < belowKw + NEAR) continue;
    const room = roomKwh(meetings, kw);
    const corner =
      room < wantedKwh ? { kw, kwh: room } : { kw: leastPeakKw(meetings, wantedKwh, [belowKw, kw]), kwh: wantedKwh };
    while (corners.length > 1 && slope(corners.at(-2)!, corner) >= slope(corners.at(-2)!, corners.at(-1)!))
      corners.pop();
    corners.push(corner);
    if (room >= wantedKwh) break;
    belowKw = kw;
  }
  return corners;
}

/** Bounds each car whose energy does not fit later below what is reached, or must be reached without it. */
export function addTrickle(build: ModelBuilder, below: TrickleBelow, context: TrickleContext): void {
  const { input, evses } = context;
  const intervals = below.days.flatMap((day) => peakIntervals(below.peak, day, input.startMs));
  const counting = new Set(intervals.flatMap(({ slots }) => slots));
  for (const [index, evse] of input.evses.entries()) {
    // What a car gives back in between it may take again.
    const wantedKwh = evse.discharge ? Number.POSITIVE_INFINITY : mostEnergyWh(evse) / KILO;
    const meetings = intervals.flatMap((interval) => meetingOf(interval, index, below, context) ?? []);
    const bareKw = intervals.map((interval) => counted(interval, index, below, context).bareKw);
    const fromKw = Math.max(below.reachedKw, ...bareKw);
    if (meetings.length === 0 || roomKwh(meetings, fromKw) >= wantedKwh) continue;
    const name = `${below.name}c${index}`;
    const energy = build.variable(name, { upper: Number.POSITIVE_INFINITY });
    const drawn = evses[index]!.power.flatMap((variable, slot): LinearTerm[] =>
      counting.has(slot) && isLater(slot, index, context) ? [term(variable, -chargingHours(evse, slot, input))] : [],
    );
    build.row(`${name}sum`, { lower: 0, upper: 0 }, [term(energy, 1), ...drawn]);
    const corners = cornersOf(meetings, fromKw, wantedKwh);
    for (const [at, to] of corners.slice(1).entries()) {
      const from = corners[at]!;
      const steepness = slope(from, to);
      build.row(`${name}_${at}`, { upper: from.kwh - steepness * from.kw }, [
        term(energy, 1),
        term(below.value, -steepness),
      ]);
    }
  }
}
