/** Room of a circuit that cars that come later probably want: its use costs what they would miss by it, the last of it the most. */
import type { PlanInput } from "../../core/facts/plan-facts.ts";
import { PHASE_INDEXES, type PhaseIndex } from "../../core/quantity.ts";
import { type CircuitRoom, chargingHours, roomWh, WANTED_SLOTS, wantedBlocks } from "../input/limits.ts";
import type { PlanLayout } from "./layout.ts";
import { type LinearTerm, type ModelBuilder, term } from "./linear-model.ts";
import { singleShare } from "./model-limits.ts";
import type { PlanWeights } from "./weights.ts";

const KILO = 1000;

export interface WantedContext {
  readonly layout: Pick<PlanLayout, "evses">;
  readonly input: PlanInput;
  readonly weights: PlanWeights;
}

interface Block {
  readonly room: CircuitRoom;
  readonly phase: PhaseIndex;
  readonly block: number;
}

/** What the cars that are here take of a phase in a block, as terms in kWh. */
function taken({ room, phase, block }: Block, { layout, input }: WantedContext): LinearTerm[] {
  return room.evses.flatMap((index) => {
    const evse = input.evses[index]!;
    if (!evse.phases.includes(phase)) return [];
    const first = block * WANTED_SLOTS;
    const { power, single } = layout.evses[index]!;
    return power.slice(first, first + WANTED_SLOTS).flatMap((variable, at): LinearTerm[] => {
      const hours = chargingHours(evse, first + at, input);
      const share = 1 / evse.phases.length;
      const alone = single[first + at];
      const all = term(variable, hours * share);
      return alone === undefined ? [all] : [all, term(alone, hours * singleShare(evse, phase))];
    });
  });
}

function addBlock(build: ModelBuilder, of: Block, context: WantedContext): void {
  const { room, phase, block } = of;
  const { input, weights } = context;
  const chances = (room.circuit.wanted?.[phase] ?? []).map((blocks) => blocks[block] ?? 0);
  if (!chances.some((chance) => chance > 0)) return;
  const terms = taken(of, context);
  if (terms.length === 0) return;
  const name = `${input.circuits.indexOf(room.circuit)}_${phase}_${block}`;
  const upper = roomWh(room, phase, block, input) / chances.length / KILO;
  const eurPerKwh = weights.missedEurPerKwh(block * WANTED_SLOTS);
  const parts = chances.map((chance, part): LinearTerm => {
    // What does not fit is bound by the circuit's own rows.
    const most = part === chances.length - 1 ? Number.POSITIVE_INFINITY : upper;
    return term(build.variable(`wanted${name}_${part}`, { upper: most, cost: chance * eurPerKwh }), -1);
  });
  build.row(`takes${name}`, { upper: 0 }, [...terms, ...parts]);
}

/** Adds what is wanted of each circuit by those who come later. The parts of a room are dearer one by one. */
export function addWanted(build: ModelBuilder, rooms: readonly CircuitRoom[], context: WantedContext): void {
  for (const room of rooms) {
    if (!room.circuit.wanted || room.isBudget) continue;
    for (const phase of PHASE_INDEXES)
      for (let block = 0; block < wantedBlocks(context.input); block++)
        addBlock(build, { room, phase, block }, context);
  }
}
