/** Whether a plan says what it is: by how much the import less the export changes from one quarter-hour to the next. */
import type { PlanInput, PlanResult } from "../../core/facts/plan-facts.ts";

/** Whole watts: those of two slots, and what is said of them. */
const ROUNDING_W = 10;
const WH_PER_W = 0.25;
/** What is over of a quarter-hour that has just begun: half a minute. */
const JUST_BEGUN = 1 / 30;

interface Check {
  readonly input: PlanInput;
  readonly result: PlanResult;
  readonly say: (violation: string) => void;
}

/** What the connection carries while cars and batteries do nothing: sun that is left is exported where it may and pays, or has to. */
function aloneW({ buildingW, pvW, ...input }: PlanInput, slot: number): number {
  const [drawnW, sunW] = [buildingW[slot] ?? 0, pvW[slot] ?? 0];
  const { exportLimitW = Number.POSITIVE_INFINITY, gridExportLimit, sunFixedPart = 0 } = input;
  const untilMs = gridExportLimit?.untilMs ?? Number.POSITIVE_INFINITY;
  const holds = gridExportLimit !== undefined && input.startMs + slot * 900_000 < untilMs;
  const allowedW = holds ? Math.min(exportLimitW, gridExportLimit.limitW) : exportLimitW;
  const fixedW = Math.min(sunFixedPart * sunW, drawnW + allowedW);
  const usedW = (input.exportEurPerKwh[slot] ?? 0) < 0 ? Math.max(fixedW, Math.min(sunW, drawnW)) : sunW;
  return drawnW - Math.min(usedW, drawnW + allowedW);
}

/** By how much the change into a slot is above what is allowed, W; nothing of what nobody measured. */
function overW(slot: number, { input, result }: Check): number {
  const { limitW, before, drawnWh } = input.ramp!;
  const elapsed = input.elapsed ?? 0;
  const mean = (at: number) => {
    const plannedW = result.importW[at]! - result.exportW[at]!;
    return at > 0 || drawnWh === undefined ? plannedW : drawnWh / WH_PER_W + plannedW * (1 - elapsed);
  };
  if (slot === 0 && (!before || (elapsed > JUST_BEGUN && drawnWh === undefined))) return 0;
  const changeW = mean(slot) - (slot === 0 ? before!.netW : mean(slot - 1));
  const alone = aloneW(input, slot) - (slot === 0 ? before!.restingW : aloneW(input, slot - 1));
  // Where the building jumps by itself, a plan may go with it.
  const allowedW = Math.max(limitW, alone * Math.sign(changeW));
  return Math.max(0, Math.abs(changeW) - allowedW);
}

/** A larger step has to be said, as missing energy has. Where there is no car, nothing calls for one. */
export function checkRamp(check: Check): void {
  const { input, result, say } = check;
  if (!input.ramp) return;
  const isMeasured = input.ramp.before !== undefined || input.ramp.drawnWh !== undefined;
  for (let slot = 0; slot < input.slots; slot++) {
    const over = overW(slot, check);
    const saidW = result.rampOverW?.[slot] ?? 0;
    if (!(Math.abs(over - saidW) <= ROUNDING_W))
      say(`Slot ${slot}: the import changes by ${Math.round(over)} W too much, the plan says ${saidW} W`);
    if (over > ROUNDING_W && input.evses.length === 0 && !isMeasured)
      say(`Slot ${slot}: a battery changes the import by more than ${input.ramp.limitW} W`);
  }
}
