/**
 * Why a car gets in a slot what it gets: the limit that binds there, or the price at which the slot would be used. From the
 * numbers of input and result alone, so that any recorded plan can be asked.
 */
import type { PlanEvse, PlanInput } from "../../core/facts/plan-facts.ts";
import { PHASE_INDEXES } from "../../core/quantity.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import type { SlotReason } from "../../core/view/plan-reasons.ts";
import { carPowerW, mostPowerW, phaseShare, slotsUntilDeparture } from "../input/limits.ts";
import { carCost, greenEurPerKwh } from "../model/car-cost.ts";
import { unaskedWh } from "../model/shortfall.ts";
import {
  NEAR_W,
  once,
  type Plan,
  partOf,
  plannedW,
  type Question,
  stepMeanW,
  stepW,
  type UsedSlot,
  unusedSunW,
} from "./explain-question.ts";
import { roomsOf } from "./explain-rooms.ts";
import { wantedEur } from "./explain-wanted.ts";

/** Rounding, Wh. */
const SHORT_WH = 50;
/** Prices that differ by less are the same, EUR/kWh. */
const PRICE_NOISE_EUR = 1e-4;
/** So much more is too dear, whatever the model weighs beside the price, EUR/kWh. */
const TOO_DEAR_EUR = 1e-3;

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
  return once(question.known.moreEur, index, slot, () => stepEur(index, slot, question));
}

function stepEur(index: number, slot: number, question: Question): number {
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

/** What energy in a slot weighs beside its price, EUR/kWh. */
export function besideEur(index: number, slot: number, question: Question): number {
  const reckon = () => besideOf(index, slot, question, stepW(index, slot, question));
  return once(question.known.besideEur, index, slot, reckon);
}

/** The same of `moreW` more, or (0) of the last W. */
function besideOf(index: number, slot: number, question: Question, moreW: number): number {
  const { input, weights } = question;
  const own = carCost(input.evses[index]!, slot, { input, weights });
  return own + greenEur(index, slot, question, moreW) + wantedEur(index, slot, moreW, question);
}

const cents = (eur: number) => Math.round(eur * 1e5) / 1e5;

/** A plan of which the price alone decides, in a slot whose energy has one price. */
function isPlain(index: number, slot: number, question: Question): boolean {
  const { input, result } = question;
  const { discharge, preference } = input.evses[index]!;
  const stores = input.batteries.length > 0 || discharge !== undefined;
  if (stores || input.peaks || input.ramp || result.status !== "optimal") return false;
  const [first, ...others] = sources(slot, question).filter(({ mostW }) => mostW > NEAR_W);
  if (others.length > 0 && first!.mostW < stepMeanW(index, slot, question)) return false;
  // What a driver who wants the sun pays is half sun, half grid where its least power is more than the sun.
  const isSun = (at: number) => (input.pvW[at] ?? 0) > (input.buildingW[at] ?? 0);
  const isMixed = (at: number) =>
    (preference === "green" && isSun(at)) || wantedEur(index, at, stepW(index, at, question), question) > 0;
  return !result.evses[index]!.powerW.some((powerW, at) => (powerW > 0 || at === slot) && isMixed(at));
}

/** The slots that a car uses: what the last kWh of each costs, and what else it weighs, EUR. */
function usedSlots(index: number, question: Question): readonly UsedSlot[] {
  const known = question.usedBy.get(index);
  if (known) return known;
  const used = question.result.evses[index]!.powerW.flatMap((powerW, at) =>
    powerW > 0 ? [{ eur: lastEur(at, question), besideEur: besideOf(index, at, question, 0) }] : [],
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
  const isPrice = belowEurPerKwh >= question.leastEurPerKwh;
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
