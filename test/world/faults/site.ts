/** Building, sun and battery do what they like, within what the site is configured for. */
import type { PerPhase } from "../../../src/core/quantity.ts";
import type { SimulatedChargePoint } from "../charge-point.ts";
import type { Fault, FaultFamily, FaultKind } from "../fault.ts";
import type { World } from "../world.ts";

const MUCH_A = 500;

function loaded(
  story: string,
  seconds: FaultKind["seconds"],
  loadOf: (world: World, fault: Fault) => PerPhase,
): FaultKind {
  return {
    story,
    seconds,
    begin: () => {},
    each: (world, fault) => void world.site.extraA.set(fault, loadOf(world, fault)),
    end: ({ site }, fault) => void site.extraA.delete(fault),
  };
}

const BACK_AFTER_S = 10;
/** A computer and a controller that start. */
const CONTROLLER_BACK_AFTER_S = 50;
const MOST_BOOT_S = 50;

/** Starts again with the power: what it was told last may still hold, by its own clock. */
function startAgain(chargePoint: SimulatedChargePoint): void {
  if (!chargePoint.rebooting) return;
  chargePoint.rebooting = false;
  chargePoint.booted();
}

const powerCut: FaultKind = {
  story: "loses all power for some seconds, and takes the most that it can when it is back",
  seconds: [MOST_BOOT_S + BACK_AFTER_S, 200],
  begin: (world) => {
    world.kill(CONTROLLER_BACK_AFTER_S);
    for (const chargePoint of world.chargePoints) {
      chargePoint.rebooting = true;
      chargePoint.openRelay();
    }
  },
  each: (world, fault) => {
    const sinceS = world.second - fault.fromS - BACK_AFTER_S;
    if (sinceS === 0) world.site.extraA.set(fault, [MUCH_A, MUCH_A, MUCH_A]);
    world.chargePoints.forEach((chargePoint, index) => {
      if (sinceS === Math.round((MOST_BOOT_S * index) / world.chargePoints.length)) startAgain(chargePoint);
    });
  },
  end: (world, fault) => {
    world.site.extraA.delete(fault);
    world.chargePoints.forEach(startAgain);
  },
};

export const SITE_FAULTS: FaultFamily = {
  worst: loaded("takes the most that it can on all phases at once", [10, 300], () => [MUCH_A, MUCH_A, MUCH_A]),
  "one-phase": loaded("takes the most that it can on one phase", [10, 300], (_, { pick }) => {
    const phase = Math.floor(pick * 3);
    return [0, 1, 2].map((of) => (of === phase ? MUCH_A : 0)) as unknown as PerPhase;
  }),
  flickers: loaded("switches its most on and off every few seconds", [60, 300], ({ second }, { pick }) => {
    const on = second % (6 + Math.floor(pick * 20)) < 4;
    return on ? [MUCH_A, MUCH_A, MUCH_A] : [0, 0, 0];
  }),
  "power-cut": powerCut,
  cloud: {
    story: "loses its sun within a second",
    seconds: [10, 200],
    begin: ({ site }) => {
      site.sun = 0.05;
    },
    end: ({ site }) => {
      site.sun = 1;
    },
  },
  clouds: {
    story: "has sun and clouds in turns",
    seconds: [60, 300],
    begin: () => {},
    each: ({ site, second }) => {
      site.sun = second % 40 < 20 ? 1 : 0.1;
    },
    end: ({ site }) => {
      site.sun = 1;
    },
  },
  "devices-silent": {
    story: "has a sun and a battery that do not answer",
    seconds: [10, 300],
    begin: (world) => {
      world.devicesSilent = true;
    },
    end: (world) => {
      world.devicesSilent = false;
    },
  },
  "battery-alone": {
    story: "has a battery that charges with full power whatever it is told",
    seconds: [20, 300],
    begin: (world) => {
      world.batteryDeaf = true;
    },
    each: ({ site, plan }) => site.battery?.command(plan.battery!.maxW, 5),
    end: (world) => {
      world.batteryDeaf = false;
    },
  },
};
