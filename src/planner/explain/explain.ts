/**
 * Why a car gets in a slot what it gets: the limit that binds there, or the price at which the slot would be used. From the
 * numbers of input and result alone, so that any recorded plan can be asked.
 */
import type { PlanEvse, PlanInput } from "../../core/facts/plan-facts.ts";
import { PHASE_INDEXES } from "../../core/quantity.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import type { SlotReason } from "../../core/view/plan-reasons.ts";
import { carPowerW, mostPowerW, phaseShare, slotsUntilDeparture } from "../input/limits.ts";
import { unaskedWh } from "../model/shortfall.ts";
import { belowEurPerKwh } from "./explain-below.ts";
import { besideEur, lastEur, moreEur, usedSlots } from "./explain-prices.ts";
import { NEAR_W, type Plan, partOf, plannedW, type Question, stepW } from "./explain-question.ts";
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

const cents = (eur: number) => Math.round(eur * 1e5) / 1e5;

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
  const dearest = used.reduce((most, other) => (other.eur > most.eur ? other : most));
  const isDearer = dearest.eur > eurPerKwh + PRICE_NOISE_EUR && dearest.besideEur < here;
  const others = wantedEur(index, slot, stepW(index, slot, question), question);
  const isForOthers = others > 0 && eurPerKwh + here - others < dearest.eur + dearest.besideEur;
  const kind = !isDearer ? "price" : isForOthers ? "wanted" : "sooner";
  const below = belowEurPerKwh(index, slot, question);
  const says = below !== undefined && below < eurPerKwh;
  return { kind, eurPerKwh, ...(says ? { belowEurPerKwh: cents(below) } : {}) };
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
  if (givesW > 0) {
    const peak = question.peakAt(slot, { moreW: givesW, part: partOf(index, slot, question) });
    return {
      kind: "gives",
      givesW,
      eurPerKwh: cents(lastEur(slot, question)),
      ...(peak === undefined ? {} : { peak }),
    };
  }
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
