/** The price of a slot below which a car would charge there, where prices alone decide. */
import { chargingHours, mostPowerW, slotsUntilDeparture } from "../input/limits.ts";
import { besideEur, besideOf, lastEur, sources, usedSlots } from "./explain-prices.ts";
import { NEAR_W, partOf, plannedW, type Question, stepMeanW, stepW } from "./explain-question.ts";
import { roomAtW } from "./explain-rooms.ts";
import { wantedEur } from "./explain-wanted.ts";

/** A plan of which the price alone decides, in a slot whose energy has one price. */
function isPlain(index: number, slot: number, question: Question): boolean {
  const { input, result } = question;
  const { discharge, preference } = input.evses[index]!;
  const stores = input.batteries.length > 0 || discharge !== undefined;
  if (stores || input.peaks || input.ramp || result.status !== "optimal") return false;
  const [first, ...others] = sources(slot, question).filter(({ mostW }) => mostW > NEAR_W);
  if (others.length > 0 && first!.mostW < stepMeanW(index, slot, question)) return false;
  // Where others take all of the sun and no more, neither price is what decides.
  const isAllSun = (result.pvUsedW[slot] ?? 0) > NEAR_W && (result.importW[slot] ?? 0) <= NEAR_W;
  if (others.length === 0 && isAllSun) return false;
  // What a driver who wants the sun pays is half sun, half grid where its least power is more than the sun.
  const isSun = (at: number) => (input.pvW[at] ?? 0) > (input.buildingW[at] ?? 0);
  const isMixed = (at: number) =>
    (preference === "green" && isSun(at)) || wantedEur(index, at, stepW(index, at, question), question) > 0;
  return !result.evses[index]!.powerW.some((powerW, at) => (powerW > 0 || at === slot) && isMixed(at));
}

/** Prices that differ by less are the same, EUR/kWh. */
const NOISE_EUR = 1e-4;

/** What a car takes of a slot at a price, and what that weighs, EUR/kWh. */
interface Part {
  readonly energyWh: number;
  readonly weighsEur: number;
}

/** What a car takes in the slots that it uses, the dearest first: bought, or of the sun. */
function usedParts(index: number, question: Question): Part[] {
  const { input, result } = question;
  const parts = result.evses[index]!.powerW.flatMap((powerW, at): Part[] => {
    if (powerW <= 0) return [];
    const hours = chargingHours(input.evses[index]!, at, input);
    const boughtW = Math.min(powerW, (result.importW[at] ?? 0) / partOf(index, at, question));
    const beside = besideOf(index, at, question, 0);
    const bought = { energyWh: boughtW * hours, weighsEur: (input.importEurPerKwh[at] ?? 0) + beside };
    const sunEur = lastEur(at, { ...question, result: { ...result, importW: [] } });
    return [bought, { energyWh: (powerW - boughtW) * hours, weighsEur: sunEur + beside }];
  });
  return parts.filter(({ energyWh }) => energyWh > 0).sort((a, b) => b.weighsEur - a.weighsEur);
}

/** What the dearest of what a car takes weighs, as much of it as it would take in a slot with its least power, EUR/kWh. */
function dearestEur(index: number, slot: number, question: Question): number {
  const evse = question.input.evses[index]!;
  const wantedWh = evse.minPowerW * chargingHours(evse, slot, question.input);
  let [leftWh, eur] = [wantedWh, 0];
  for (const { energyWh, weighsEur } of usedParts(index, question)) {
    const takenWh = Math.min(leftWh, energyWh);
    eur += takenWh * weighsEur;
    leftWh -= takenWh;
  }
  return eur / wantedWh;
}

/** EUR/kWh; missing where prices alone do not decide, or none is as low. */
export function belowEurPerKwh(index: number, slot: number, question: Question): number | undefined {
  if (!isPlain(index, slot, question)) return undefined;
  const eur = dearestEur(index, slot, question) - besideEur(index, slot, question);
  // No price is as low as what hurry weighs.
  return eur < question.leastEurPerKwh || isCrowded(index, slot, question, eur) ? undefined : eur;
}

/** At that price others would come into this slot, too, and it has no room for all. */
function isCrowded(index: number, slot: number, question: Question, eurPerKwh: number): boolean {
  const { input } = question;
  if (input.evses.length < 2) return false;
  const couldW = input.evses.reduce((sum, evse, other) => {
    const moreW = mostPowerW(evse, slot) - plannedW(other, slot, question);
    const isThere = moreW > 0 && slot < slotsUntilDeparture(evse, input);
    return isThere && (other === index || wouldCome(other, slot, question, eurPerKwh)) ? sum + moreW : sum;
  }, 0);
  return roomAtW(index, slot, question) < couldW;
}

/** It takes energy elsewhere that weighs more. */
function wouldCome(index: number, slot: number, question: Question, eurPerKwh: number): boolean {
  const hereEur = eurPerKwh + besideEur(index, slot, question);
  return usedSlots(index, question).some(({ eur, besideEur: beside }) => eur + beside > hereEur - NOISE_EUR);
}
