/** English. */
import { PHASE_NAMES } from "../quantity.ts";
import type { Reason } from "../reason.ts";
import { doubt } from "./en-doubts.ts";
import { partner } from "./en-partner.ts";
import { planTrouble } from "./en-plan-trouble.ts";
import type { EvseWords, LedgerDamageWords, LedgerWords, ModeWords, OperatorWords, Words } from "./words.ts";

function place(reason: Reason): string {
  const circuit =
    reason.circuitId === "grid" || reason.circuitId === undefined ? "building fuse" : `fuse ${reason.circuitId}`;
  const phase = reason.phase === undefined ? "" : ` ${PHASE_NAMES[reason.phase]}`;
  const reading =
    reason.readingA === undefined || reason.limitA === undefined
      ? ""
      : ` at ${Math.round(reason.readingA)} of ${Math.round(reason.limitA)} A`;
  const power = reason.limitW === undefined ? "" : ` at its limit of ${(reason.limitW / 1000).toFixed(1)} kW`;
  return `${circuit}${phase}${reading}${power}`;
}

function cents(eurPerKwh: number | undefined): string {
  return eurPerKwh === undefined ? "" : `${(eurPerKwh * 100).toFixed(1)} ct`;
}

/** When the plan has served a car; one that is left short is not ready. */
function servedBy({ ready, isShort, isIfStays }: EvseWords): string {
  if (ready === undefined) return "";
  if (isIfStays) return `, until ${ready} if it stays so long`;
  return isShort ? `, charges until ${ready}` : `, ready by ${ready}`;
}

function planned(evse: EvseWords): string {
  const { limitA, dischargeA, reason, until, resumes, isShort } = evse;
  const done = servedBy(evse);
  if (dischargeA !== undefined) return `gives back ${amperes(dischargeA)} as planned, where energy is dear${done}`;
  if (limitA > 0 && resumes !== undefined)
    return `goes on a moment, as cars are not switched too often; planned from ${resumes}${done}`;
  if (limitA > 0) return `as planned${done}`;
  // Currents are not changed all the time.
  if ((reason.limitA ?? 0) > 0) return `begins in a moment, as planned${done}`;
  if (until === undefined)
    return `the plan has no more for this car: ${isShort ? "no more fits before it leaves" : "what was asked for is delivered"}`;
  const { priceEurPerKwh = 0, laterEurPerKwh = Number.POSITIVE_INFINITY, soldEurPerKwh } = reason;
  if (soldEurPerKwh !== undefined)
    return `waiting: the sun is sold now (${cents(soldEurPerKwh)} per kWh), cheaper from ${until}${done}`;
  const cheaper = priceEurPerKwh - laterEurPerKwh > WORTH_EUR_PER_KWH;
  const prices = cheaper ? ` (${cents(reason.laterEurPerKwh)} instead of ${cents(reason.priceEurPerKwh)} per kWh)` : "";
  return `waiting: ${cheaper ? "cheaper" : "planned"} from ${until}${prices}${done}`;
}

/** Less is not what a car waits for: another one has the room. */
const WORTH_EUR_PER_KWH = 2e-3;

const PRICES = / \([^()]* per kWh\)/;

/** The same sentence for somebody whom the site's prices do not concern. */
export function withoutPrices(because: string): string {
  return because.replace(PRICES, "");
}

/** A meter whose last reading is younger than this answers again. */
const ANSWERS_WITHIN_S = 5;

function answersAgain({ reason, readingAgeS }: EvseWords): boolean {
  return reason.kind === "safe-mode" && readingAgeS !== undefined && readingAgeS < ANSWERS_WITHIN_S;
}

function safe(evse: EvseWords): string {
  const { reason, readingAgeS } = evse;
  const meter = reason.deviceId ?? "the meter";
  if (evse.unusable) return `the values of ${meter} cannot be used; power returns slowly when this is put right`;
  if (answersAgain(evse)) return `${meter} answers again, power returns slowly`;
  if (readingAgeS === undefined) return `no reading from ${meter} yet; power returns slowly when it answers`;
  return `no reading from ${meter} for ${readingAgeS} s; power returns slowly when it answers`;
}

/** Below it a car cannot charge (IEC 61851-1: 6 A), with a few amperes for what changes meanwhile. */
const ROOM_FOR_A_CAR_A = 9;

function isPartner({ by }: Reason): boolean {
  return by?.startsWith("partner:") === true;
}

/** A limit of power that is a partner's for the site, or a budget for all cars. */
function stated(reason: Reason): string {
  const { limitW, by } = reason;
  if (by !== undefined && isPartner(reason))
    return `a partner's limit of ${kilowatts(limitW)} for the site (${by.slice("partner:".length)})`;
  return `a budget of ${kilowatts(limitW)} for all cars${by === undefined ? "" : ` (${way(by)})`}`;
}

function paused({ reason, until }: EvseWords): string {
  if (reason.by !== undefined && (reason.budget || isPartner(reason)))
    return `paused, ${stated(reason)} leaves less than the car's minimum`;
  if (reason.by !== undefined)
    return `paused, the grid operator's ${kilowatts(reason.limitW)} (${way(reason.by)}) leave less than the car's minimum`;
  if (until !== undefined) return `paused a moment ago, goes on at ${until}: cars are not switched too often`;
  const { limitA, readingA } = reason;
  if (limitA !== undefined && readingA !== undefined && limitA - readingA >= ROOM_FOR_A_CAR_A)
    return `paused, ${place(reason)} has room again; power comes back to one car after another`;
  return `paused, ${place(reason)} leaves less than the car's minimum; it is another car's turn`;
}

function kilowatts(powerW: number | undefined): string {
  return powerW === undefined ? "less" : `${(powerW / 1000).toFixed(1)} kW`;
}

function amperes(currentA: number): string {
  return `${Math.round(currentA * 10) / 10} A`;
}

/** What the grid operator is heard of over. */
function way(by: string): string {
  if (by.startsWith("input:")) return `contact ${by.slice(6)}`;
  return by.startsWith("api") ? "API" : by.toUpperCase();
}

function operator({ reason, until }: EvseWords): string {
  const end = until === undefined ? "" : ` until ${until}`;
  const by = reason.by === undefined ? "" : ` (${way(reason.by)})`;
  return reason.failSafe
    ? `the grid operator is silent${by}: its fail-safe limit of ${kilowatts(reason.limitW)} holds${end}`
    : `the grid operator allows ${kilowatts(reason.limitW)}${by}${end}`;
}

const BECAUSE: Readonly<Record<Reason["kind"], (evse: EvseWords) => string>> = {
  circuit: ({ reason }) => `${place(reason)}, raises when other loads stop`,
  unbalance: ({ reason }) => `${PHASE_NAMES[reason.phase ?? 0]} may not be loaded more than the other phases allow`,
  "safe-mode": safe,
  offline: () => `the charge point is not connected: its safe current is kept free for it`,
  "not-obeyed": ({ reason }) =>
    `the charge point draws ${reason.readingA ?? "?"} A, more than allowed; others make room, the limit is sent again`,
  "grid-operator": operator,
  raising: ({ reason }) => `power comes back in steps, up to ${reason.limitA ?? "?"} A`,
  override: () => `full power until unplugged`,
  contract: ({ reason }) => (reason.limitW === undefined ? `the charging contract's profile` : stated(reason)),
  paused,
  plan: planned,
  solar: ({ reason }) => `follows the sun${reason.onePhase ? ", on one phase" : ""}`,
  "phase-switch": () => `pauses for a moment: it changes between one phase and all of them`,
  "fair-share": () => `no plan yet: power is shared evenly`,
  vehicle: () => `the car takes no more`,
  maximum: () => `nothing limits but the EVSE`,
  "no-transaction": ({ status }) => (status === "available" ? "no car" : "no transaction"),
};

const WITHOUT_DEFAULT = "; the charge point refuses its safe current: without the controller nothing would limit it";

function assumed({ assumedA }: EvseWords): string {
  return assumedA === undefined ? "" : `; not measured: ${amperes(assumedA)} a phase are assumed`;
}

function because(evse: EvseWords): string {
  return `${whyLimited(evse)}${assumed(evse)}${evse.withoutDefault === true ? WITHOUT_DEFAULT : ""}`;
}

function whyLimited(evse: EvseWords): string {
  const text = BECAUSE[evse.reason.kind](evse);
  const showsCurrent = evse.session && !(evse.reason.kind === "plan" && evse.limitA === 0);
  if (!showsCurrent) return text;
  const isSafe = evse.reason.kind === "safe-mode" && !answersAgain(evse);
  return `${isSafe ? "safe current " : ""}${amperes(evse.limitA)}: ${text}`;
}

const STATUS: Readonly<Record<string, string>> = {
  available: "Free",
  preparing: "Car plugged in, not started",
  finishing: "Done, cable still plugged in",
  reserved: "Reserved",
  unavailable: "Out of service",
  faulted: "Fault at the charge point",
  unknown: "Not heard of yet",
};

function doneAt({ ready, isShort, isIfStays }: EvseWords): string {
  if (ready === undefined) return "";
  return isShort || isIfStays ? `, until ${ready}` : `, ready ${ready}`;
}

function sentence(evse: EvseWords): string {
  if (!evse.online) return evse.session ? "Charging as far as we know: the charge point is offline" : "Offline";
  if (!evse.session && evse.assumedA !== undefined) return "Perhaps a car charges that is not on record";
  if (!evse.session) return STATUS[evse.status] ?? "Car plugged in";
  if (evse.charging) {
    const power = evse.powerW === undefined ? "" : ` with ${kilowatts(evse.powerW)}`;
    return `Charging${power}${doneAt(evse)}`;
  }
  if (evse.powerW !== undefined && evse.powerW < -100) return `Gives back ${kilowatts(-evse.powerW)}, as planned`;
  if (evse.limitA === 0 && evse.reason.kind === "plan" && (evse.reason.limitA ?? 0) > 0) return "About to charge";
  if (evse.limitA === 0) return evse.until === undefined ? "Paused" : `Waiting until ${evse.until}`;
  if (evse.powerW === undefined && evse.status === "charging")
    return `Charging, by the word of the charge point: how much is not measured${doneAt(evse)}`;
  return evse.status === "suspended-ev" ? "The car does not draw: full, or it waits" : "Plugged in, about to charge";
}

function operatorText({ limitW, exportLimitW, until, by, silent, controllable }: OperatorWords): string {
  const what = [
    ...(limitW === undefined ? [] : [`${kilowatts(limitW)}${controllable ? " for cars and batteries" : ""}`]),
    ...(exportLimitW === undefined ? [] : [`${kilowatts(exportLimitW)} of export`]),
  ].join(" and ");
  if (!silent) return `The grid operator allows ${what}${until === undefined ? "" : ` until ${until}`}.`;
  const holds =
    what === ""
      ? `its fail-safe limit ended${until === undefined ? "" : ` at ${until}`}, nothing of it holds`
      : `${what} hold until it is${until === undefined ? "" : `, or until ${until}`}`;
  return `The grid operator is not heard of (${way(by)}): ${holds}. Check its box, the cable and the network.`;
}

function mode(words: ModeWords): string {
  const { operator, kind, doubts = [] } = words;
  const texts = [
    ...doubts,
    ...(operator && kind === "grid-operator" ? [] : [siteText(words)]),
    ...(operator ? [operatorText(operator)] : []),
  ];
  return texts.join(" ");
}

function normalText(rising: number): string {
  if (rising === 0) return "Nothing limits the site.";
  return `Nothing limits the site; ${rising === 1 ? "one car comes" : `${rising} cars come`} up step by step.`;
}

function siteText({ word, since, kind, deviceId, circuitId, detail, unusable, rising = 0 }: ModeWords): string {
  if (word === "normal") return normalText(rising);
  if (word === "safe" && kind === "meter-absent" && unusable)
    return `Every EVSE behind ${deviceId ?? "the meter"} is at its safe current since ${since}; power returns slowly when this is put right.`;
  if (word === "safe" && kind === "meter-absent") {
    const why = detail === undefined || detail === "" ? "" : ` (${detail})`;
    return `No reading from ${deviceId ?? "the meter"} since ${since}${why}: every EVSE behind it is at its safe current. It ends when the meter answers; power then returns slowly.`;
  }
  if (word === "safe") return `Safe currents since ${since}, until the meter has answered for some seconds.`;
  if (kind === "grid-operator") return `The grid operator's limit holds, since ${since}.`;
  if (kind === "not-obeyed") return `A charge point draws more than it may since ${since}; the others make room.`;
  if (kind === "unbalance") return `The allowed difference between the phases limits charging since ${since}.`;
  const where = circuitId === undefined || circuitId === "grid" ? "The building fuse" : `The fuse of ${circuitId}`;
  return `${where} limits charging since ${since}; it ends when other loads stop.`;
}

function ledger({ since, reason, waitingFacts, lostFacts }: LedgerWords): string {
  const lost = lostFacts > 0 ? `, ${lostFacts} are lost` : "";
  const facts = waitingFacts === 1 ? "One fact waits" : `${waitingFacts} facts wait`;
  const waiting = waitingFacts + lostFacts === 0 ? "" : ` ${facts} in memory${lost}: do not switch off.`;
  return `Nothing is recorded since ${since}: ${reason.replace(/\.$/, "")}. Fuses stay protected and cars that charge go on; new transactions are taken when the disk takes them.${waiting}`;
}

function ledgerDamage({ found, reason }: LedgerDamageWords): string {
  return `The ledger is damaged, found ${found}: ${reason.replace(/\.$/, "")}. Fuses stay protected and recording goes on; what needs those facts fails, and a start may refuse them. Stop wattledger, run \`wattledger restore\` with the last backup, and replace the storage: what it did once it will do again.`;
}

export const en: Words = { because, sentence, mode, doubt, ledger, ledgerDamage, planTrouble, partner };
