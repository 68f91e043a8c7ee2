/**
 * Why the plan lets a battery charge, give or hold in a slot: the limit that binds, or what its energy brings now and would bring or
 * cost in another slot. From the numbers of input and result alone, as the reasons of cars.
 */
import type { PlanBattery } from "../../core/facts/plan-facts.ts";
import { endParts } from "../../core/money/end-values.ts";
import { PHASE_INDEXES } from "../../core/quantity.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import type { BatteryReason } from "../../core/view/plan-reasons.ts";
import { exportCapW, leastSunW, slotHours } from "../input/limits.ts";
import { NEAR_W, type Question, unusedSunW } from "./explain-question.ts";
import { meanRooms } from "./explain-rooms.ts";

/** Less than that is neither room nor reserve, Wh: what whole watts of a day add up to, and more. */
const NEAR_WH = 50;
/** Prices that differ by less are the same, EUR/kWh. */
const NOISE_EUR = 2e-4;

/** A battery of a plan, and what the plan has in it after each slot, Wh. */
interface Store {
  readonly battery: PlanBattery;
  readonly powerW: readonly number[];
  readonly afterWh: readonly number[];
  readonly question: Question;
}

/** Where a kWh of the store would go, or come from: a slot, or what is left after the last. */
interface Elsewhere {
  readonly slot: number;
  /** Of a kWh in store, EUR. */
  readonly storedEur: number;
}

/** What a kWh in store brings, or forgoes, at a price outside; and what one costs, or saves, that need not come into it. */
const given = (eurPerKwh: number, { efficiency, wearEurPerKwh }: PlanBattery) =>
  eurPerKwh * efficiency - wearEurPerKwh / 2;
const taken = (eurPerKwh: number, { efficiency, wearEurPerKwh }: PlanBattery) =>
  (eurPerKwh + wearEurPerKwh / 2) / efficiency;

const rounded = (eur: number) => Math.round(eur * 1e5) / 1e5;

function storeOf(index: number, question: Question): Store {
  const { input, result } = question;
  const battery = input.batteries[index]!;
  const { powerW } = result.batteries[index]!;
  let energyWh = battery.energyWh;
  const afterWh = powerW.map((planned, slot) => {
    energyWh += slotHours(input, slot) * (planned > 0 ? planned * battery.efficiency : planned / battery.efficiency);
    return energyWh;
  });
  return { battery, powerW, afterWh, question };
}

type Limit = Pick<BatteryReason, "kind" | "circuitId" | "phase" | "peak" | "roomW" | "limitW">;

/** What a kWh more from outside costs in a slot, EUR, or what keeps it out: a charging battery loads the circuits, too. */
function moreFrom(slot: number, { input, result, ...question }: Question, charges: boolean): number | Limit {
  const sold = input.exportEurPerKwh[slot] ?? 0;
  const isSold = (result.exportW[slot] ?? 0) > NEAR_W;
  const isUnused = unusedSunW(slot, { input, result }) > NEAR_W;
  const root = charges ? question.drawn.find(({ room }) => room.isRoot) : undefined;
  for (const phase of root && input.sitePhases === 3 ? PHASE_INDEXES : root ? [0 as const] : []) {
    const roomW = (root!.room.phaseW[phase][slot] ?? 0) - (root!.phaseW[phase][slot] ?? 0);
    const { circuitId, limitA } = root!.room.circuit;
    if (roomW < NEAR_W) return { kind: "circuit", circuitId, phase, limitW: limitA * input.nominalVoltageV };
  }
  if (isUnused || isSold) return Math.min(isUnused ? 0 : sold, isSold ? sold : 0);
  const tight = meanRooms(slot, { input, result }).find(({ meanRoomW }) => meanRoomW < NEAR_W);
  if (tight) return { kind: tight.kind, limitW: tight.limitW };
  const peak = question.peakAt(slot, { moreW: NEAR_W, part: 1 });
  return peak === undefined ? (input.importEurPerKwh[slot] ?? 0) : { kind: "peak", peak };
}

/** What a kWh less from outside saves in a slot, or brings, EUR; nothing where no more may be exported. */
function lessFrom(slot: number, { input, result }: Question): number | undefined {
  if ((result.importW[slot] ?? 0) > NEAR_W) return input.importEurPerKwh[slot] ?? 0;
  const canHoldBack = (result.pvUsedW[slot] ?? 0) > leastSunW(input, slot) + NEAR_W;
  const instead = canHoldBack ? 0 : undefined;
  if ((result.exportW[slot] ?? 0) > exportCapW(input, slot) - NEAR_W) return instead;
  return Math.max(input.exportEurPerKwh[slot] ?? 0, instead ?? Number.NEGATIVE_INFINITY);
}

/** What it saves in a slot, of a kWh in store, to take less or to give more then. */
function saves(slot: number, { battery, powerW, question }: Store): number | undefined {
  const planned = powerW[slot]!;
  const outside = lessFrom(slot, question);
  if (outside === undefined) return undefined;
  if (planned > NEAR_W) return taken(outside, battery);
  return -planned < battery.maxDischargeW - NEAR_W ? given(outside, battery) : undefined;
}

/** What it costs in a slot, of a kWh in store, to give less or to take more then. */
function costs(slot: number, { battery, powerW, question }: Store): number | undefined {
  const planned = powerW[slot]!;
  const outside = moreFrom(slot, question, planned >= -NEAR_W);
  if (typeof outside !== "number") return undefined;
  if (planned < -NEAR_W) return given(outside, battery);
  return planned < battery.maxChargeW - NEAR_W ? taken(outside, battery) : undefined;
}

/** What the next kWh, or the last, of what is left at the end is worth. */
function atTheEnd({ battery, afterWh }: Store, isMore: boolean): number | undefined {
  const endWh = afterWh.at(-1) ?? battery.energyWh;
  let untilWh = Math.min(battery.minEnergyWh, battery.energyWh);
  for (const { energyWh, eurPerKwh } of endParts(battery)) {
    untilWh += energyWh;
    if (isMore ? endWh < untilWh - NEAR_WH : endWh <= untilWh + NEAR_WH) return eurPerKwh;
  }
  return undefined;
}

/** The best of all slots that a kWh more (or less) in a slot can be moved to, with the store never above full or below its reserve. */
function best(slot: number, store: Store, isMore: boolean): Elsewhere | undefined {
  const { battery, powerW, afterWh } = store;
  const hasRoom = (at: number) => afterWh[at]! < battery.capacityWh - NEAR_WH;
  const hasSome = (at: number) => afterWh[at]! > battery.minEnergyWh + NEAR_WH;
  const [mayPass, mayPassBack] = isMore ? [hasRoom, hasSome] : [hasSome, hasRoom];
  let found: Elsewhere | undefined;
  const offer = (at: number, storedEur: number | undefined) => {
    if (storedEur === undefined) return;
    const isBetter = !found || (isMore ? storedEur > found.storedEur : storedEur < found.storedEur);
    if (isBetter) found = { slot: at, storedEur };
  };
  const price = isMore ? saves : costs;
  let at = slot;
  while (at < powerW.length && mayPass(at)) {
    at++;
    offer(at, at < powerW.length ? price(at, store) : atTheEnd(store, isMore));
  }
  for (let from = slot - 1; from >= 0 && mayPassBack(from); from--) offer(from, price(from, store));
  return found;
}

/** A plan of which a battery's prices alone decide. */
function isPlain({ input, result }: Question): boolean {
  const others = input.batteries.length > 1 || input.evses.some(({ discharge }) => discharge !== undefined);
  return !others && !input.peaks && !input.ramp && result.status === "optimal";
}

type Other = Pick<BatteryReason, "otherMs" | "otherEurPerKwh" | "otherPeak">;

/** When energy goes elsewhere, at what price outside, and which month's peak it keeps down then, for people. */
function when(found: Elsewhere | undefined, { powerW, question }: Store): Other {
  if (!found) return {};
  const { input } = question;
  const otherMs = input.startMs + found.slot * SLOT_MS;
  if (found.slot >= input.slots) return { otherMs, otherEurPerKwh: rounded(found.storedEur) };
  const outside = moreFrom(found.slot, question, false);
  const eur = typeof outside === "number" ? outside : (input.importEurPerKwh[found.slot] ?? 0);
  const givenW = -(powerW[found.slot] ?? 0);
  const otherPeak = givenW > NEAR_W ? question.peakAt(found.slot, { moreW: givenW, part: 1 }) : undefined;
  return { otherMs, otherEurPerKwh: rounded(eur), ...(otherPeak === undefined ? {} : { otherPeak }) };
}

/** The first slot after one in which the battery gives (or takes); what it takes is at last left in it at the end. */
function next(slot: number, store: Store, gives: boolean): Elsewhere | undefined {
  const { powerW, question } = store;
  const at = powerW.findIndex((planned, other) => other > slot && (gives ? planned < -NEAR_W : planned > NEAR_W));
  if (at >= 0) return { slot: at, storedEur: 0 };
  const worth = gives ? atTheEnd(store, false) : undefined;
  return worth === undefined ? undefined : { slot: question.input.slots, storedEur: worth };
}

/** It is full after a slot, or is by others before it gives again: when, epoch ms. */
function fullAt(slot: number, { battery, powerW, afterWh, question }: Store): number | undefined {
  const gives = powerW.findIndex((planned, other) => other > slot && planned < -NEAR_W);
  const full = afterWh.findIndex((energyWh, at) => at >= slot && energyWh >= battery.capacityWh - NEAR_WH);
  if (full < 0 || (gives >= 0 && full >= gives)) return undefined;
  return question.input.startMs + (full + 1) * SLOT_MS;
}

/** Why it does not take more. */
function noMoreIn(slot: number, store: Store): BatteryReason {
  const { battery, powerW, question } = store;
  if (powerW[slot]! >= battery.maxChargeW - NEAR_W) return { kind: "maximum" };
  const outside = moreFrom(slot, question, true);
  const full = fullAt(slot, store);
  if (full !== undefined) return { kind: "full", fullMs: full };
  if (typeof outside !== "number") return outside;
  const isSun = (question.result.importW[slot] ?? 0) <= NEAR_W;
  return { kind: isSun && powerW[slot]! > NEAR_W ? "sun" : "enough" };
}

/** Why it does not give more. */
function noMoreOut(slot: number, store: Store): BatteryReason {
  const { battery, powerW, afterWh, question } = store;
  const { importW, exportW } = question.result;
  if (-powerW[slot]! >= battery.maxDischargeW - NEAR_W) return { kind: "maximum" };
  const beforeWh = slot === 0 ? battery.energyWh : afterWh[slot - 1]!;
  if (Math.min(beforeWh, afterWh[slot]!) <= battery.minEnergyWh + NEAR_WH) return { kind: "empty" };
  if ((importW[slot] ?? 0) <= NEAR_W && (exportW[slot] ?? 0) <= NEAR_W) return { kind: "covered" };
  if (lessFrom(slot, question) === undefined) return { kind: "export" };
  const other = best(slot, store, false);
  if (!other) return { kind: "empty" };
  const isGiven = other.slot >= question.input.slots || powerW[other.slot]! < -NEAR_W;
  if (isGiven) return { kind: other.slot > slot ? "kept" : "given", ...when(other, store) };
  const replaced = when(other, store);
  const later = when(next(slot, store, true), store);
  const nowEur = lessFrom(slot, question)!;
  // It could be had again at what is saved now: then what it is for says more.
  const isWorthMore = later.otherPeak !== undefined || (later.otherEurPerKwh ?? 0) > nowEur + NOISE_EUR;
  const isFor = replaced.otherEurPerKwh! > nowEur - NOISE_EUR && isWorthMore;
  return isFor ? { kind: "kept", ...later } : { kind: "replace", ...replaced };
}

/** Holding back: with sun that is sold or unused why it takes none, else why it gives nothing, unless it may not take what would pay. */
function holding(slot: number, store: Store): BatteryReason {
  const { battery, question } = store;
  const { input, result } = question;
  if ((result.importW[slot] ?? 0) <= NEAR_W) {
    const isLeft = (result.exportW[slot] ?? 0) > NEAR_W || unusedSunW(slot, question) > NEAR_W;
    const reason = isLeft ? noMoreIn(slot, store) : noMoreOut(slot, store);
    return reason.kind === "enough" ? { kind: "sold", ...when(best(slot, store, true), store) } : reason;
  }
  const outside = moreFrom(slot, question, true);
  const use = best(slot, store, true);
  const wouldTake = use && taken(input.importEurPerKwh[slot] ?? 0, battery) < use.storedEur - NOISE_EUR;
  return typeof outside !== "number" && wouldTake ? outside : noMoreOut(slot, store);
}

/** The import price of a slot beyond which it would do otherwise: above it give, or take less; below it give less. */
function changesAtEur(slot: number, store: Store): number | undefined {
  const eur = isPlain(store.question) ? priceThatChanges(slot, store) : undefined;
  const nowEur = store.question.input.importEurPerKwh[slot] ?? 0;
  // Where importing is paid for, burning energy pays, too. A plan within its tolerance of the best may be beyond the price already.
  const isBeyond =
    eur !== undefined && (store.powerW[slot]! < -NEAR_W ? nowEur < eur - NOISE_EUR : nowEur > eur + NOISE_EUR);
  return eur === undefined || eur < 0 || nowEur < 0 || isBeyond ? undefined : eur;
}

function priceThatChanges(slot: number, store: Store): number | undefined {
  const { battery, powerW, question } = store;
  const planned = powerW[slot]!;
  const isBought = (question.result.importW[slot] ?? 0) > NEAR_W;
  if ((question.result.exportW[slot] ?? 0) > NEAR_W) return undefined;
  if (planned < -NEAR_W) {
    // Where a limit lets no more in, it gives at any price.
    const use = typeof moreFrom(slot, question, false) === "number" ? best(slot, store, true) : undefined;
    return use && (use.storedEur + battery.wearEurPerKwh / 2) / battery.efficiency;
  }
  const other = isBought ? best(slot, store, false) : undefined;
  if (!other) return undefined;
  if (planned > NEAR_W) return other.storedEur * battery.efficiency - battery.wearEurPerKwh / 2;
  return (other.storedEur + battery.wearEurPerKwh / 2) / battery.efficiency;
}

function reasonOf(slot: number, store: Store): BatteryReason {
  const { powerW, question } = store;
  const planned = powerW[slot]!;
  const holds = Math.abs(planned) <= NEAR_W;
  const reason = holds ? holding(slot, store) : planned > 0 ? noMoreIn(slot, store) : noMoreOut(slot, store);
  const other = holds ? {} : when(next(slot, store, planned > 0), store);
  const changesAtEurPerKwh = reason.kind === "empty" ? undefined : changesAtEur(slot, store);
  const peak = planned < -NEAR_W ? question.peakAt(slot, { moreW: -planned, part: 1 }) : undefined;
  const fromGrid = planned > NEAR_W && (question.result.importW[slot] ?? 0) > NEAR_W;
  return {
    ...other,
    ...reason,
    ...(peak === undefined ? {} : { peak }),
    ...(fromGrid ? { fromGrid } : {}),
    ...priceOf(slot, question),
    ...(changesAtEurPerKwh === undefined ? {} : { changesAtEurPerKwh: rounded(changesAtEurPerKwh) }),
  };
}

/** What a kWh less from outside saves then. */
function priceOf(slot: number, question: Question): Pick<BatteryReason, "eurPerKwh"> {
  const eur = lessFrom(slot, question);
  return eur === undefined ? {} : { eurPerKwh: rounded(eur) };
}

/** The reason of each slot of each battery, in the order of the plan; none of a plan by rules, in which batteries rest whatever that costs. */
export function explainBatteries(question: Question): BatteryReason[][] {
  const { input, result } = question;
  if (result.status === "rule-based" || result.batteries.length !== input.batteries.length) return [];
  return input.batteries.map((_, index) => {
    const store = storeOf(index, question);
    return store.powerW.map((_, slot) => reasonOf(slot, store));
  });
}
