/** The rows that keep cars and batteries within circuits, and phases near each other. */
import type { PlanEvse, PlanInput } from "../../core/facts/plan-facts.ts";
import { PHASE_INDEXES, type PhaseIndex } from "../../core/quantity.ts";
import type { CircuitRoom } from "../input/limits.ts";
import type { PlanLayout } from "./layout.ts";
import { type ModelBuilder, term } from "./linear-model.ts";
import { backFactor } from "./model-discharge.ts";

const KILO = 1000;

type Limited = Pick<PlanLayout, "evses" | "batteries">;

interface RowPart {
  readonly variable: number;
  readonly share: number;
  readonly mostW: number;
}

/** A row only where the limit could be reached at all. */
function addLimit(
  build: ModelBuilder,
  name: string,
  limit: { readonly roomW: number; readonly parts: readonly RowPart[] },
): void {
  const mostW = limit.parts.reduce((total, part) => total + part.mostW * part.share, 0);
  if (mostW <= limit.roomW) return;
  const terms = limit.parts.map((part) => term(part.variable, part.share));
  build.row(name, { upper: limit.roomW / KILO }, terms);
}

/** So many cars can charge at once as their least powers fit: what the relaxed model would not see by itself. */
function addCount(
  build: ModelBuilder,
  name: string,
  {
    roomW,
    ons,
  }: { readonly roomW: number; readonly ons: readonly { readonly yes: number; readonly leastW: number }[] },
): void {
  const most = Math.floor(roomW / Math.min(...ons.map(({ leastW }) => leastW)) + 1e-6);
  if (ons.length === 0 || most >= ons.length) return;
  build.row(
    name,
    { upper: most },
    ons.map(({ yes }) => term(yes, 1)),
  );
}

/** Beside its even share a car that may charge on one phase loads it with all of that, and the others not. */
export function singleShare({ phases, onePhase }: PlanEvse, phase: PhaseIndex): number {
  return (onePhase?.phase === phase ? 1 : 0) - (phases.includes(phase) ? 1 / phases.length : 0);
}

function addCircuit(build: ModelBuilder, room: CircuitRoom, context: { layout: Limited; input: PlanInput }): void {
  const { layout, input } = context;
  const parts = (slot: number, share: (evse: PlanEvse) => number, batteryShare: number, phase?: PhaseIndex) => {
    const evses = room.evses.flatMap((index): RowPart[] => {
      const evse = input.evses[index]!;
      const variable = layout.evses[index]!.power[slot];
      if (variable === undefined || share(evse) === 0) return [];
      const all = { variable, share: share(evse), mostW: evse.maxPowerW };
      const single = layout.evses[index]!.single[slot];
      if (phase === undefined || single === undefined) return [all];
      // Only the phase that it may be on alone can be loaded more by that.
      const more = singleShare(evse, phase);
      return [all, { variable: single, share: more, mostW: more > 0 ? evse.onePhase!.maxPowerW : 0 }];
    });
    const batteries = room.isRoot
      ? layout.batteries.map((battery, index): RowPart => {
          return { variable: battery.charge[slot]!, share: batteryShare, mostW: input.batteries[index]!.maxChargeW };
        })
      : [];
    return [...evses, ...batteries];
  };
  const name = input.circuits.indexOf(room.circuit);
  for (let slot = 0; slot < input.slots; slot++) {
    for (const phase of input.sitePhases === 1 ? [0 as const] : PHASE_INDEXES) {
      const share = (evse: PlanEvse) => (evse.phases.includes(phase) ? 1 / evse.phases.length : 0);
      const roomW = room.phaseW[phase][slot] ?? 0;
      addLimit(build, `c${name}_${phase}_${slot}`, { roomW, parts: parts(slot, share, 1 / input.sitePhases, phase) });
      const ons = room.evses.flatMap((index) => {
        const yes = layout.evses[index]!.on[slot];
        const evse = input.evses[index]!;
        return yes === undefined || share(evse) === 0 ? [] : [{ yes, leastW: evse.minPowerW * share(evse) }];
      });
      addCount(build, `n${name}_${phase}_${slot}`, { roomW, ons });
    }
    if (room.sumW) addLimit(build, `w${name}_${slot}`, { roomW: room.sumW[slot] ?? 0, parts: parts(slot, () => 1, 1) });
  }
}

/** What cars on one or two phases draw on one phase, less what they draw on another. */
function addUnbalance(build: ModelBuilder, layout: Limited, input: PlanInput): void {
  const { unbalanceLimitA, nominalVoltageV } = input;
  if (unbalanceLimitA === undefined || input.sitePhases === 1) return;
  const limitKw = (unbalanceLimitA * nominalVoltageV) / KILO;
  const uneven = input.evses.flatMap((evse, index) =>
    evse.phases.length < 3 || evse.onePhase ? [{ evse, ...layout.evses[index]! }] : [],
  );
  for (let slot = 0; slot < input.slots; slot++) {
    const there = uneven.filter(({ power }) => slot < power.length);
    for (const high of PHASE_INDEXES) {
      const on = there.filter(({ evse }) => evse.phases.includes(high));
      const mostKw = on.reduce((most, { evse }) => {
        return most + Math.max(evse.maxPowerW / evse.phases.length, evse.onePhase?.maxPowerW ?? 0) / KILO;
      }, 0);
      if (mostKw <= limitKw) continue;
      for (const low of PHASE_INDEXES.filter((phase) => phase !== high)) {
        const terms = there.flatMap(({ evse, power, single, on, discharge }) => {
          const share = (evse.phases.includes(high) ? 1 : 0) - (evse.phases.includes(low) ? 1 : 0);
          const all = share === 0 ? [] : [term(power[slot]!, share / evse.phases.length)];
          const more = singleShare(evse, high) - singleShare(evse, low);
          const alone = single[slot] === undefined || more === 0 ? [] : [term(single[slot]!, more)];
          // Without a yes-or-no it could charge and give at once, of which a plan leaves the difference.
          const gives = discharge[slot] !== undefined && on[slot] === undefined && evse.phases.includes(low);
          const given = gives ? [term(discharge[slot]!, backFactor(evse) / evse.phases.length)] : [];
          return [...all, ...alone, ...given];
        });
        build.row(`u${high}${low}_${slot}`, { upper: limitKw }, terms);
      }
    }
  }
}

/** Adds the limits of all circuits, and that of the difference between phases. */
export function addLimits(
  build: ModelBuilder,
  rooms: readonly CircuitRoom[],
  context: { readonly layout: Limited; readonly input: PlanInput },
): void {
  for (const room of rooms) addCircuit(build, room, context);
  addUnbalance(build, context.layout, context.input);
}
