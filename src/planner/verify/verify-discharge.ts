/** Checks what a plan lets cars give back, from the numbers alone; shares no code with the model. */
import type { PlanEvse, PlanInput, PlanResult } from "../../core/facts/plan-facts.ts";

const ROUNDING_W = 5;
const ROUNDING_WH = 30;
/** In so many slots a car gives its least or nothing, and in no more than those in which it charges so. */
const NEAR_SLOTS = 8;

export interface DischargeCheck {
  readonly input: PlanInput;
  readonly result: PlanResult;
  readonly say: (violation: string) => void;
  /** Hours of a slot in which a car is there and the plan has not passed. */
  readonly hours: (evse: PlanEvse, slot: number) => number;
}

type Planned = PlanResult["evses"][number];

function slotViolation(
  evse: PlanEvse,
  planned: Planned,
  slot: number,
  { there, near }: { readonly there: boolean; readonly near: boolean },
): string | undefined {
  const givesW = planned.dischargeW?.[slot] ?? 0;
  if (givesW === 0) return undefined;
  if (!Number.isFinite(givesW) || givesW < 0) return "is no power to give";
  if (!evse.discharge) return "is given by a car that may not";
  if (givesW > evse.discharge.maxPowerW + 1) return `is above the ${evse.discharge.maxPowerW} W that it may give`;
  const { minPowerW = 0 } = evse.discharge;
  if (near && givesW < minPowerW - 1) return `is below the ${minPowerW} W that it gives at least`;
  if ((planned.powerW[slot] ?? 0) > 0) return "is given while it charges";
  return there ? undefined : "is given after its departure";
}

function checkCar(index: number, { input, result, say, hours }: DischargeCheck): void {
  const evse = input.evses[index]!;
  const planned = result.evses[index]!;
  if (!planned.dischargeW) return;
  if (planned.dischargeW.length !== input.slots) {
    say(`${evse.evseId}: what it gives has ${planned.dischargeW.length} slots`);
    return;
  }
  const { belowWh = 0, aboveWh = 0, efficiency = 1 } = evse.discharge ?? {};
  const mostWh = Math.max(aboveWh, evse.energyNeededWh > 0 ? evse.energyNeededWh + evse.minPowerW / 4 : 0);
  let inItWh = 0;
  for (let slot = 0; slot < input.slots; slot++) {
    const slotHours = hours(evse, slot);
    const violation = slotViolation(evse, planned, slot, {
      there: slotHours > 0,
      near: slot < Math.min(NEAR_SLOTS, input.binarySlots),
    });
    if (violation) say(`${evse.evseId} slot ${slot}: ${planned.dischargeW[slot]} W ${violation}`);
    const givesWh = (planned.dischargeW[slot] ?? 0) * slotHours;
    inItWh += (planned.powerW[slot] ?? 0) * slotHours - givesWh / efficiency ** 2;
    if (inItWh < -belowWh - ROUNDING_WH) say(`${evse.evseId} slot ${slot}: emptied by ${Math.round(-inItWh)} Wh`);
    if (inItWh > mostWh + ROUNDING_WH) say(`${evse.evseId} slot ${slot}: ${Math.round(inItWh)} Wh more than fits`);
  }
}

function isBelow(circuitId: string, top: string, circuits: PlanInput["circuits"]): boolean {
  let id: string | undefined = circuitId;
  for (let step = 0; id !== undefined && step <= circuits.length; step++) {
    if (id === top) return true;
    id = circuits.find((circuit) => circuit.circuitId === id)?.parentId;
  }
  return false;
}

/** What flows back over a phase of a circuit when nobody draws. */
function checkReverse({ input, result, say }: DischargeCheck): void {
  for (const circuit of input.circuits) {
    const limitW = circuit.limitA * input.nominalVoltageV;
    for (let slot = 0; slot < input.slots; slot++) {
      const sunW = circuit.parentId === undefined ? (input.pvW[slot] ?? 0) / input.sitePhases : 0;
      for (const phase of [0, 1, 2] as const) {
        const givenW = result.evses.reduce((sum, { dischargeW }, index) => {
          const { circuitId, phases } = input.evses[index]!;
          const counts = phases.includes(phase) && isBelow(circuitId, circuit.circuitId, input.circuits);
          return counts ? sum + (dischargeW?.[slot] ?? 0) / phases.length : sum;
        }, 0);
        if (givenW > Math.max(0, limitW - sunW) + ROUNDING_W)
          say(`${circuit.circuitId} L${phase + 1} slot ${slot}: more flows back than ${circuit.limitA} A`);
      }
    }
  }
}

/** Says what is wrong with what cars give back. */
export function checkDischarge(check: DischargeCheck): void {
  if (!check.result.evses.some(({ dischargeW }) => dischargeW)) return;
  for (let index = 0; index < check.input.evses.length; index++) checkCar(index, check);
  checkReverse(check);
}

/** What a Wh that a car gives back takes to be charged again, Wh. */
export function takenBackWh(evse: PlanEvse, planned: Planned, hours: (slot: number) => number): number {
  const { efficiency = 1 } = evse.discharge ?? {};
  return (planned.dischargeW ?? []).reduce((sum, powerW, slot) => sum + (powerW * hours(slot)) / efficiency ** 2, 0);
}
