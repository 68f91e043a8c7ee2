/**
 * Holds the export within its limit by what the inverters may give, and leaves sun unused where that pays: where
 * exporting costs money, or where the plan rather buys. Each limit is a lease: inverters return to full power by themselves.
 */
import { isFresh } from "../../device-quality.ts";
import type { SiteDraft } from "../../facts/index.ts";
import { exportLimitInForce } from "../../limits/grid-limit.ts";
import type { DeviceConfiguration } from "../../site/site.ts";
import type { CircuitView } from "../circuits/circuits.ts";
import type { ControlInput, PvCommand } from "../control.ts";
import type { PvMemory } from "../memory.ts";
import { PV_FACT_MS, PV_LEASE_MS, PV_PROBE_W, PV_RAISE_MS, PV_RELEASE_MS, PV_RENEW_MS } from "../thresholds.ts";
import { planInForce, slotIndex } from "../wishes/plan-current.ts";

/** What all inverters that may be limited may give together, W, and why. */
interface Aim {
  readonly limitW: number;
  readonly reason: string;
}

interface Inverter {
  readonly device: DeviceConfiguration;
  readonly peakW: number;
  /** What it feeds in now; missing where it is silent. */
  readonly nowW: number | undefined;
}

/** Below this a plan neither buys nor leaves sun unused, W. */
const MATTERS_W = 100;
/** More than so much above a limit is above it, W. */
const SMALL_W = 20;
/** So near its limit an inverter is held by it, as part of its peak; changes smaller than this part are not sent. */
const NEAR_PART = 0.05;
const SMALL_PART = 0.01;
/** A battery above this takes up no sun worth trying, %. */
const FULL_PERCENT = 97;

function freshPvW({ image }: ControlInput, deviceId: string): number | undefined {
  const reading = image.pvs.get(deviceId);
  return isFresh(reading, image) ? Math.max(0, reading.powerW) : undefined;
}

/** What an inverter feeds in, W: that of a hybrid is what its battery leaves of the sun, or adds to it. */
function feedsInW(input: ControlInput, { id, role }: DeviceConfiguration): number | undefined {
  const sunW = freshPvW(input, id);
  if (role !== "hybrid" || sunW === undefined) return sunW;
  const battery = input.image.batteries.get(id);
  return isFresh(battery, input.image) ? Math.max(0, sunW - battery.powerW) : undefined;
}

/** Inverters that site.yaml gives to the controller. */
function invertersOf(input: ControlInput): Inverter[] {
  return input.site.configuration.devices.flatMap((device) => {
    const { pv } = device;
    return pv?.control ? [{ device, peakW: pv.peakW, nowW: feedsInW(input, device) }] : [];
  });
}

/** The lowest limit of the export, of the contract and of the grid operator. */
export function exportCap({
  site,
  state,
  image,
}: ControlInput): { readonly capW: number; readonly reason: string } | undefined {
  const own = site.configuration.gridConnection.exportLimitW;
  const operator = exportLimitInForce(state, image.nowMs)?.limitW;
  if (operator !== undefined && operator <= (own ?? Number.POSITIVE_INFINITY))
    return { capW: operator, reason: "the grid operator's limit of the export" };
  return own === undefined ? undefined : { capW: own, reason: "the export limit of the grid connection" };
}

/** Whether a battery could take up more than it does: it only sees sun that is there. */
function mayStore({ site, image }: ControlInput): boolean {
  return site.batteries.some(({ id, battery }) => {
    const reading = image.batteries.get(id);
    return (
      (reading?.socPercent ?? 100) < FULL_PERCENT && (reading?.powerW ?? 0) < (battery?.maxChargeW ?? 0) - MATTERS_W
    );
  });
}

/** What sun may come in the place of what a battery gives, W: it follows within seconds, and no meter shows that sun else. */
function replaceableW({ site, image }: ControlInput, overW: number): number {
  if (overW > 0) return 0;
  let givesW = 0;
  for (const { id, role, battery } of site.batteries) {
    const reading = image.batteries.get(id);
    if (role === "battery" && battery?.control && isFresh(reading, image)) givesW += Math.max(0, -reading.powerW);
  }
  return Math.min(PV_PROBE_W, givesW);
}

/** Sun that the plan leaves unused while it buys: who is paid for importing. */
function planned(input: ControlInput): Aim | undefined {
  const plan = planInForce(input);
  if (!plan) return undefined;
  const slot = slotIndex(plan, input.image.nowMs);
  const usedW = plan.result.pvUsedW[slot] ?? 0;
  const leaves = usedW + MATTERS_W < (plan.input.pvW[slot] ?? 0);
  const buys = (plan.result.importW[slot] ?? 0) > MATTERS_W && (plan.input.importEurPerKwh[slot] ?? 0) < 0;
  return leaves && buys ? { limitW: usedW, reason: "plan: importing is paid for" } : undefined;
}

/** All aims of now; the lowest holds. `restW` is what the site takes beside inverters that cannot be limited. */
function aimsOf(input: ControlInput, view: CircuitView, inverters: readonly Inverter[]): Aim[] {
  const cap = exportCap(input);
  const pvsW = input.site.pvIds.map((id) => freshPvW(input, id));
  const isSilent = pvsW.includes(undefined) || inverters.some(({ nowW }) => nowW === undefined);
  const isBlind = view.quality === "absent" || view.powerW === undefined || isSilent;
  // Nobody knows what the site takes: no more than what may be exported is sure to be within the limit.
  if (isBlind) return cap ? [{ limitW: cap.capW, reason: `${cap.reason}, and a meter that does not answer` }] : [];
  const ownW = inverters.reduce((sum, { nowW = 0 }) => sum + nowW, 0);
  const restW = (view.powerW ?? 0) + ownW;
  const costs = (input.image.exportEurPerKwh ?? 0) < 0;
  const probeW = mayStore(input) ? PV_PROBE_W : 0;
  const plan = planned(input);
  return [
    ...(cap
      ? [
          {
            limitW: restW + cap.capW + replaceableW(input, -(view.powerW ?? 0) - cap.capW - SMALL_W),
            reason: cap.reason,
          },
        ]
      : []),
    ...(costs ? [{ limitW: restW + probeW, reason: "exporting costs money" }] : []),
    ...(plan ? [plan] : []),
  ];
}

/** What each inverter may give: who makes less than its share leaves the rest to the others. */
function shares(inverters: readonly Inverter[], limitW: number): number[] {
  const peakW = inverters.reduce((sum, inverter) => sum + inverter.peakW, 0);
  const even = inverters.map((inverter) => (limitW * inverter.peakW) / peakW);
  const wants = inverters.map(({ nowW, peakW: peak }, index) =>
    Math.min(even[index]!, (nowW ?? peak) + NEAR_PART * peak),
  );
  const spareW = limitW - wants.reduce((sum, powerW) => sum + powerW, 0);
  const heldPeakW = inverters.reduce(
    (sum, inverter, index) => sum + (wants[index]! >= even[index]! ? inverter.peakW : 0),
    0,
  );
  if (heldPeakW === 0) return even;
  return wants.map((powerW, index) =>
    powerW >= even[index]! ? powerW + (spareW * inverters[index]!.peakW) / heldPeakW : powerW,
  );
}

/** What is sent: lowered at once, raised with patience, ended when nothing was held for a while. */
function next(inverter: Inverter, wantedW: number | undefined, at: { monoMs: number; before: PvMemory | undefined }) {
  const { before, monoMs } = at;
  const { peakW, nowW } = inverter;
  const binds = wantedW !== undefined && wantedW < peakW && (nowW === undefined || nowW > wantedW - NEAR_PART * peakW);
  const boundMonoMs = binds ? monoMs : (before?.boundMonoMs ?? Number.NEGATIVE_INFINITY);
  if (wantedW === undefined || monoMs - boundMonoMs > PV_RELEASE_MS) return { limitW: undefined, boundMonoMs };
  const limitW = Math.max(0, Math.min(peakW, Math.floor(wantedW)));
  const last = before?.limitW;
  const smallW = SMALL_PART * peakW;
  const waits = last !== undefined && limitW > last && monoMs - before!.changedMonoMs < PV_RAISE_MS;
  const keeps = last !== undefined && (waits || Math.abs(limitW - last) < smallW);
  return { limitW: keeps ? last : limitW, boundMonoMs };
}

function factOf(device: DeviceConfiguration, memory: PvMemory, before: PvMemory | undefined, input: ControlInput) {
  const { monoMs, nowMs } = input.image;
  const turned = (memory.limitW === undefined) !== (before?.factReason === undefined);
  const otherReason = memory.limitW !== undefined && memory.reason !== before?.factReason;
  const recent = before !== undefined && monoMs - before.factMonoMs < PV_FACT_MS;
  if (!turned && !(otherReason && !recent)) return undefined;
  return {
    type: "pv-limit-changed",
    source: "allocator",
    data: {
      deviceId: device.id,
      expiresAtMs: nowMs + PV_LEASE_MS,
      reason: memory.reason,
      ...(memory.limitW === undefined ? {} : { limitW: memory.limitW }),
    },
  } satisfies SiteDraft;
}

/** Limits of this tick for all inverters that may be limited. */
export function curtail(
  input: ControlInput,
  view: CircuitView,
  memories: ReadonlyMap<string, PvMemory>,
): { commands: PvCommand[]; drafts: SiteDraft[]; memories: Map<string, PvMemory> } {
  const result = { commands: [] as PvCommand[], drafts: [] as SiteDraft[], memories: new Map<string, PvMemory>() };
  const inverters = invertersOf(input);
  if (inverters.length === 0) return result;
  const { monoMs } = input.image;
  const aim = aimsOf(input, view, inverters).sort((a, b) => a.limitW - b.limitW)[0];
  const wanted = aim && shares(inverters, Math.max(0, aim.limitW));
  for (const [index, inverter] of inverters.entries()) {
    const { device } = inverter;
    const before = memories.get(device.id);
    const { limitW, boundMonoMs } = next(inverter, wanted?.[index], { monoMs, before });
    const changed = limitW !== before?.limitW;
    const due = changed || (limitW !== undefined && monoMs - (before?.sentMonoMs ?? 0) >= PV_RENEW_MS);
    if (due) result.commands.push({ deviceId: device.id, limitW, expiresInMs: PV_LEASE_MS });
    const memory: PvMemory = {
      limitW,
      boundMonoMs,
      reason: limitW === undefined ? "nothing holds it back" : (aim?.reason ?? ""),
      changedMonoMs: changed ? monoMs : (before?.changedMonoMs ?? monoMs),
      sentMonoMs: due ? monoMs : (before?.sentMonoMs ?? Number.NEGATIVE_INFINITY),
      factMonoMs: before?.factMonoMs ?? Number.NEGATIVE_INFINITY,
      factReason: before?.factReason,
    };
    const draft = factOf(device, memory, before, input);
    if (draft) result.drafts.push(draft);
    const said = draft ? { factMonoMs: monoMs, factReason: limitW === undefined ? undefined : memory.reason } : {};
    result.memories.set(device.id, { ...memory, ...said });
  }
  return result;
}
