/**
 * Cars that give energy back (SMAC 5.3.2): what they may give, how far they may be emptied, and what it costs. Circuits are
 * reckoned as if they gave nothing: a fuse must hold when a driver unplugs. Energy is counted at the EVSE as what it takes
 * to charge it: a kWh given takes `1 / efficiency^2` kWh to bring back.
 */
import type { PlanEvse, PlanInput } from "../../core/facts/plan-facts.ts";
import { PHASE_INDEXES } from "../../core/quantity.ts";
import { type CircuitRoom, chargingHours, mostEnergyWh, slotsUntilDeparture } from "../input/limits.ts";
import type { CarCostContext } from "./car-cost.ts";
import { type ModelBuilder, term } from "./linear-model.ts";

const KILO = 1000;
/** Whether a car gives is a yes-or-no in the first two hours at most: later slots are planned anew long before they come. */
const GIVES_SLOTS = 8;
/** What a Wh given back takes to be charged again, Wh. */
export function backFactor(evse: PlanEvse): number {
  return evse.discharge ? 1 / evse.discharge.efficiency ** 2 : 1;
}

/** Energy that a plan leaves in a car, Wh as charged: what it takes less what brings back what it gives. */
export function netChargedWh(
  evse: PlanEvse,
  { powerW, dischargeW = [] }: { readonly powerW: readonly number[]; readonly dischargeW?: readonly number[] },
  input: PlanInput,
): number {
  const back = backFactor(evse);
  return powerW.reduce(
    (sum, chargeW, slot) => sum + (chargeW - back * (dischargeW[slot] ?? 0)) * chargingHours(evse, slot, input),
    0,
  );
}

/** Nobody is paid for giving where energy costs nothing, and burning it in the losses must not pay. */
function mostKw(evse: PlanEvse, slot: number, input: PlanInput): number {
  return (input.importEurPerKwh[slot] ?? 0) > 0 ? (evse.discharge?.maxPowerW ?? 0) / KILO : 0;
}

/** Variables of a car's charging by slot, its yes-or-no in the first ones. */
interface Charging {
  readonly power: readonly number[];
  readonly on: readonly number[];
  readonly onSingle: readonly number[];
}

/** Of what a car gives, kW, by slot, and whether it gives anything: that in the first slots only. */
interface Given {
  readonly discharge: readonly number[];
  readonly gives: readonly number[];
}

/** A slot in which a car gives nothing or at least so much, and charges or gives or neither. */
function addGives(
  build: ModelBuilder,
  name: string,
  of: { readonly d: number; readonly minKw: number; readonly upper: number; readonly charges: readonly number[] },
): number {
  const { d, minKw, upper, charges } = of;
  const gives = build.binary(`gives${name}`);
  build.row(`givemost${name}`, { upper: 0 }, [term(d, 1), term(gives, -upper)]);
  build.row(`giveleast${name}`, { lower: 0 }, [term(d, 1), term(gives, -minKw)]);
  build.row(`giveor${name}`, { upper: 1 }, [term(gives, 1), ...charges.map((yes) => term(yes, 1))]);
  return gives;
}

/**
 * Variables of what a car gives in each slot until it leaves, and what is in it between its bounds after each. Empty for a car
 * that may not.
 */
export function addDischarge(build: ModelBuilder, index: number, at: CarCostContext & { charging: Charging }): Given {
  const { input, weights } = at;
  const { power, on, onSingle } = at.charging;
  const evse = input.evses[index]!;
  const { discharge } = evse;
  if (!discharge || power.length === 0) return { discharge: [], gives: [] };
  const back = backFactor(evse);
  const aboveKwh = Math.max(discharge.aboveWh, mostEnergyWh(evse)) / KILO;
  const gives: number[] = [];
  let before: number | undefined;
  const given = power.map((charging, slot) => {
    const hours = chargingHours(evse, slot, input);
    const upper = mostKw(evse, slot, input);
    // Who may have left by then has given what was not brought back.
    const risk = -back * weights.riskEurPerKwh(evse, slot);
    const d = build.variable(`give${index}_${slot}`, { upper, cost: (discharge.wearEurPerKwh + risk) * hours });
    const net = build.variable(`net${index}_${slot}`, { lower: -discharge.belowWh / KILO, upper: aboveKwh });
    const change = [term(net, 1), term(charging, -hours), term(d, back * hours)];
    const row = before === undefined ? change : [...change, term(before, -1)];
    build.row(`net${index}_${slot}`, { lower: 0, upper: 0 }, row);
    before = net;
    const yes = on[slot];
    if (yes === undefined) return d;
    if (discharge.minPowerW === undefined || slot >= GIVES_SLOTS)
      build.row(`gives${index}_${slot}`, { upper }, [term(d, 1), term(yes, upper)]);
    else {
      const charges = onSingle[slot] === undefined ? [yes] : [yes, onSingle[slot]];
      gives.push(addGives(build, `${index}_${slot}`, { d, minKw: discharge.minPowerW / KILO, upper, charges }));
    }
    return d;
  });
  return { discharge: given, gives };
}

interface Giving {
  readonly evses: readonly { readonly discharge: readonly number[] }[];
}

/** What is given must not overload a circuit backwards; that others draw meanwhile is not counted on. */
export function addReverseLimits(
  build: ModelBuilder,
  rooms: readonly CircuitRoom[],
  { layout, input }: { readonly layout: Giving; readonly input: PlanInput },
): void {
  for (const [number, room] of rooms.entries()) {
    const givers = room.evses.filter((index) => layout.evses[index]!.discharge.length > 0);
    if (givers.length === 0) continue;
    const limitW = room.circuit.limitA * input.nominalVoltageV;
    for (let slot = 0; slot < input.slots; slot++) {
      const sunW = room.isRoot ? (input.pvW[slot] ?? 0) / input.sitePhases : 0;
      for (const phase of PHASE_INDEXES) {
        const terms = givers.flatMap((index) => {
          const { phases } = input.evses[index]!;
          const variable = layout.evses[index]!.discharge[slot];
          return variable === undefined || !phases.includes(phase) ? [] : [term(variable, 1 / phases.length)];
        });
        if (terms.length > 0)
          build.row(`back${number}_${phase}_${slot}`, { upper: Math.max(0, limitW - sunW) / KILO }, terms);
      }
    }
  }
}

/** Whether a car has slots in a plan: it needs energy, or may give some until it leaves. */
export function plannedSlots(evse: PlanEvse, input: PlanInput): number {
  return evse.energyNeededWh > 0 || evse.discharge ? slotsUntilDeparture(evse, input) : 0;
}

/**
 * What a car takes and gives in whole watts by the solution's numbers: never both in one slot, the energy in the car as it
 * was meant to be.
 */
export function settledDischarge(evse: PlanEvse, chargeW: readonly number[], dischargeW: readonly number[]) {
  const back = backFactor(evse);
  const both = chargeW.map((takes, slot) => ({ takes, gives: dischargeW[slot] ?? 0 }));
  const apart = both.map(({ takes, gives }) => {
    if (gives < 1) return { takes, gives: 0 };
    const netW = takes - gives * back;
    return netW >= 0 ? { takes: netW, gives: 0 } : { takes: 0, gives: -netW / back };
  });
  return { chargeW: apart.map(({ takes }) => takes), dischargeW: apart.map(({ gives }) => Math.floor(gives)) };
}
