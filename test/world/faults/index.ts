/** Every kind of fault, and the draw of one. */
import type { Fault, FaultFamily, FaultKind } from "../fault.ts";
import type { WorldPlan } from "../plan.ts";
import type { Draw } from "../random.ts";
import { CAR_FAULTS } from "./car.ts";
import { CHARGE_POINT_FAULTS } from "./charge-point.ts";
import { CLOCK_FAULTS } from "./clock.ts";
import { DISK_FAULTS } from "./disk.ts";
import { GIVING_FAULTS } from "./giving.ts";
import { METER_FAULTS, METER_LIES } from "./meter.ts";
import { OPERATOR_FAULTS } from "./operator.ts";
import { PLANNER_FAULTS } from "./planner.ts";
import { PROCESS_FAULTS } from "./process.ts";
import { SITE_FAULTS } from "./site.ts";
import { WIRING_FAULTS } from "./wiring.ts";

export const FAULTS: Readonly<Record<string, FaultFamily>> = {
  meter: METER_FAULTS,
  "meter-lie": METER_LIES,
  "charge-point": CHARGE_POINT_FAULTS,
  disk: DISK_FAULTS,
  process: PROCESS_FAULTS,
  clock: CLOCK_FAULTS,
  site: SITE_FAULTS,
  planner: PLANNER_FAULTS,
  operator: OPERATOR_FAULTS,
  car: CAR_FAULTS,
  wiring: WIRING_FAULTS,
};

/** Kinds of worlds in which cars give energy back, and of no other. */
const GIVING: Readonly<Record<string, FaultFamily>> = { giving: GIVING_FAULTS };

/** All kinds as `family/kind`, but those of cars that give. */
export const FAULT_NAMES: readonly string[] = namesOf(FAULTS);
export const GIVING_NAMES: readonly string[] = namesOf(GIVING);

function namesOf(families: Readonly<Record<string, FaultFamily>>): string[] {
  return Object.entries(families).flatMap(([family, kinds]) => Object.keys(kinds).map((kind) => `${family}/${kind}`));
}

/** The site begins to charge first; and everything is over before the calm. */
const EARLIEST_S = 130;
const LATEST_END_S = 960;

export function kindOf({ family, kind }: Pick<Fault, "family" | "kind">): FaultKind {
  return { ...FAULTS, ...GIVING }[family]![kind]!;
}

/** Whether it can be done to the world of this plan. */
export function happens(plan: WorldPlan, fault: Fault): boolean {
  return kindOf(fault).isPossible?.(plan, fault) ?? true;
}

/** Kinds that are drawn when everything else is. */
export const LATE_NAMES: readonly string[] = FAULT_NAMES.filter(isLate);

function isLate(name: string): boolean {
  const [family, kind] = name.split("/") as [string, string];
  return kindOf({ family, kind }).drawnLast === true;
}

/** A fault at a time of its own; `only` is `family/kind` or a family. */
export function drawFault(draw: Draw, only?: string): Fault {
  const usual = FAULT_NAMES.filter((name) => name === only || !isLate(name)).concat(only ? GIVING_NAMES : []);
  const names = only === undefined ? usual : usual.filter((name) => name === only || name.startsWith(`${only}/`));
  if (names.length === 0) throw new Error(`There is no fault ${only}; there are: ${FAULT_NAMES.join(", ")}`);
  const family = draw.one([...new Set(names.map((name) => name.split("/")[0]!))]);
  const name = draw.one(names.filter((of) => of.startsWith(`${family}/`)));
  const kind = name.slice(family.length + 1);
  const [least, most] = kindOf({ family, kind }).seconds;
  const forS = draw.whole(least, most);
  const fromS = kindOf({ family, kind }).fromTheStart ? 1 : draw.whole(EARLIEST_S, LATEST_END_S - forS);
  return { family, kind, fromS, forS, pick: draw.part() };
}
