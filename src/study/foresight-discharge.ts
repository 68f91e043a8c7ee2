/** What a car could give back, in the model of perfect foresight: as the controller may, knowing all in advance. */
import { SLOT_HOURS } from "../core/time/slots.ts";
import type { ModelBuilder } from "../planner/model/linear-model.ts";
import type { ModelCar } from "./model-car.ts";

const KILO = 1000;

/** What a kWh given back takes to be charged again, kWh. */
export function backFactor({ evse }: ModelCar): number {
  return evse.discharge ? 100 / evse.discharge.efficiencyPercent : 1;
}

/** How far below what it came with a car may be emptied, kWh as charged. */
function belowKwh({ evse, session }: ModelCar): number {
  const { discharge } = evse;
  if (!discharge) return 0;
  const efficiency = Math.sqrt(discharge.efficiencyPercent / 100);
  const storedWh = session.energyWh * efficiency;
  const capacityWh = Math.max(discharge.capacityWh, storedWh * 1.25);
  const leastWh = (capacityWh * discharge.minSocPercent) / 100;
  return Math.max(0, capacityWh - storedWh - leastWh) / efficiency / KILO;
}

/** Variables by slot of what a car gives, kW, with what is in it kept between empty enough and full. */
export function addGiving(
  build: ModelBuilder,
  car: ModelCar,
  {
    charging,
    doneKwh,
  }: { readonly charging: readonly (readonly [slot: number, variable: number])[]; readonly doneKwh: number },
): [number, number][] {
  const { discharge } = car.evse;
  if (!discharge) return [];
  const { id, energyWh } = car.session;
  const back = backFactor(car);
  const mostKw = Math.min(car.maxKw, discharge.maxPowerW / KILO);
  let before: number | undefined;
  return charging.map(([slot, variable]) => {
    const d = build.variable(`g${id}_${slot}`, { upper: mostKw, cost: discharge.wearEurPerKwh * SLOT_HOURS });
    const inIt = build.variable(`n${id}_${slot}`, {
      lower: -belowKwh(car) - doneKwh,
      upper: Math.max(0, energyWh / KILO - doneKwh),
    });
    const terms = [
      { variable: inIt, coefficient: 1 },
      { variable, coefficient: -SLOT_HOURS },
      { variable: d, coefficient: back * SLOT_HOURS },
      ...(before === undefined ? [] : [{ variable: before, coefficient: -1 }]),
    ];
    build.row(`n${id}_${slot}`, { lower: 0, upper: 0 }, terms);
    before = inIt;
    return [slot, d];
  });
}
