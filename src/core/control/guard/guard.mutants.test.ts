/** Broken guards are found out in these worlds: the checker can fail. */
import { describe, expect, test } from "vitest";
import type { PerPhase } from "../../quantity.ts";
import type { Step } from "../plant.test-kit.ts";
import { controlStep } from "../step.ts";
import { live, type World } from "../worlds.test-kit.ts";

/** Worlds in which cars and loads cannot but meet at the fuse. */
const crowded: World = {
  mainFuseA: 40,
  garageFuseA: 40,
  garageMeter: true,
  evses: [0, 1, 2].map((rotation) => ({
    rotation,
    wires: 3,
    maxCurrentA: 16,
    safe: true,
    garage: rotation === 2,
    priority: 5,
    switches: false,
  })),
  cars: [0, 1, 2].map((at) => ({ evse: at, arrivesS: 10, staysS: 900, phases: 3, takesA: 16, obeyS: 3 })),
  loads: [
    { fromS: 300, forS: 200, phase: 1, currentA: 12, garage: false },
    { fromS: 600, forS: 100, phase: 3, currentA: 14, garage: false },
  ],
  faults: [{ kind: "meter", evse: 0, fromS: 200, forS: 60 }],
  meterEveryS: 10,
  planned: undefined,
  unbalanceLimitA: undefined,
};
/** One comes while the meter is silent. */
const arriving: World = {
  ...crowded,
  cars: crowded.cars.map((car) => (car.evse === 2 ? { ...car, arrivesS: 25 } : car)),
  faults: [{ kind: "meter", evse: 0, fromS: 14, forS: 60 }],
};
const withoutFaults: World = { ...crowded, faults: [] };

/** What an EVSE was allowed before, by its last command: a guard that never lowers a limit. */
function neverLowers(): Step {
  const sent = new Map<string, number>();
  return (input, memory) => {
    const step = controlStep(input, memory);
    const commands = step.commands.filter((command) => {
      if (command.type !== "set-limit") return true;
      const currentA = command.schedule.periods[0]!.currentA;
      if (currentA < (sent.get(command.evseId) ?? 0)) return false;
      sent.set(command.evseId, currentA);
      return true;
    });
    return { ...step, commands };
  };
}

/** A guard that takes an old reading for a fresh one. */
const ignoresAge: Step = (input, memory) => {
  const { monoMs } = input.image;
  const meters = new Map([...input.image.meters].map(([id, reading]) => [id, { ...reading, atMonoMs: monoMs }]));
  return controlStep({ ...input, image: { ...input.image, meters } }, memory);
};

/** A guard that takes a reading for a third of itself, as one that takes the sum for each phase. */
const readsTooLittle: Step = (input, memory) => {
  const meters = new Map(
    [...input.image.meters].map(([id, reading]) => {
      const currentA = reading.currentA!.map((value) => value / 3) as unknown as PerPhase;
      return [id, { ...reading, currentA }];
    }),
  );
  return controlStep({ ...input, image: { ...input.image, meters } }, memory);
};

/** Leases without their end. */
const neverEnds: Step = (input, memory) => {
  const step = controlStep(input, memory);
  const commands = step.commands.map((command) =>
    command.type === "set-limit"
      ? { ...command, schedule: { ...command.schedule, periods: command.schedule.periods.slice(0, 1) } }
      : command,
  );
  return { ...step, commands };
};

const givesFiveAmperes: Step = (input, memory) => {
  const step = controlStep(input, memory);
  return { ...step, evses: step.evses.map((entry) => (entry.currentA > 6 ? { ...entry, currentA: 5 } : entry)) };
};

describe("the checker can fail", () => {
  test("with the real guard these worlds are clean", () => {
    expect(live(crowded).violations).toEqual([]);
    expect(live(withoutFaults).violations).toEqual([]);
  });

  test.each([
    ["a guard that never lowers a limit", neverLowers(), withoutFaults, /carries .* A of 40 A/],
    ["a guard that reads too little", readsTooLittle, withoutFaults, /carries .* A of 40 A/],
    ["a guard that ignores the age of a reading", ignoresAge, crowded, /not at its safe current without a meter/],
    ["a guard that raises on an old reading", ignoresAge, arriving, /is raised .* without a good meter/],
    ["leases that never end", neverEnds, withoutFaults, /does not end in its safe current/],
    ["a limit below the minimum", givesFiveAmperes, withoutFaults, /neither 0 nor 6/],
  ] as const)("%s is found out", (_, step, w, complaint) => {
    expect(live(w, step).violations.join("\n")).toMatch(complaint);
  });
});
