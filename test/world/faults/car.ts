/** Cars that do what no charge point told them. */
import type { Car } from "../../../src/sim/models/car.ts";
import { type Fault, type FaultFamily, pickOf } from "../fault.ts";
import type { World } from "../world.ts";

function carOf(world: World, fault: Fault): Car | undefined {
  return world.site.wired.car(pickOf(world.chargePoints, fault).stall.id);
}

/** Those that charge on one phase, and what they have else. */
const onOne = new WeakMap<Car, Car["options"]>();

export const CAR_FAULTS: FaultFamily = {
  "changes-phases": {
    story: "charges on one phase for a while, and then on all that it has again",
    seconds: [30, 300],
    begin: (world, fault) => {
      const car = carOf(world, fault);
      if (!car || onOne.has(car)) return;
      onOne.set(car, car.options);
      car.options = { ...car.options, phases: 1 };
    },
    end: (world, fault) => {
      const car = carOf(world, fault);
      const options = car && onOne.get(car);
      if (!options) return;
      onOne.delete(car);
      car.options = options;
    },
  },
};
