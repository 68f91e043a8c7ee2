/** Follows the plan with the batteries that may be controlled, never against the fuse. */
import type { SiteDraft } from "../../facts/index.ts";
import { exportLimitInForce } from "../../limits/grid-limit.ts";
import { contextLimitInForce } from "../../market/context.ts";
import { clamp } from "../../quantity.ts";
import { GRID_CIRCUIT_ID } from "../../site/site.ts";
import type { CircuitView } from "../circuits/circuits.ts";
import { mostFeedInA } from "../circuits/feed-in.ts";
import type { OperatorLimit } from "../circuits/operator.ts";
import type { BatteryCommand, ControlInput } from "../control.ts";
import type { BatteryMemory, ControlMemory, HeldSunMemory } from "../memory.ts";
import {
  BATTERY_CHANGE_W,
  BATTERY_FACT_MS,
  BATTERY_FACT_W,
  BATTERY_FIRST_MS,
  BATTERY_FIRST_UP_TO,
  BATTERY_FOLLOW_MS,
  BATTERY_LEASE_MS,
  BATTERY_RENEW_MS,
  INTERVENTION_OVER_MS,
} from "../thresholds.ts";
import { planInForce } from "../wishes/plan-current.ts";
import { type BatteryFlow, batteryFlow, mostInW, mostOutW } from "./battery-flow.ts";
import { type BatteryRole, batteryRole, powerInRole } from "./battery-role.ts";
import { heldSun } from "./held-sun.ts";

type BatteryDevice = ControlInput["site"]["batteries"][number];

interface Wanted {
  readonly powerW: number | undefined;
  readonly reason: string;
  /** What it gives beyond that until the cars have made room for what others would take instead, W. */
  readonly heldW?: number;
  /** It changes with the meter: not each change is a fact. */
  readonly follows?: boolean;
  readonly heldSun?: HeldSunMemory | undefined;
}

/** The state of the site as far as batteries care. */
export interface GridForBatteries {
  /** Of all circuits, the grid connection first. */
  readonly views: readonly CircuitView[];
  /** Least current that is free after the cars, A per phase, by circuit; missing without cars. */
  readonly freeA: ReadonlyMap<string, number>;
  /** What the cars leave at the grid connection for batteries that are to give less, A per phase; not part of what is free. */
  readonly reservedA: number;
  readonly operator: OperatorLimit | undefined;
}

/** What the batteries before it were told in this tick beyond what they surely do, W: so much is left to the next. */
interface Told {
  readonly moreW: number;
  readonly lessW: number;
}

function toldAfter({ moreW, lessW }: Told, flow: BatteryFlow, powerW: number | undefined): Told {
  if (powerW === undefined) return { moreW, lessW };
  const { nowW, leastInW, leastOutW } = flow;
  return {
    moreW: moreW + Math.max(0, powerW - leastInW - Math.min(0, nowW)),
    lessW: lessW + Math.min(0, powerW - leastOutW - Math.max(0, nowW)),
  };
}

function highestA(view: CircuitView): number | undefined {
  return view.currentA && Math.max(...view.currentA);
}

function chargingW(input: ControlInput): number {
  let powerW = 0;
  for (const device of input.site.batteries) {
    if (device.battery?.control) powerW += Math.max(0, input.image.batteries.get(device.id)?.powerW ?? 0);
  }
  return powerW;
}

/**
 * A charging battery is cut before cars are: what it takes off each phase within seconds, A. Only for a small overload
 * that a fuse bears easily, and only for those seconds: whether the battery loads all phases alike is not known.
 */
export function batteryRelief(
  input: ControlInput,
  view: CircuitView,
  memory: ControlMemory,
): { readonly reliefA: number; readonly cutMonoMs?: number } {
  const { monoMs } = input.image;
  const before = memory.batteryCutMonoMs;
  const reading = highestA(view) ?? 0;
  const over = reading > view.limitA;
  const keeps = before !== undefined && (over || monoMs - before < INTERVENTION_OVER_MS);
  const powerW = chargingW(input);
  const cutMonoMs = keeps ? before : over && powerW > 0 ? monoMs : undefined;
  if (cutMonoMs === undefined) return { reliefA: 0 };
  const waits = over && monoMs - cutMonoMs < BATTERY_FIRST_MS && reading <= view.limitA * BATTERY_FIRST_UP_TO;
  return { reliefA: waits ? powerW / (input.site.voltageV * input.site.phases) : 0, cutMonoMs };
}

/** More than its even part: a battery may stand on one phase, and what is left of it in the end is small. */
const RELEASE_MARGIN_A = 1;

/** What cars leave for batteries that are to give less, and cannot before there is room, A on each phase. */
export function reservedForRelease({ site }: ControlInput, memory: ControlMemory): number {
  let heldW = 0;
  for (const battery of memory.batteries.values()) heldW += battery.heldW ?? 0;
  return heldW > 0 ? heldW / (site.voltageV * site.phases) + RELEASE_MARGIN_A : 0;
}

const ROLE_WORDS: Readonly<Record<BatteryRole["kind"], string>> = {
  own: "plan: the battery follows the site by itself",
  follow: "plan: the battery follows the meter within what is planned",
  set: "plan",
};

/** What the plan wants of it; where nobody knows what flows, the planned average. */
function planned(input: ControlInput, device: BatteryDevice, view: CircuitView, before?: BatteryMemory): Wanted {
  const plan = planInForce(input);
  const role = plan && batteryRole(plan, input, device);
  if (!role) return { powerW: undefined, reason: "no plan: the battery runs by itself" };
  const reading = input.image.batteries.get(device.id);
  const reason = ROLE_WORDS[role.kind];
  if (role.kind !== "follow" || view.powerW === undefined) return { powerW: powerInRole(role, 0, 0), reason };
  const last = before?.reason === reason ? before : undefined;
  const settles = last?.powerW !== undefined && input.image.monoMs - last.changedMonoMs < BATTERY_FOLLOW_MS;
  const { coverW, absorbW, absorbHeldW } = role;
  if (settles) {
    const powerW = clamp(last.powerW!, -coverW, Math.max(absorbW, absorbHeldW));
    return { powerW, reason, follows: true, heldSun: before?.heldSun };
  }
  const flow = { gridW: view.powerW, nowW: reading?.powerW ?? 0 };
  const held = heldSun(input, flow, before?.heldSun);
  const heldW = Math.min(held.powerW ?? Number.NEGATIVE_INFINITY, absorbHeldW);
  const powerW = Math.max(powerInRole(role, flow.gridW, flow.nowW)!, heldW);
  return { powerW, reason, follows: true, heldSun: held.memory };
}

interface Grid extends GridForBatteries {
  readonly view: CircuitView;
  /** Nested circuits between the battery and the grid connection. */
  readonly nested: readonly CircuitView[];
  readonly told: Told;
  readonly flow: BatteryFlow;
}

function nestedAbove(device: BatteryDevice, views: readonly CircuitView[]): CircuitView[] {
  const above: CircuitView[] = [];
  let id: string | undefined = device.circuit;
  while (id !== undefined && id !== GRID_CIRCUIT_ID) {
    const view = views.find(({ circuitId }) => circuitId === id);
    if (view) above.push(view);
    id = view?.index.circuit.parentId;
  }
  return above;
}

/**
 * A circuit without a meter: its worst load, the battery included, is left to it anyway. What flows back there is what
 * everything that feeds in can at most; batteries share what the sun leaves.
 */
function unseenBounds({ site }: ControlInput, device: BatteryDevice, { circuitId, limitA }: CircuitView): Bounds {
  const isBattery = ({ battery }: BatteryDevice) => battery?.control === true;
  const leftA = Math.max(0, limitA - mostFeedInA(site, circuitId, (other) => !isBattery(other)));
  const batteriesA = mostFeedInA(site, circuitId, isBattery);
  const part = batteriesA <= leftA ? 1 : leftA / batteriesA;
  return {
    lowestW: -part * device.battery!.maxDischargeW,
    highestW: Number.POSITIVE_INFINITY,
    reason: `the fuse of ${circuitId}, which has no meter`,
  };
}

function isOver(view: CircuitView): boolean {
  return (highestA(view) ?? 0) > view.limitA;
}

/** Free on the fullest phase, also on those without cars, A; nothing where nobody knows. */
function freeAt({ freeA }: GridForBatteries, view: CircuitView): number {
  const unusedA = view.currentA ? view.limitA - Math.max(...view.currentA) : 0;
  return Math.min(freeA.get(view.circuitId) ?? unusedA, unusedA);
}

function wanted(input: ControlInput, device: BatteryDevice, grid: Grid, before?: BatteryMemory): Wanted {
  const { view } = grid;
  if (view.quality === "absent")
    return { powerW: undefined, reason: "the grid meter does not answer: the battery runs by itself" };
  const want = planned(input, device, view, before);
  const { powerW } = want;
  const nowW = input.image.batteries.get(device.id)?.powerW ?? 0;
  if (isOver(view) && nowW > 0)
    return { powerW: 0, reason: "the grid connection is overloaded: charging the battery stops first" };
  const overloaded = nowW > 0 ? grid.nested.find((at) => at.metered && isOver(at)) : undefined;
  if (overloaded) return { powerW: 0, reason: `${overloaded.circuitId} is overloaded: charging the battery stops` };
  if (powerW === undefined) return want;
  if (powerW < 0 && view.currentA && Math.min(...view.currentA) <= -view.limitA)
    return { powerW: 0, reason: "the grid connection is full of export: the battery does not discharge" };
  const bounds = boundsOf(input, device, grid);
  const reason = bounds.find((bound) => powerW < bound.lowestW || powerW > bound.highestW)?.reason;
  const within = bounds.reduce((power, { lowestW, highestW }) => clamp(power, lowestW, highestW), powerW);
  const releasedW = releasedTo(input, grid, nowW);
  const held = within > releasedW ? { reason: RELEASES, heldW: within - releasedW } : {};
  return {
    ...want,
    // Never -0: it would come back from the ledger as another number.
    powerW: Math.round(Math.min(within, releasedW)) + 0,
    ...(reason === undefined || reason === "plan" ? {} : { reason }),
    ...held,
  };
}

const RELEASES = "the grid connection has no room yet for what the battery gives: it gives less as others take less";

/**
 * The least discharge that leaves the fuse whole, W: what a battery gives no more is taken from the grid at once, all of it on
 * one phase for all we know.
 */
function releasedTo({ site }: ControlInput, grid: Grid, nowW: number): number {
  const { view, freeA, reservedA, told } = grid;
  if (nowW > -BATTERY_CHANGE_W || !view.currentA) return Number.POSITIVE_INFINITY;
  const leftA = (freeA.get(view.circuitId) ?? Number.POSITIVE_INFINITY) + reservedA;
  const roomA = Math.min(view.limitA - (highestA(view) ?? 0), leftA);
  return nowW + Math.max(0, roomA * site.voltageV - told.moreW);
}

interface Bounds {
  readonly lowestW: number;
  readonly highestW: number;
  readonly reason: string;
}

/** Power that fits into so much current on each phase, W: more of it may be on one phase, less is needed on all of them. */
function powerOf({ voltageV, phases }: ControlInput["site"], currentA: number): number {
  return currentA * voltageV * (currentA > 0 ? 1 : phases);
}

/** What device, fuse, contract and grid operator leave to the battery; 0 W is within all of them. */
function boundsOf(input: ControlInput, device: BatteryDevice, grid: Grid): Bounds[] {
  const { view, operator, told, flow, nested } = grid;
  const { site, state, image } = input;
  const { maxChargeW, maxDischargeW } = device.battery!;
  const freeW = (at: CircuitView) => powerOf(site, freeAt(grid, at));
  const backW = (at: CircuitView) => powerOf(site, at.limitA + Math.min(...(at.currentA ?? [0])));
  const upTo = (leftW: number, { mayRaise }: CircuitView = view) =>
    mostInW(flow, { leftW, takenW: told.moreW, mayRise: mayRaise });
  const outTo = (leftW: number) => mostOutW(flow, { leftW: leftW - BATTERY_CHANGE_W, takenW: -told.lessW });
  // Small changes are not sent: so much is left below a limit of power.
  const below = (limitW: number) => upTo(limitW - BATTERY_CHANGE_W - (powerW ?? 0));
  const { powerW } = view;
  const contractedW = view.index.circuit.limitW ?? Number.POSITIVE_INFINITY;
  const partnerW = contextLimitInForce(state.upstream.contexts, image.nowMs)?.limitW ?? Number.POSITIVE_INFINITY;
  const exportW = exportLimitInForce(state, image.nowMs)?.limitW ?? Number.POSITIVE_INFINITY;
  const ownExportW = site.configuration.gridConnection.exportLimitW ?? Number.POSITIVE_INFINITY;
  const downTo = (limitW: number) => (powerW === undefined ? 0 : outTo(powerW + limitW));
  const all = { lowestW: Number.NEGATIVE_INFINITY, highestW: Number.POSITIVE_INFINITY };
  return [
    ...(powerW === undefined
      ? []
      : [
          { ...all, highestW: below(contractedW), reason: "the contracted power of the grid connection" },
          {
            ...all,
            highestW: operator ? below(operator.limitW) : all.highestW,
            reason: "the grid operator's limit",
          },
          { ...all, highestW: below(partnerW), reason: "a partner's limit of the site" },
          { ...all, lowestW: downTo(ownExportW), reason: "the export limit of the grid connection" },
          { ...all, lowestW: downTo(exportW), reason: "the grid operator's limit of the export" },
        ]),
    { ...all, lowestW: outTo(backW(view)), reason: "the grid connection has no room for more export" },
    ...nested.filter(({ metered }) => !metered).map((at) => unseenBounds(input, device, at)),
    ...nested
      .filter(({ metered }) => metered)
      .map((at) => ({
        lowestW: outTo(backW(at)),
        highestW: upTo(freeW(at), at),
        reason: `the fuse of ${at.circuitId}`,
      })),
    { lowestW: -maxDischargeW, highestW: Math.min(maxChargeW, upTo(freeW(view))), reason: "plan" },
  ];
}

/** Small changes are not sent; nothing holds back a stop. */
function steady(want: Wanted, before: BatteryMemory | undefined): Wanted {
  const last = before?.powerW;
  if (want.powerW === undefined || last === undefined || want.powerW === 0) return want;
  return Math.abs(want.powerW - last) < BATTERY_CHANGE_W ? { ...want, powerW: last } : want;
}

function fact(
  device: BatteryDevice,
  want: Wanted,
  before: BatteryMemory | undefined,
  input: ControlInput,
): SiteDraft | undefined {
  const never = before === undefined || before.factMonoMs === Number.NEGATIVE_INFINITY;
  const byItself = (want.powerW === undefined) !== (before?.factPowerW === undefined);
  const moved = Math.abs((want.powerW ?? 0) - (before?.factPowerW ?? 0)) > BATTERY_FACT_W;
  const changed = byItself || (want.follows ? want.reason !== before?.factReason : moved);
  const recent = !never && input.image.monoMs - before.factMonoMs < BATTERY_FACT_MS;
  if ((never && want.powerW === undefined) || !changed || recent) return undefined;
  return {
    type: "battery-setpoint-changed",
    source: "allocator",
    data: {
      deviceId: device.id,
      expiresAtMs: input.image.nowMs + BATTERY_LEASE_MS,
      reason: want.reason,
      ...(want.powerW === undefined ? {} : { powerW: want.powerW }),
    },
  };
}

/** Setpoints of this tick for all batteries that may be controlled. */
export function batteries(
  input: ControlInput,
  grid: GridForBatteries,
  memories: ReadonlyMap<string, BatteryMemory>,
): { commands: BatteryCommand[]; drafts: SiteDraft[]; memories: Map<string, BatteryMemory> } {
  const commands: BatteryCommand[] = [];
  const drafts: SiteDraft[] = [];
  const next = new Map<string, BatteryMemory>();
  const { monoMs } = input.image;
  let told: Told = { moreW: 0, lessW: 0 };
  for (const device of input.site.batteries) {
    if (!device.battery?.control) continue;
    const before = memories.get(device.id);
    const flow = batteryFlow(input, device, before);
    const at = { ...grid, view: grid.views[0]!, nested: nestedAbove(device, grid.views), told, flow };
    const want = steady(wanted(input, device, at, before), before);
    told = toldAfter(told, flow, want.powerW);
    const draft = fact(device, want, before, input);
    if (draft) drafts.push(draft);
    // A battery that runs by itself is told once; a setpoint is renewed well inside its life.
    const changed = before === undefined ? want.powerW !== undefined : before.powerW !== want.powerW;
    const due = changed || (want.powerW !== undefined && monoMs - (before?.sentMonoMs ?? 0) >= BATTERY_RENEW_MS);
    if (due) commands.push({ deviceId: device.id, powerW: want.powerW, expiresInMs: BATTERY_LEASE_MS });
    next.set(device.id, {
      sentMonoMs: due ? monoMs : (before?.sentMonoMs ?? Number.NEGATIVE_INFINITY),
      powerW: want.powerW,
      reason: want.reason,
      recent: flow.recent,
      ...(want.heldW === undefined ? {} : { heldW: want.heldW }),
      ...(want.heldSun === undefined ? {} : { heldSun: want.heldSun }),
      changedMonoMs: changed ? monoMs : (before?.changedMonoMs ?? monoMs),
      factReason: draft ? want.reason : before?.factReason,
      factPowerW: draft ? want.powerW : before?.factPowerW,
      factMonoMs: draft ? monoMs : (before?.factMonoMs ?? Number.NEGATIVE_INFINITY),
    });
  }
  return { commands, drafts, memories: next };
}
