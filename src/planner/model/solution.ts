/** A solution's numbers back to a plan in whole watts. */
import type { PlanBattery, PlanEvse, PlanInput, PlanResult } from "../../core/facts/plan-facts.ts";
import { clamp } from "../../core/quantity.ts";
import { circuitRooms, slotHours } from "../input/limits.ts";
import { counterweights, eagerSlots } from "../rules/eager.ts";
import { soldSunSlots } from "../rules/sold-sun.ts";
import { flowsOf } from "./flows.ts";
import type { PlanLayout } from "./layout.ts";
import { netChargedWh, settledDischarge } from "./model-discharge.ts";

/** A solver's own tolerance, W. */
const NOISE_W = 0.5;

/** Whole watts that keep the energy: what rounding takes from one slot goes to the next. */
function wholeWatts(powersW: readonly number[]): number[] {
  let exact = 0;
  let given = 0;
  return powersW.map((powerW) => {
    exact += Math.abs(powerW - Math.round(powerW)) < 0.01 ? Math.round(powerW) : powerW;
    const whole = Math.round(exact - 1e-9) - given;
    given += whole;
    return Math.max(0, whole);
  });
}

/** Power of a car that is nothing or at least its minimum, without the solver's noise, W. */
function settled(powerW: number, evse: Pick<PlanEvse, "minPowerW" | "maxPowerW">, isBinary: boolean): number {
  if (powerW < NOISE_W) return 0;
  if (powerW > evse.maxPowerW - NOISE_W) return evse.maxPowerW;
  if (!isBinary) return powerW;
  if (powerW >= evse.minPowerW) return powerW;
  return powerW >= evse.minPowerW - NOISE_W ? evse.minPowerW : 0;
}

function evsePlan(index: number, context: { input: PlanInput; layout: PlanLayout; values: ArrayLike<number> }) {
  const { input, layout, values } = context;
  const evse = input.evses[index]!;
  const { power: variables, discharge, single } = layout.evses[index]!;
  const onePhaseSlots = single.flatMap((variable, slot) => ((values[variable] ?? 0) * 1000 > NOISE_W ? [slot] : []));
  const exact = Array.from({ length: input.slots }, (_, slot) => {
    const variable = variables[slot];
    const bounds = evse.onePhase && onePhaseSlots.includes(slot) ? evse.onePhase : evse;
    return variable === undefined ? 0 : settled((values[variable] ?? 0) * 1000, bounds, slot < input.binarySlots);
  });
  const gives = discharge.map((variable) => (values[variable] ?? 0) * 1000);
  const apart = settledDischarge(evse, exact, gives);
  const given = {
    ...(discharge.length > 0 ? { dischargeW: apart.dischargeW } : {}),
    ...(onePhaseSlots.length > 0 ? { onePhaseSlots } : {}),
  };
  const powerW = wholeWatts(apart.chargeW);
  const netWh = netChargedWh(evse, { powerW, ...given }, input);
  const shortfallWh = Math.round(Math.max(0, evse.energyNeededWh - netWh));
  return { evseId: evse.evseId, transactionId: evse.transactionId, powerW, ...given, shortfallWh };
}

/** Powers that the battery can really follow: never above what fits in, nor below what is in it. */
function withinStore(battery: PlanBattery, powersW: readonly number[], input: PlanInput): number[] {
  const lowestWh = Math.min(battery.minEnergyWh, battery.energyWh);
  const highestWh = Math.max(battery.capacityWh, battery.energyWh);
  let storedWh = battery.energyWh;
  return powersW.map((wantedW, slot) => {
    const hours = slotHours(input, slot);
    const mostW = (highestWh - storedWh) / hours / battery.efficiency;
    const leastW = (-(storedWh - lowestWh) / hours) * battery.efficiency;
    const powerW = Math.trunc(clamp(wantedW, leastW, mostW) + Math.sign(wantedW) * 0.01);
    storedWh += (powerW > 0 ? powerW * battery.efficiency : powerW / battery.efficiency) * hours;
    return powerW === 0 ? 0 : powerW;
  });
}

/** The plan that a solution describes; costs and flows are computed anew from its whole watts. */
export function planFromSolution(
  input: PlanInput,
  layout: PlanLayout,
  solved: Pick<PlanResult, "status" | "detail" | "solveMs" | "gap"> & { readonly values: ArrayLike<number> },
): PlanResult {
  const { values, ...said } = solved;
  const evses = input.evses.map((_, index) => evsePlan(index, { input, layout, values }));
  const batteries = input.batteries.map((battery, index) => {
    const { charge, discharge } = layout.batteries[index]!;
    const netW = charge.map((variable, slot) => ((values[variable] ?? 0) - (values[discharge[slot]!] ?? 0)) * 1000);
    return { deviceId: battery.deviceId, powerW: withinStore(battery, netW, input) };
  });
  const pvUsedW = layout.pvs.map((variable) => (values[variable] ?? 0) * 1000);
  const flows = flowsOf(input, { evses, batteries, pvUsedW });
  const rooms = circuitRooms(input);
  const evening = counterweights(input);
  const eager = evses.map((planned, index) => {
    const isCounterweight = evening[index] === true;
    const slots = eagerSlots(index, planned, { input, importW: flows.importW, rooms, isCounterweight });
    const sold = soldSunSlots(index, planned, { input, ...flows });
    return { ...planned, ...(slots > 0 ? { eagerSlots: slots } : {}), ...(sold > 0 ? { soldSunSlots: sold } : {}) };
  });
  return { ...said, evses: eager, batteries, ...flows };
}
