/**
 * Why a car gets in a slot what it gets: the limit that binds there, or the price at which the slot would be used. From the
 * numbers of input and result alone, so that any recorded plan can be asked.
 */
import type { PlanEvse, PlanInput, PlanResult } from "../../core/facts/plan-facts.ts";
import { PHASE_INDEXES } from "../../core/quantity.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import type { SlotReason } from "../../core/view/plan-reasons.ts";
import { carPowerW, importCapW, mostPowerW, phaseShare, presence, slotsUntilDeparture } from "../input/limits.ts";
import { changeW, rampSteps, slotMean } from "../input/ramp.ts";
import { carCost, greenEurPerKwh } from "../model/car-cost.ts";
import { alikeValueKw, peakEur, peakIntervals, plannedDaysKw, plannedValueKw, reachedValueKw } from "../model/peaks.ts";
import { unaskedWh } from "../model/shortfall.ts";
import { type PlanWeights, planWeights } from "../model/weights.ts";
import { type Drawn, drawnOf } from "./explain-drawn.ts";
import { wantedEur } from "./explain-wanted.ts";

/** Rounding, W, and Wh. */
export const NEAR_W = 60;
const SHORT_WH = 50;
/** Mean power of an interval that matters to a peak. */
const LITTLE_W = 500;
/** A peak that costs less more costs nothing, EUR a month. */
const LEAST_EUR = 1e-3;
/** Prices that differ by less are the same, EUR/kWh. */
const PRICE_NOISE_EUR = 1e-4;
/** So much more is too dear, whatever the model weighs beside the price, EUR/kWh. */
const TOO_DEAR_EUR = 1e-3;

interface Plan {
  readonly input: PlanInput;
  readonly result: PlanResult;
}

/** More power of a car, W, and the part of a slot in which it is there. */
interface SlotStep {
  readonly moreW: number;
  readonly part: number;
}

interface UsedSlot {
  readonly eur: number;
  readonly besideEur: number;
}

/** A plan that is asked, and what is reckoned once for all its slots. */
export interface Question extends Plan {
  readonly weights: PlanWeights;
  readonly drawn: readonly Drawn[];
  /** The month's peak that such a step of a car in a slot, or a little, would make dearer. */
  readonly peakAt: (slot: number, car: SlotStep) => string | undefined;
  /** Slots that cars use, by car, as far as they were asked for. */
  readonly usedBy: Map<number, readonly UsedSlot[]>;
}

/** A plan as a question; nothing where it says nothing of its input's cars. */
export function questionOf(input: PlanInput, result: PlanResult): Question | undefined {
  if (result.evses.length !== input.evses.length) return undefined;
  // Cars with the same least power ask the same.
  const known = new Map<string, string | undefined>();
  const peakAt = (slot: number, step: SlotStep) => {
    const key = `${slot} ${step.moreW} ${step.part}`;
    if (!known.has(key)) known.set(key, raisedPeak(slot, step, { input, result }));
    return known.get(key);
  };
  return { input, result, weights: planWeights(input), drawn: drawnOf(input, result), peakAt, usedBy: new Map() };
}

/** Planned power, W. */
export function plannedW(index: number, slot: number, { result }: Question): number {
  return result.evses[index]?.powerW[slot] ?? 0;
}

/** A car that is off needs room for its least power. */
function stepW(index: number, slot: number, question: Question): number {
  return plannedW(index, slot, question) > 0 ? NEAR_W : question.input.evses[index]!.minPowerW;
}

/** Part of a slot, above 0 to 1, in which a car adds to its mean: less than 1 in that of its departure; of one that it misses all. */
function partOf(index: number, slot: number, { input }: Plan): number {
  return presence(input.evses[index]!, slot, input) || 1;
}

/** A car's step in the mean of a slot, W. */
function stepMeanW(index: number, slot: number, question: Question): number {
  return stepW(index, slot, question) * partOf(index, slot, question);
}

interface Room {
  readonly roomW: number;
  readonly reason: SlotReason;
}

const whole = (powerW: number) => Math.max(0, Math.floor(powerW));

/** What each limit on the way of a car leaves it in a slot beside what it has, W. */
function roomsOf(index: number, slot: number, question: Question): Room[] {
  const { input, result } = question;
  const { phases } = input.evses[index]!;
  const rooms = question.drawn.flatMap(({ room, phaseW, sumW }): Room[] => {
    if (!room.evses.includes(index)) return [];
    const { circuitId, limitA } = room.circuit;
    const limitW = limitA * input.nominalVoltageV;
    const byPhase = phases.map((phase): Room => {
      const roomW = ((room.phaseW[phase][slot] ?? 0) - (phaseW[phase][slot] ?? 0)) * phases.length;
      return { roomW, reason: { kind: "circuit", circuitId, phase, roomW: whole(roomW), limitW } };
    });
    if (!room.sumW) return byPhase;
    const roomW = (room.sumW[slot] ?? 0) - (sumW[slot] ?? 0);
    const left = { roomW: whole(roomW), limitW: room.sumW === input.budgetW ? room.sumW[slot]! : room.circuit.limitW! };
    if (room.sumW === input.budgetW) return [...byPhase, { roomW, reason: { kind: "budget", ...left } }];
    return [...byPhase, { roomW, reason: { kind: "circuit", circuitId, ...left } }];
  });
  const capW = importCapW(input, slot);
  const spareW = (result.exportW[slot] ?? 0) + unusedSunW(slot, question);
  const meanRoomW = capW - (result.importW[slot] ?? 0) + spareW;
  const limited: MeanRoom[] = Number.isFinite(capW) ? [{ meanRoomW, kind: "import", limitW: Math.round(capW) }] : [];
  const part = partOf(index, slot, question);
  const ofMean = [...limited, ...rampRoom(slot, question)].map(({ meanRoomW, kind, limitW }): Room => {
    const roomW = meanRoomW / part;
    return { roomW, reason: { kind, roomW: whole(roomW), limitW } };
  });
  return [...rooms, ...ofMean];
}

/** What a limit of a quarter-hour's mean leaves, W. */
interface MeanRoom {
  readonly meanRoomW: number;
  readonly kind: "import" | "ramp";
  readonly limitW: number;
}

/** What the changes into a slot and out of it leave, beside sun that the plan leaves unused. */
function rampRoom(slot: number, { input, result }: Plan): MeanRoom[] {
  if (!input.ramp) return [];
  const netW = result.importW.map((powerW, at) => powerW - (result.exportW[at] ?? 0));
  const lefts = rampSteps(input).flatMap((step) => {
    const byW = changeW(input, step, netW);
    if (step.slot === slot) return [step.mostUpW - byW];
    return step.slot === slot + 1 ? [byW + step.mostDownW] : [];
  });
  if (lefts.length === 0) return [];
  const meanRoomW = Math.min(...lefts) / slotMean(input, slot).share + unusedSunW(slot, { input, result });
  return [{ meanRoomW, kind: "ramp", limitW: input.ramp.limitW }];
}

/** Sun that the plan leaves unused, W. */
function unusedSunW(slot: number, { input, result }: Plan): number {
  return Math.max(0, Math.floor(input.pvW[slot] ?? 0) - (result.pvUsedW[slot] ?? 0));
}

/** What all limits of power leave a car in a slot beside what it has, W. */
export function roomAtW(index: number, slot: number, question: Question): number {
  const rooms = roomsOf(index, slot, question).map(({ roomW }) => roomW);
  return Math.max(0, Math.min(Number.POSITIVE_INFINITY, ...rooms));
}

function unbalanceReason(index: number, slot: number, question: Question): SlotReason | undefined {
  const { input, result } = question;
  const evse = input.evses[index]!;
  if (input.unbalanceLimitA === undefined || input.sitePhases === 1 || evse.phases.length === 3) return undefined;
  const byPhase = PHASE_INDEXES.map((phase) =>
    input.evses.reduce((sum, other, at) => {
      const planned = result.evses[at];
      return sum + (planned?.powerW[slot] ?? 0) * phaseShare(other, planned, { slot, phase });
    }, 0),
  );
  const limitW = input.unbalanceLimitA * input.nominalVoltageV;
  const moreW = stepW(index, slot, question) / evse.phases.length;
  const others = PHASE_INDEXES.filter((phase) => !evse.phases.includes(phase)).map((phase) => byPhase[phase]!);
  const phase = evse.phases.find((own) => byPhase[own]! + moreW - Math.min(...others) > limitW);
  return phase === undefined ? undefined : { kind: "unbalance", phase, limitW };
}

/** Also in slots that lie further ahead a peak leaves room for a car only where its least power fits. */
function peakReason(index: number, slot: number, question: Question): SlotReason | undefined {
  const step = { moreW: stepW(index, slot, question), part: partOf(index, slot, question) };
  const peak = question.peakAt(slot, step);
  return peak === undefined ? undefined : { kind: "peak", peak };
}

function raisedPeak(slot: number, step: SlotStep, { input, result }: Plan): string | undefined {
  const spareW = (result.exportW[slot] ?? 0) + unusedSunW(slot, { input, result });
  for (const peak of input.peaks ?? []) {
    const day = peak.days.find(({ fromSlot, toSlot }) => slot >= fromSlot && slot < toSlot);
    const interval = day && peakIntervals(peak, day, input.startMs).find(({ slots }) => slots.includes(slot));
    if (!interval) continue;
    const moreW = Math.max(step.moreW, LITTLE_W * peak.intervalSlots) * step.part - spareW;
    if (moreW <= 0) continue;
    // More import here would make the month dearer than what is reached or planned: a step that is paid is free to its end.
    const more = result.importW.map((powerW, at) => (at === slot ? powerW + moreW : powerW));
    const billedKw = (importW: readonly number[]) =>
      Math.max(reachedValueKw(peak), plannedValueKw(peak, input, importW));
    const alikeKw = (importW: readonly number[]) => alikeValueKw(peak, plannedDaysKw(peak, input, importW));
    for (const valueKw of [billedKw, alikeKw])
      if (peakEur(peak, valueKw(more)) > peakEur(peak, valueKw(result.importW)) + LEAST_EUR) return peak.name;
  }
  return undefined;
}

/** A car that must not pause would begin once more. */
function oneGoReason(index: number, slot: number, question: Question): SlotReason | undefined {
  const { input } = question;
  const evse = input.evses[index]!;
  if (evse.mayPause || slot >= input.binarySlots || plannedW(index, slot, question) > 0) return undefined;
  let begins = 0;
  let before = evse.chargingNow;
  for (let at = 0; at < input.binarySlots; at++) {
    const on = at === slot || plannedW(index, at, question) > 0;
    if (on && !before) begins++;
    before = on;
  }
  return begins > (evse.chargingNow ? 0 : 1) ? { kind: "one-go" } : undefined;
}

/** What more energy in a slot is taken from, the cheapest first: sun that is exported (paid for or not), sun left unused, the grid. */
function sources(
  slot: number,
  { input, result }: Plan,
): readonly { readonly eurPerKwh: number; readonly mostW: number }[] {
  const exported = { eurPerKwh: input.exportEurPerKwh[slot] ?? 0, mostW: result.exportW[slot] ?? 0 };
  const unused = { eurPerKwh: 0, mostW: unusedSunW(slot, { input, result }) };
  const bought = { eurPerKwh: input.importEurPerKwh[slot] ?? 0, mostW: Number.POSITIVE_INFINITY };
  return [...[exported, unused].sort((a, b) => a.eurPerKwh - b.eurPerKwh), bought];
}

/** What a kWh more costs in a slot, EUR: from the sun what it would have earned or cost, else what it is bought for. */
export function moreEur(index: number, slot: number, question: Question): number {
  const moreW = stepMeanW(index, slot, question);
  let [leftW, eur] = [moreW, 0];
  for (const { eurPerKwh, mostW } of sources(slot, question)) {
    const takenW = Math.min(leftW, mostW);
    eur += takenW * eurPerKwh;
    leftW -= takenW;
  }
  return eur / moreW;
}

/** What the last kWh of a slot costs, EUR. */
function lastEur(slot: number, { input, result }: Question): number {
  if ((result.importW[slot] ?? 0) > 0) return input.importEurPerKwh[slot] ?? 0;
  const sold = input.exportEurPerKwh[slot] ?? 0;
  if (sold < 0 && (result.exportW[slot] ?? 0) > 0) return sold;
  return unusedSunW(slot, { input, result }) > NEAR_W ? 0 : Math.max(0, sold);
}

/** What a driver who wants the sun pays beside the price for what `moreW` more (0: the last W) takes of the grid, EUR/kWh. */
function greenEur(index: number, slot: number, { input, result }: Question, moreW: number): number {
  if (input.evses[index]!.preference !== "green") return 0;
  const sunW = Math.max(0, (input.pvW[slot] ?? 0) - (input.buildingW[slot] ?? 0));
  const greenW = input.evses.reduce((sum, evse, at) => {
    const powerW = evse.preference === "green" ? (result.evses[at]?.powerW[slot] ?? 0) : 0;
    return sum + powerW * partOf(at, slot, { input, result });
  }, 0);
  if (moreW === 0) return greenW > sunW ? greenEurPerKwh(input, slot) : 0;
  const meanW = moreW * partOf(index, slot, { input, result });
  const boughtW = Math.max(0, greenW + meanW - Math.max(sunW, greenW));
  return (greenEurPerKwh(input, slot) * boughtW) / meanW;
}

/** What energy in a slot weighs beside its price, EUR/kWh: of `moreW` more, or of the last W. */
export function besideEur(
  index: number,
  slot: number,
  question: Question,
  moreW = stepW(index, slot, question),
): number {
  const { input, weights } = question;
  const own = carCost(input.evses[index]!, slot, { input, weights });
  return own + greenEur(index, slot, question, moreW) + wantedEur(index, slot, moreW, question);
}

const cents = (eur: number) => Math.round(eur * 1e5) / 1e5;

/** A plan of which the price alone decides, in a slot whose energy has one price. */
function isPlain(index: number, slot: number, question: Question): boolean {
  const { input, result } = question;
  const [first, ...others] = sources(slot, question).filter(({ mostW }) => mostW > NEAR_W);
  const isOnePrice = others.length === 0 || first!.mostW >= stepMeanW(index, slot, question);
  // What a driver who wants the sun pays is half sun, half grid where its least power is more than the sun.
  const isSun = (at: number) => (input.pvW[at] ?? 0) > (input.buildingW[at] ?? 0);
  const takes = result.evses[index]!.powerW.map((powerW, at) => powerW > 0 || at === slot);
  const isMixed = input.evses[index]!.preference === "green" && takes.some((does, at) => does && isSun(at));
  const isWanted = takes.some((does, at) => does && wantedEur(index, at, stepW(index, at, question), question) > 0);
  const stores = input.batteries.length > 0 || input.evses[index]!.discharge !== undefined;
  return !stores && !input.peaks && !input.ramp && result.status === "optimal" && isOnePrice && !isMixed && !isWanted;
}

/** The slots that a car uses: what the last kWh of each costs, and what else it weighs, EUR. */
function usedSlots(index: number, question: Question): readonly UsedSlot[] {
  const known = question.usedBy.get(index);
  if (known) return known;
  const used = question.result.evses[index]!.powerW.flatMap((powerW, at) =>
    powerW > 0 ? [{ eur: lastEur(at, question), besideEur: besideEur(index, at, question, 0) }] : [],
  );
  question.usedBy.set(index, used);
  return used;
}

/** A slot without which the car gets all that it needs for less: what else binds there keeps it from nothing. */
function isTooDear(index: number, slot: number, question: Question): boolean {
  if (plannedW(index, slot, question) > 0 || isShort(index, question)) return false;
  const used = usedSlots(index, question);
  const hereEur = moreEur(index, slot, question) + besideEur(index, slot, question);
  return used.length > 0 && used.every(({ eur, besideEur: more }) => eur + more < hereEur - TOO_DEAR_EUR);
}

/** Its need is met in other slots: because they cost less, others probably want the room here, or sooner counts more than the price. */
function elsewhereReason(index: number, slot: number, question: Question): SlotReason {
  const { input } = question;
  const used = usedSlots(index, question);
  const eurPerKwh = cents(moreEur(index, slot, question));
  const here = besideEur(index, slot, question);
  const belowEurPerKwh = cents(Math.max(...used.map((other) => other.eur + other.besideEur)) - here);
  const dearest = used.reduce((most, other) => (other.eur > most.eur ? other : most));
  const isDearer = dearest.eur > eurPerKwh + PRICE_NOISE_EUR && dearest.besideEur < here;
  const others = wantedEur(index, slot, stepW(index, slot, question), question);
  const isForOthers = others > 0 && eurPerKwh + here - others < dearest.eur + dearest.besideEur;
  const kind = !isDearer ? "price" : isForOthers ? "wanted" : "sooner";
  // No price is as low as what hurry weighs.
  const isPrice = belowEurPerKwh >= Math.min(0, ...input.importEurPerKwh, ...input.exportEurPerKwh);
  const says = isPlain(index, slot, question) && isPrice && belowEurPerKwh < eurPerKwh;
  return { kind, eurPerKwh, ...(says ? { belowEurPerKwh } : {}) };
}

function isShort(index: number, { input, result }: Plan): boolean {
  return result.evses[index]!.shortfallWh - unaskedWh(input.evses[index]!) > SHORT_WH;
}

function priceReason(index: number, slot: number, question: Question): SlotReason {
  const { powerW } = question.result.evses[index]!;
  const takesElsewhere = powerW.some((planned, at) => planned > 0 && at !== slot);
  if (plannedW(index, slot, question) > 0 || !takesElsewhere)
    return { kind: isShort(index, question) ? "untried" : "met" };
  return isShort(index, question) ? { kind: "untried" } : elsewhereReason(index, slot, question);
}

/** Who is announced can take nothing before the first whole quarter-hour after coming, nor in the one that runs. */
function isAbsent({ visitId, connectedSinceMs }: PlanEvse, slot: number, { startMs }: PlanInput): boolean {
  return visitId !== undefined && (slot === 0 || startMs + slot * SLOT_MS < connectedSinceMs);
}

/** The limit that leaves a car no more in a slot, or not its least power. */
function limitReason(index: number, slot: number, question: Question): SlotReason | undefined {
  const needsW = stepW(index, slot, question);
  const tight = roomsOf(index, slot, question).find(({ roomW }) => roomW < needsW);
  if (tight) return tight.reason;
  const limit = unbalanceReason(index, slot, question) ?? oneGoReason(index, slot, question);
  return limit ?? peakReason(index, slot, question);
}

/** The reason of one slot of one car. */
export function reasonAt(index: number, slot: number, question: Question): SlotReason {
  const { input } = question;
  const evse: PlanEvse = input.evses[index]!;
  const powerW = plannedW(index, slot, question);
  if (slot >= slotsUntilDeparture(evse, input)) return { kind: "gone" };
  if (isAbsent(evse, slot, input)) return { kind: "absent" };
  const givesW = question.result.evses[index]?.dischargeW?.[slot] ?? 0;
  if (givesW > 0) return { kind: "gives", givesW, eurPerKwh: cents(lastEur(slot, question)) };
  if (evse.energyNeededWh <= 0) return { kind: "met" };
  const mostW = mostPowerW(evse, slot);
  if (mostW < carPowerW(evse, slot) && powerW >= mostW - NEAR_W) return { kind: "ceiling", limitW: Math.round(mostW) };
  if (powerW >= mostW - NEAR_W) return { kind: carPowerW(evse, slot) < evse.maxPowerW ? "believed" : "maximum" };
  const limit = limitReason(index, slot, question);
  if (!limit) return priceReason(index, slot, question);
  if (!isTooDear(index, slot, question)) return limit;
  const { belowEurPerKwh: _, ...dear } = elsewhereReason(index, slot, question);
  return dear;
}
