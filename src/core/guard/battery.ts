/** Follows the plan with the batteries that may be controlled, never against the fuse. */

import type { BatteryCommand, ControlInput } from "../control/control.ts";
import type { SiteDraft } from "../facts/index.ts";
import { clamp } from "../quantity.ts";
import { GRID_CIRCUIT_ID } from "../site.ts";
import { SLOT_MS } from "../slots.ts";
import type { CircuitView } from "./circuits.ts";
import type { Constraint } from "./constraints.ts";
import type { BatteryMemory } from "./memory.ts";
import { BATTERY_FACT_MS, BATTERY_FACT_W, BATTERY_LEASE_MS, BATTERY_RENEW_MS } from "./thresholds.ts";
import { planInForce } from "./wishes.ts";

type BatteryDevice = ControlInput["site"]["batteries"][number];

interface Wanted {
  readonly powerW: number | undefined;
  readonly reason: string;
}

function plannedPowerW(input: ControlInput, deviceId: string): number | undefined {
  const plan = planInForce(input);
  const slot = plan ? Math.floor((input.image.nowMs - plan.input.startMs) / SLOT_MS) : 0;
  return plan?.result.batteries.find((battery) => battery.deviceId === deviceId)?.powerW[Math.max(0, slot)];
}

function wanted(
  input: ControlInput,
  device: BatteryDevice,
  grid: CircuitView,
  constraints: readonly Constraint[],
): Wanted {
  if (grid.quality !== "good")
    return { powerW: undefined, reason: "the grid meter does not answer: the battery runs by itself" };
  const overloaded = constraints.some((entry) => entry.circuitId === GRID_CIRCUIT_ID && entry.overload > 0);
  const charges = (input.image.batteries.get(device.id)?.powerW ?? 0) > 0;
  if (overloaded && charges)
    return { powerW: 0, reason: "the grid connection is overloaded: charging the battery stops first" };
  const powerW = plannedPowerW(input, device.id);
  if (powerW === undefined) return { powerW, reason: "no plan: the battery runs by itself" };
  const { maxChargeW, maxDischargeW } = device.battery!;
  // What others leave free at the fuse bounds what the battery may draw.
  const free = Math.min(
    ...constraints
      .filter((entry) => entry.key.startsWith(`${GRID_CIRCUIT_ID}/`) && entry.phase !== undefined)
      .map((entry) => entry.limit - (entry.reading ?? 0)),
  );
  const nowW = Math.max(0, input.image.batteries.get(device.id)?.powerW ?? 0);
  const roomW = Number.isFinite(free) ? Math.max(0, nowW + free * input.site.voltageV * input.site.phases) : maxChargeW;
  return { powerW: Math.round(clamp(powerW, -maxDischargeW, Math.min(maxChargeW, roomW))), reason: "plan" };
}

function fact(
  device: BatteryDevice,
  want: Wanted,
  before: BatteryMemory | undefined,
  input: ControlInput,
): SiteDraft | undefined {
  const first = before === undefined || before.factMonoMs === Number.NEGATIVE_INFINITY;
  const byItself = (want.powerW === undefined) !== (before?.factPowerW === undefined);
  const changed = byItself || Math.abs((want.powerW ?? 0) - (before?.factPowerW ?? 0)) > BATTERY_FACT_W;
  const recent = before !== undefined && input.image.monoMs - before.factMonoMs < BATTERY_FACT_MS;
  if ((first && want.powerW === undefined) || !changed || recent) return undefined;
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
  grid: CircuitView,
  constraints: readonly Constraint[],
  memories: ReadonlyMap<string, BatteryMemory>,
): { commands: BatteryCommand[]; drafts: SiteDraft[]; memories: Map<string, BatteryMemory> } {
  const commands: BatteryCommand[] = [];
  const drafts: SiteDraft[] = [];
  const next = new Map<string, BatteryMemory>();
  for (const device of input.site.batteries) {
    if (!device.battery?.control) continue;
    const before = memories.get(device.id);
    const want = wanted(input, device, grid, constraints);
    const draft = fact(device, want, before, input);
    if (draft) drafts.push(draft);
    const { monoMs } = input.image;
    // A battery that runs by itself is told once; a setpoint is renewed well inside its life.
    const changed = before === undefined ? want.powerW !== undefined : before.powerW !== want.powerW;
    const due = changed || (want.powerW !== undefined && monoMs - (before?.sentMonoMs ?? 0) >= BATTERY_RENEW_MS);
    if (due) commands.push({ deviceId: device.id, powerW: want.powerW, expiresInMs: BATTERY_LEASE_MS });
    next.set(device.id, {
      sentMonoMs: due ? monoMs : (before?.sentMonoMs ?? Number.NEGATIVE_INFINITY),
      powerW: want.powerW,
      factPowerW: draft ? want.powerW : before?.factPowerW,
      factMonoMs: draft ? monoMs : (before?.factMonoMs ?? Number.NEGATIVE_INFINITY),
    });
  }
  return { commands, drafts, memories: next };
}
