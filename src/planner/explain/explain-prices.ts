/** What energy costs a car in a slot of a plan, and what it weighs beside that. */
import { carCost, greenEurPerKwh } from "../model/car-cost.ts";
import {
  NEAR_W,
  once,
  type Plan,
  partOf,
  type Question,
  stepMeanW,
  stepW,
  type UsedSlot,
  unusedSunW,
} from "./explain-question.ts";
import { wantedEur } from "./explain-wanted.ts";

/** What more energy in a slot is taken from, the cheapest first: sun that is exported (paid for or not), sun left unused, the grid. */
export function sources(
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
export function lastEur(slot: number, { input, result }: Question): number {
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
export function besideOf(index: number, slot: number, question: Question, moreW: number): number {
  const { input, weights } = question;
  const own = carCost(input.evses[index]!, slot, { input, weights });
  return own + greenEur(index, slot, question, moreW) + wantedEur(index, slot, moreW, question);
}

/** The slots that a car uses: what the last kWh of each costs, and what else it weighs, EUR. */
export function usedSlots(index: number, question: Question): readonly UsedSlot[] {
  const known = question.usedBy.get(index);
  if (known) return known;
  const used = question.result.evses[index]!.powerW.flatMap((powerW, at) =>
    powerW > 0 ? [{ eur: lastEur(at, question), besideEur: besideOf(index, at, question, 0) }] : [],
  );
  question.usedBy.set(index, used);
  return used;
}
