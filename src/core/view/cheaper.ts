/** What one car saves by charging when the plan says instead of at once: only where that can be said honestly. */
import type { PlanInput, PlanResult } from "../facts/plan-facts.ts";
import { SLOT_HOURS } from "../time/slots.ts";

/** Less is not worth a word. */
const LEAST_EUR = 0.1;

/** Whether a kWh more or less in a slot is one more or less of import at the plan's price. */
function isImported(
  { pvW }: PlanInput,
  { importW, exportW, pvUsedW }: PlanResult,
  slot: number,
  carW: number,
): boolean {
  const isSunLeft = (exportW[slot] ?? 0) > 0 || (pvUsedW[slot] ?? 0) < Math.floor(pvW[slot] ?? 0);
  return (importW[slot] ?? 0) >= carW && !isSunLeft;
}

/**
 * EUR that a car's planned energy costs less than the same energy from now on at its full power, all else as planned.
 * Missing where some of it would come from the sun or from the car itself, where the month's peak has a price, where the
 * grid connection has no room for it, and where it is next to nothing.
 */
export function cheaperThanAtOnce(input: PlanInput, result: PlanResult, transactionId: number): number | undefined {
  const index = input.evses.findIndex((evse) => evse.transactionId === transactionId);
  const [car, row] = [input.evses[index], result.evses[index]];
  if (!car || row?.transactionId !== transactionId || row.dischargeW || (input.peaks?.length ?? 0) > 0)
    return undefined;
  const hours = (slot: number) => (slot === 0 ? SLOT_HOURS * (1 - (input.elapsed ?? 0)) : SLOT_HOURS);
  const grid = input.circuits.find(({ parentId }) => parentId === undefined);
  const fuseW = (grid?.limitA ?? 0) * input.nominalVoltageV * input.sitePhases;
  const mostW = Math.min(fuseW, grid?.limitW ?? fuseW, input.importLimitW ?? fuseW, input.gridLimit?.limitW ?? fuseW);
  let leftWh = row.powerW.reduce((sum, powerW, slot) => sum + powerW * hours(slot), 0);
  let savedEur = 0;
  for (let slot = 0; slot < input.slots; slot++) {
    const plannedW = row.powerW[slot] ?? 0;
    const atOnceW = Math.min(car.maxPowerW, leftWh / hours(slot));
    leftWh -= atOnceW * hours(slot);
    if (plannedW <= 0 && atOnceW <= 0) continue;
    if (!isImported(input, result, slot, plannedW)) return undefined;
    const slotMostW = Math.min(mostW, input.partnerLimitW?.[slot] ?? mostW);
    if ((result.importW[slot] ?? 0) - plannedW + atOnceW > slotMostW) return undefined;
    savedEur += ((atOnceW - plannedW) / 1000) * hours(slot) * (input.importEurPerKwh[slot] ?? 0);
  }
  return savedEur >= LEAST_EUR ? Math.round(savedEur * 100) / 100 : undefined;
}
