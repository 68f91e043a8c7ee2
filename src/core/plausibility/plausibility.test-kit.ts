/** A plant whose meters can lie, and a control step that examines them first. */
import type { Step } from "../control/plant.test-kit.ts";
import { Plant, type PlantOptions } from "../control/plant.test-kit.ts";
import { siteOf, VOLTAGE_V } from "../control/site.test-kit.ts";
import { controlStep } from "../control/step.ts";
import type { MeterReading } from "../image.ts";
import type { PerPhase } from "../quantity.ts";
import { examineMeters, initialPlausibility } from "./plausibility.ts";

/** A control step as the controller takes it. */
export function examiningStep(): Step {
  let memory = initialPlausibility();
  return (input, control) => {
    const examined = examineMeters(memory, input);
    memory = examined.memory;
    const step = controlStep({ ...input, image: examined.image }, control);
    return { ...step, drafts: [...examined.drafts, ...step.drafts] };
  };
}

export type Lie = (reading: MeterReading, second: number) => MeterReading;

/** A plant with a meter that lies from a second on, until it is told the truth. A restart forgets what was examined. */
export function lyingPlant(options: PlantOptions) {
  let examining = examiningStep();
  const plant = new Plant({ ...options, step: (input, control) => examining(input, control) });
  const restart = plant.restart.bind(plant);
  plant.restart = () => {
    restart();
    examining = examiningStep();
  };
  const lies = new Map<string, Lie>();
  const set = plant.meters.set.bind(plant.meters);
  plant.meters.set = (id, reading) => set(id, lies.get(id)?.(reading, plant.second) ?? reading);
  return { plant, lies };
}

/** The charge points tell the power of their cars, and no currents. */
export function tellPowerAlone({ stations }: Plant): void {
  for (const station of stations.values()) station.fault = { powerAlone: true };
}

function withCurrents(reading: MeterReading, currentA: PerPhase): MeterReading {
  const powerW = Math.round((currentA[0] + currentA[1] + currentA[2]) * VOLTAGE_V);
  return { ...reading, currentA, powerW };
}

const on =
  (change: (currentA: PerPhase) => PerPhase): Lie =>
  (reading) =>
    withCurrents(reading, change(reading.currentA!));

export const turned = on(([a, b, c]) => [-a, -b, -c]);
export const turnedL2 = on(([a, b, c]) => [a, -b, c]);
export const swappedL1L2 = on(([a, b, c]) => [b, a, c]);
export const rotated = on(([a, b, c]) => [c, a, b]);
export const deadL3 = on(([a, b]) => [a, b, 0]);
export const scaled = (factor: number) =>
  on(([a, b, c]) => [a, b, c].map((value) => Math.round(value * factor * 10) / 10) as unknown as PerPhase);

/** A building that flickers by an ampere and has a fridge and a boiler. */
export function lively(second: number): PerPhase {
  const flicker = (phase: number) => ((second * (7 + phase)) % 13) / 13;
  const boiler = second % 400 < 120 ? 9 : 0;
  return [4 + flicker(0), 3 + flicker(1) + boiler, 5 + flicker(2) + (second % 97 < 30 ? 1.5 : 0)];
}

/** What is doubted now, without since when. */
export const doubts = (plant: Plant) => Object.values(plant.state.site.doubts).map(({ sinceMs: _, ...doubt }) => doubt);

/** Cars come and go one after the other; gives when something was doubted first, s. */
export function comeAndGo(plant: Plant, until: number, cars: Record<string, 1 | 2 | 3>): number | undefined {
  const ids = Object.keys(cars);
  let found: number | undefined;
  plant.run(until, () => {
    const { second } = plant;
    ids.forEach((id, index) => {
      const turn = (second + index * 97) % 300;
      if (turn === 20 && !plant.station(id).car) plant.plug(id, { phases: cars[id]! });
      if (turn === 240 && plant.station(id).car) plant.unplug(id);
    });
    if (doubts(plant).length > 0) found ??= second;
  });
  return found;
}

/** A start of the controller. */
export const booted = (configurationHash: string) =>
  ({ type: "booted", source: "test", data: { release: "test", cleanStop: true, configurationHash } }) as const;
/** Two EVSEs in the garage, and sites of one or two at the grid connection. */
export const garageEvses = ["a", "b"].map((id) => ({ id, circuit: "garage", safeCurrentA: 0 }));
export const one = () => siteOf({ mainFuseA: 63, evses: [{ id: "a" }] });
export const two = () => siteOf({ mainFuseA: 63, evses: [{ id: "a" }, { id: "b" }] });
