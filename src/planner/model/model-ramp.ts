/** The rows that keep the import less the export from changing too much between quarter-hours: softly, at a price. */
import type { PlanInput } from "../../core/facts/plan-facts.ts";
import { mostSwingW, rampSteps, slotMean } from "../input/ramp.ts";
import type { PlanLayout } from "./layout.ts";
import { type LinearTerm, type ModelBuilder, term } from "./linear-model.ts";
import type { PlanWeights } from "./weights.ts";

const KILO = 1000;

type Grid = Pick<PlanLayout, "imports" | "exports">;

/** Import less export of a slot as terms, and what of its mean is known already, kW. */
function meanOf(slot: number, sign: number, { input, grid }: { input: PlanInput; grid: Grid }) {
  const { drawnW, share } = slotMean(input, slot);
  const terms: LinearTerm[] = [term(grid.imports[slot]!, sign * share), term(grid.exports[slot]!, -sign * share)];
  return { terms, knownKw: (sign * drawnW) / KILO };
}

/** Adds a row for each step that cars, batteries and what was measured could make too large. */
export function addRamp(
  build: ModelBuilder,
  grid: Grid,
  { input, weights }: { readonly input: PlanInput; readonly weights: PlanWeights },
): void {
  if (!input.ramp || mostSwingW(input) === 0) return;
  const cost = weights.rampEurPerKw;
  for (const { slot, fromW, mostUpW, mostDownW } of rampSteps(input)) {
    const to = meanOf(slot, 1, { input, grid });
    const from = fromW === undefined ? meanOf(slot - 1, -1, { input, grid }) : { terms: [], knownKw: -fromW / KILO };
    const knownKw = to.knownKw + from.knownKw;
    const rise = build.variable(`rise_${slot}`, { upper: Number.POSITIVE_INFINITY, cost });
    const fall = build.variable(`fall_${slot}`, { upper: Number.POSITIVE_INFINITY, cost });
    build.row(`ramp_${slot}`, { lower: -mostDownW / KILO - knownKw, upper: mostUpW / KILO - knownKw }, [
      ...to.terms,
      ...from.terms,
      term(rise, -1),
      term(fall, 1),
    ]);
  }
}
