/** Charge points that go, forget, disobey or tell nonsense. */
import type { SimulatedChargePoint, Trouble } from "../charge-point.ts";
import { type Fault, type FaultFamily, type FaultKind, pickOf } from "../fault.ts";
import type { WorldPlan } from "../plan.ts";
import type { World } from "../world.ts";

const LONG = [10, 300] as const;
const of = (world: World, fault: Fault) => pickOf(world.chargePoints, fault);

const isSwitched = (plan: WorldPlan, fault: Fault) => pickOf(plan.stalls, fault).phaseSwitching;

function troubled(story: string, name: keyof Trouble): FaultKind {
  return {
    story,
    seconds: LONG,
    begin: (world, fault) => {
      of(world, fault).trouble[name] = true;
    },
    end: (world, fault) => {
      delete of(world, fault).trouble[name];
    },
  };
}

function offline(world: World, fault: Fault, chargePoint: SimulatedChargePoint): void {
  world.drop(chargePoint, fault.fromS + fault.forS + world.draw.whole(0, 15));
}

function rebooting(story: string, forget?: (chargePoint: SimulatedChargePoint) => void): FaultKind {
  return {
    story,
    seconds: [15, 90],
    begin: (world, fault) => {
      of(world, fault).rebooting = true;
      of(world, fault).openRelay();
      world.drop(of(world, fault), fault.fromS + fault.forS);
    },
    end: (world, fault) => {
      const chargePoint = of(world, fault);
      chargePoint.rebooting = false;
      forget?.(chargePoint);
      chargePoint.booted();
    },
  };
}

const halfOpen: FaultKind = {
  story: "is cut off, and nobody notices until the ping times out",
  seconds: [20, 300],
  begin: (world, fault) => {
    of(world, fault).trouble.halfOpen = true;
  },
  each: (world, fault) => {
    const NOTICED_AFTER_S = 45;
    const { fromS, forS } = fault;
    if (world.second === fromS + NOTICED_AFTER_S) world.drop(of(world, fault), fromS + forS);
  },
  end: (world, fault) => {
    delete of(world, fault).trouble.halfOpen;
    if (of(world, fault).connected) world.drop(of(world, fault), world.second + 2);
  },
};

const flood: FaultKind = {
  story: "sends forty messages a second",
  seconds: [5, 60],
  begin: () => {},
  each: (world, fault) => {
    const chargePoint = of(world, fault);
    if (!chargePoint.connected) return;
    for (let message = 0; message < 40; message++) {
      const status = world.draw.one(["charging", "charging", "suspended-ev"] as const);
      if (message % 2) chargePoint.tell({ type: "status", chargePointId: chargePoint.id, connector: 1, status });
      else chargePoint.tell({ type: "heartbeat", chargePointId: chargePoint.id });
    }
  },
  end: (world, fault) => {
    const chargePoint = of(world, fault);
    const status = chargePoint.open ? "charging" : "available";
    chargePoint.tell({ type: "status", chargePointId: chargePoint.id, connector: 1, status });
  },
};

const wrongClock: FaultKind = {
  story: "has a clock that is wrong by minutes or hours",
  seconds: [30, 400],
  begin: (world, fault) => {
    of(world, fault).clockErrorMs = world.draw.one([-7_200_000, -300_000, -40_000, 40_000, 300_000, 3_600_000]);
  },
  end: (world, fault) => {
    of(world, fault).clockErrorMs = 0;
  },
};

const driftingClock: FaultKind = {
  story: "has a clock that gains or loses a tenth of a second each second, and is put right",
  seconds: [60, 400],
  begin: () => {},
  each: (world, fault) => {
    const byMs = fault.pick < 0.5 ? 100 : -100;
    of(world, fault).clockErrorMs = byMs * (world.second - fault.fromS);
  },
  end: (world, fault) => {
    of(world, fault).clockErrorMs = 0;
  },
};

/** A charge point that an installer has, and no fault at all; more often than not it is of the same make as others of the site. */
const powerAlone: FaultKind = {
  story: "tells its power and no currents, and so do those after it",
  // Longer than a world.
  seconds: [2000, 2000],
  fromTheStart: true,
  drawnLast: true,
  begin: (world, fault) => {
    const { chargePoints } = world;
    for (const chargePoint of chargePoints.slice(chargePoints.indexOf(of(world, fault))))
      chargePoint.trouble.powerAlone = true;
  },
};

export const CHARGE_POINT_FAULTS: FaultFamily = {
  offline: {
    story: "loses its network",
    seconds: [10, 400],
    begin: (world, fault) => offline(world, fault, of(world, fault)),
  },
  "offline-at-maximum": {
    story: "loses its network, and offers its maximum until it is back",
    seconds: [10, 400],
    begin: (world, fault) => {
      const chargePoint = of(world, fault);
      // Where no meter sees it, nobody can know.
      chargePoint.trouble.unbound = chargePoint.stall.circuit === "grid" || world.plan.garage?.metered === true;
      offline(world, fault, chargePoint);
    },
    end: (world, fault) => {
      delete of(world, fault).trouble.unbound;
    },
  },
  "all-offline": {
    story: "and all others lose the network together, and come back together",
    seconds: [10, 300],
    begin: (world, fault) => {
      for (const chargePoint of world.chargePoints) offline(world, fault, chargePoint);
    },
  },
  "half-open": halfOpen,
  reboots: rebooting("reboots and remembers its limits"),
  "reboots-forgetting": rebooting("reboots and forgets its limits", (of) => of.forget()),
  "reboots-at-maximum": rebooting("reboots and offers its maximum until it is told its safe current", (of) =>
    of.forgetAll(),
  ),
  forgets: {
    story: "loses its limits without a word",
    seconds: [1, 1],
    begin: (world, fault) => of(world, fault).forget(),
  },
  ignores: troubled("accepts every limit and offers its maximum", "ignores"),
  rejects: troubled("refuses every limit", "rejects"),
  silent: troubled("neither answers nor does what it is told", "silent"),
  generous: troubled("lets its car draw a tenth more than its limit", "generous"),
  "never-pauses": troubled("takes a limit of 0 A for one of 6 A", "neverPauses"),
  "obeys-late": troubled("takes every limit, and does it 20 s later", "obeysLate"),
  "answers-late": troubled("does what it is told and answers 20 s later", "answersLate"),
  overstates: troubled("has a meter that shows ten times what its car draws", "overstates"),
  understates: troubled("has a meter that shows nothing", "understates"),
  "ignores-number-phases": {
    ...troubled("gives all phases, whatever it is told", "allPhases"),
    drawnLast: true,
    isPossible: isSwitched,
  },
  "falls-back-to-all-phases": {
    story: "loses its network, and gives all phases until it is told again",
    seconds: [10, 300],
    drawnLast: true,
    isPossible: isSwitched,
    begin: (world, fault) => {
      const chargePoint = of(world, fault);
      chargePoint.trouble.allPhases = true;
      offline(world, fault, chargePoint);
    },
    end: (world, fault) => {
      delete of(world, fault).trouble.allPhases;
    },
  },
  mute: troubled("sends no meter values", "mute"),
  repeats: troubled("sends everything twice", "repeats"),
  disorders: troubled("sends meter values and status in the wrong order", "disorders"),
  "wrong-clock": wrongClock,
  "drifting-clock": driftingClock,
  flood,
  "power-alone": powerAlone,
};
