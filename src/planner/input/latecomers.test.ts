import { describe, expect, it } from "vitest";
import type { PlanInput } from "../../core/facts/plan-facts.ts";
import type { Stay } from "../../core/state/stays.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import { planEvse, planInput } from "../plan-input.test-kit.ts";
import { withLatecomers } from "./latecomers.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A Wednesday, 16:00 UTC. */
const NOW_MS = Date.parse("2026-06-17T16:00Z");

/** Places of one phase each, 32 A, on L1, L2, L3, L1 ... behind a garage's fuse. */
const evses = Array.from({ length: 6 }, (_, index) => ({
  id: `place-${index + 1}`,
  circuitPath: ["garage", "grid"],
  phases: [(index % 3) as 0 | 1 | 2],
  maxCurrentA: 32,
}));
const site = { voltageV: 230, evses };

function garage(limitA: number, part: Partial<PlanInput> = {}): PlanInput {
  const here = planEvse({ evseId: "place-1", circuitId: "garage", phases: [0], departureMs: NOW_MS + 14 * HOUR_MS });
  return planInput({
    startMs: NOW_MS,
    nowMs: NOW_MS,
    slots: 96,
    circuits: [
      { circuitId: "grid", limitA: 400 },
      { circuitId: "garage", parentId: "grid", limitA },
    ],
    evses: [here],
    ...part,
  });
}

/** Somebody who comes each of the last days at the same hour, and takes 14.7 kWh: two hours at 32 A. */
function daily(days: number, hour: number, part: Partial<Stay> = {}): Stay[] {
  return Array.from({ length: days }, (_, index) => ({
    evseId: "place-4",
    startedMs: NOW_MS - (days - index) * DAY_MS + (hour - 16) * HOUR_MS,
    stayMs: 3 * HOUR_MS,
    energyWh: 14_720,
    cutShort: false,
    ...part,
  }));
}

function wanted(input: PlanInput, stays: readonly Stay[], present: readonly { evseId: string; token?: string }[] = []) {
  const circuits = withLatecomers(input, { site, stays, known: present });
  return circuits.find(({ circuitId }) => circuitId === "garage")!.wanted;
}

describe("room that cars who come later will want", () => {
  it("is that of the phase and the hours in which they usually charge, the last part of it the most", () => {
    const [l1, l2, l3] = wanted(garage(35), daily(21, 18))!;
    const last = l1.at(-1)!;
    // At 18 and 19 o'clock, the third and fourth hour of the plan.
    expect(last[2]).toBeGreaterThan(0.1);
    expect(last[3]).toBeGreaterThan(0.1);
    expect(last.slice(6, 20)).toEqual(new Array(14).fill(0));
    expect(l1[0]![2]).toBeLessThanOrEqual(last[2]!);
    expect([...l2.flat(), ...l3.flat()].every((chance) => chance === 0)).toBe(true);
  });

  it("is none where the fuse carries all of its places at once, nor where nobody is known to come", () => {
    expect(wanted(garage(64), daily(21, 18))).toBeUndefined();
    expect(wanted(garage(35), [])).toBeUndefined();
    expect(wanted(garage(35, { evses: [] }), daily(21, 18))).toBeUndefined();
  });

  it("is less when they came on a few days only, or on other days of the week", () => {
    const chance = (stays: readonly Stay[]) => (wanted(garage(35), stays) ?? [[]])[0].at(-1)?.[2] ?? 0;
    const often = daily(21, 18);
    const seldom = often.filter((_, index) => index % 5 === 0);
    expect(chance(seldom)).toBeLessThan(chance(often) / 2);
    expect(chance(seldom)).toBeGreaterThan(0);
    const isWeekend = ({ startedMs }: Stay) => [0, 6].includes(new Date(startedMs).getUTCDay());
    const visits = (those: readonly Stay[]) => [often[0]!, ...those];
    const count = often.filter(isWeekend).length;
    const weekdays = often.filter((stay) => !isWeekend(stay)).slice(-count);
    expect(chance(visits(often.filter(isWeekend)))).toBeLessThan(chance(visits(weekdays)));
  });

  it("is not that of a driver whose car is here already, and that of another place where theirs is taken", () => {
    const there = planEvse({ evseId: "place-4", circuitId: "garage", phases: [0], departureMs: NOW_MS + 14 * HOUR_MS });
    const input = garage(35, { evses: [...garage(35).evses, there] });
    const anna = daily(21, 18, { token: "ANNA" });
    expect(wanted(input, anna, [{ evseId: "place-4", token: "ANNA" }])).toBeUndefined();
    const others = wanted(input, daily(21, 18), [{ evseId: "place-4" }])!;
    expect(Math.max(...others[1].flat(), ...others[2].flat())).toBeGreaterThan(0.05);
  });

  it("ends with the day that the plan sees, and begins with now", () => {
    const half = garage(35, { nowMs: NOW_MS + SLOT_MS / 2, elapsed: 0.5 });
    const [l1] = wanted(half, daily(21, 15))!;
    expect(l1.every((blocks) => blocks.length === 24)).toBe(true);
    expect(l1.at(-1)![23]).toBeGreaterThan(0.1);
  });
});
