/**
 * What the same period would have been without wattledger: uncontrolled, equal shares of what is free, and the usual
 * single rules. They know what the controller may know (the driver's word, known prices), never what really comes.
 */
import { PHASE_INDEXES, type PhaseIndex } from "../core/quantity.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { importLimitW, type Scenario, sessionPowerW, slotIndexOf } from "./scenario.ts";
import type { ScenarioTotals } from "./scenario-books.ts";
import { type Present, ScenarioSite } from "./scenario-site.ts";

const STEP_S = 5;
const PILOT_MINIMUM_A = 6;
/** A day-ahead price is known to the end of the next day, from early afternoon on; rules look so far at least. */
const LOOK_AHEAD_SLOTS = 96;

/** What a driver who says nothing is believed to need. */
interface Assumed {
  readonly energyWh: number;
  readonly stayMs: number;
}

type Wanting = Present;

/** Cars in the order in which they are served, and those that are not served now left out. */
type Rule = (wanting: readonly Wanting[], atMs: number) => readonly Wanting[];

/** Room on each circuit and phase without the cars, A, and of their sum where that is limited, W. */
interface CircuitRoom {
  readonly phasesA: number[];
  sumW: number;
}

/** By circuit id. */
type Room = Map<string, CircuitRoom>;

interface Sharing {
  readonly room: Room;
  readonly voltageV: number;
  /** What cars that do not load all phases have got of each, A, and how far that may differ; missing without such a limit. */
  readonly uneven?: { readonly givenA: [number, number, number]; readonly limitA: number };
}

function roomNow(scenario: Scenario, site: ScenarioSite, atMs: number): Room {
  const room: Room = new Map();
  const { voltageV } = scenario;
  for (const [index, { id, limitA, limitW: ownW = Number.POSITIVE_INFINITY }] of scenario.circuits.entries()) {
    const { currentA, powerW } = site.wired.meter(id);
    const limitW = index === 0 ? importLimitW(scenario, atMs) : ownW;
    room.set(id, {
      phasesA: PHASE_INDEXES.map((phase) => limitA - currentA[phase]),
      sumW: limitW - powerW[0] - powerW[1] - powerW[2],
    });
  }
  for (const { evse } of site.present().values()) {
    const own = site.wired.evseCurrentA(evse.id);
    for (const circuitId of evse.circuitPath) {
      const circuit = room.get(circuitId)!;
      for (const [index, phase] of evse.phases.entries()) circuit.phasesA[phase]! += own[index as 0 | 1 | 2];
      circuit.sumW += (own[0] + own[1] + own[2]) * voltageV;
    }
  }
  return room;
}

function sharingNow(scenario: Scenario, site: ScenarioSite, atMs: number): Sharing {
  const { voltageV, unbalanceLimitA } = scenario;
  const uneven =
    unbalanceLimitA === undefined
      ? {}
      : { uneven: { givenA: [0, 0, 0] as [number, number, number], limitA: unbalanceLimitA } };
  return { room: roomNow(scenario, site, atMs), voltageV, ...uneven };
}

function phasesOf({ evse, session }: Present) {
  return evse.phases.slice(0, Math.min(session.phases, evse.phases.length));
}

/** By how much a car may load its phases more before they differ too much from the others, A. */
function evenA(phases: readonly PhaseIndex[], { uneven }: Sharing): number {
  if (!uneven) return Number.POSITIVE_INFINITY;
  const others = PHASE_INDEXES.filter((phase) => !phases.includes(phase));
  const aboveA = phases.flatMap((phase) => others.map((other) => uneven.givenA[phase] - uneven.givenA[other]));
  return uneven.limitA - Math.max(Number.NEGATIVE_INFINITY, ...aboveA);
}

/** Left for a car on all of its circuits and phases, A. */
function roomA(entry: Present, sharing: Sharing): number {
  const { room, voltageV } = sharing;
  const phases = phasesOf(entry);
  let least = evenA(phases, sharing);
  for (const circuitId of entry.evse.circuitPath) {
    const { phasesA, sumW } = room.get(circuitId)!;
    least = Math.min(least, sumW / voltageV / phases.length);
    for (const phase of phases) least = Math.min(least, phasesA[phase]!);
  }
  return least;
}

function mostA({ evse, session }: Present): number {
  return Math.min(evse.maxCurrentA, session.maxCurrentA);
}

function take(entry: Present, { room, voltageV, uneven }: Sharing, currentA: number): void {
  const phases = phasesOf(entry);
  if (uneven) for (const phase of phases) uneven.givenA[phase] += currentA;
  for (const circuitId of entry.evse.circuitPath) {
    const circuit = room.get(circuitId)!;
    circuit.sumW -= currentA * phases.length * voltageV;
    for (const phase of phases) circuit.phasesA[phase]! -= currentA;
  }
}

/** Gives as long as anybody gets something: on another phase a car makes room for those whose phases may not differ more. */
function untilNobodyGains(order: readonly Wanting[], gains: (entry: Wanting) => boolean): void {
  let someGain = true;
  while (someGain) {
    someGain = false;
    for (const entry of order) if (gains(entry)) someGain = true;
  }
}

/** Each in turn gets all it can take of what is left. */
function inOrder(order: readonly Wanting[], sharing: Sharing): Map<string, number> {
  const given = new Map<string, number>();
  untilNobodyGains(order, (entry) => {
    const heldA = given.get(entry.evse.id) ?? 0;
    const moreA = Math.floor(Math.min(mostA(entry) - heldA, roomA(entry, sharing)));
    if (moreA < 1 || heldA + moreA < PILOT_MINIMUM_A) return false;
    take(entry, sharing, moreA);
    given.set(entry.evse.id, heldA + moreA);
    return true;
  });
  return given;
}

/** All get the minimum as far as it goes, then all one ampere more, as long as there is room. */
function equally(order: readonly Wanting[], sharing: Sharing): Map<string, number> {
  const given = new Map<string, number>();
  untilNobodyGains(order, (entry) => {
    if (given.has(entry.evse.id) || Math.min(mostA(entry), roomA(entry, sharing)) < PILOT_MINIMUM_A) return false;
    take(entry, sharing, PILOT_MINIMUM_A);
    given.set(entry.evse.id, PILOT_MINIMUM_A);
    return true;
  });
  untilNobodyGains(order, (entry) => {
    const heldA = given.get(entry.evse.id);
    if (heldA === undefined || heldA >= mostA(entry) || roomA(entry, sharing) < 1) return false;
    take(entry, sharing, 1);
    given.set(entry.evse.id, heldA + 1);
    return true;
  });
  return given;
}

function run(
  scenario: Scenario,
  rule: Rule,
  share: (order: readonly Wanting[], sharing: Sharing) => Map<string, number>,
): ScenarioTotals {
  let offered = new Map<string, number>();
  const site = new ScenarioSite(scenario, (evseId) => offered.get(evseId) ?? 0);
  for (let atMs = scenario.startMs + STEP_S * 1000; atMs <= scenario.endMs; atMs += STEP_S * 1000) {
    const wanting = [...site.present().values()].filter(({ car }) => !car.isFull);
    offered = wanting.length === 0 ? offered : share(rule(wanting, atMs), sharingNow(scenario, site, atMs));
    site.step(atMs, STEP_S);
  }
  return site.totals();
}

function assumedOf(scenario: Scenario): Assumed {
  const { defaultEnergyWh, defaultStayHours } = scenario.configuration.charging;
  return { energyWh: defaultEnergyWh, stayMs: defaultStayHours * 3_600_000 };
}

/** What the driver said, or is believed to need, and still misses, Wh; and until when. */
function believed(entry: Wanting, assumed: Assumed) {
  const { session, car, startWh } = entry;
  return {
    missingWh: (session.requestedWh ?? assumed.energyWh) - (car.energyWh - startWh),
    departureMs: session.statedDepartureMs ?? session.arrivalMs + assumed.stayMs,
  };
}

/** Everyone charges at once, whatever the fuse says: a real one would have blown. */
export function uncontrolled(scenario: Scenario): ScenarioTotals {
  return run(
    scenario,
    (wanting) => wanting,
    (order) => new Map(order.map(({ evse }) => [evse.id, evse.maxCurrentA])),
  );
}

/** Load management without a plan: what the fuses leave is split among the cars that want some. */
export function equalShares(scenario: Scenario): ScenarioTotals {
  return run(scenario, (wanting) => wanting, equally);
}

/** Who leaves first is served first. */
export function earliestDeadline(scenario: Scenario): ScenarioTotals {
  const assumed = assumedOf(scenario);
  const deadline = (entry: Wanting) => believed(entry, assumed).departureMs;
  return run(scenario, (wanting) => wanting.toSorted((a, b) => deadline(a) - deadline(b)), inOrder);
}

/** Who has the least time to spare is served first. */
export function leastLaxity(scenario: Scenario): ScenarioTotals {
  const assumed = assumedOf(scenario);
  const laxityMs = (entry: Wanting) => {
    const { missingWh, departureMs } = believed(entry, assumed);
    return departureMs - (Math.max(0, missingWh) / sessionPowerW(scenario, entry.session, entry.evse)) * 3_600_000;
  };
  return run(scenario, (wanting) => wanting.toSorted((a, b) => laxityMs(a) - laxityMs(b)), inOrder);
}

/** Price at which a car starts now: the dearest of the cheapest slots that it needs before it leaves. */
function isCheapNow(scenario: Scenario, entry: Wanting, atMs: number, assumed: Assumed): boolean {
  const { missingWh, departureMs } = believed(entry, assumed);
  const now = slotIndexOf(scenario, atMs - 1);
  const until = Math.min(now + LOOK_AHEAD_SLOTS, slotIndexOf(scenario, departureMs));
  // Beyond what the driver said, or after the said departure, there is nothing to plan: it charges.
  const slots = Math.ceil(missingWh / ((sessionPowerW(scenario, entry.session, entry.evse) * SLOT_MS) / 3_600_000));
  if (missingWh <= 0 || until - now <= slots) return true;
  const prices: { slot: number; price: number }[] = [];
  for (let slot = now; slot < until; slot++)
    prices.push({ slot, price: scenario.importEurPerKwh[slot] ?? Number.POSITIVE_INFINITY });
  prices.sort((a, b) => a.price - b.price || a.slot - b.slot);
  return prices.slice(0, slots).some(({ slot }) => slot === now);
}

/**
 * Each car in the cheapest slots that it needs by itself, blind to the others and to the sun; the fuse is shared
 * equally where they meet.
 */
export function cheapestSlots(scenario: Scenario): ScenarioTotals {
  const assumed = assumedOf(scenario);
  const decided = new Map<string, { readonly slot: number; readonly charges: boolean }>();
  const charges = (entry: Wanting, atMs: number): boolean => {
    const slot = slotIndexOf(scenario, atMs - 1);
    const last = decided.get(entry.session.id);
    if (last?.slot === slot) return last.charges;
    const next = { slot, charges: isCheapNow(scenario, entry, atMs, assumed) };
    decided.set(entry.session.id, next);
    return next.charges;
  };
  return run(scenario, (wanting, atMs) => wanting.filter((entry) => charges(entry, atMs)), equally);
}
