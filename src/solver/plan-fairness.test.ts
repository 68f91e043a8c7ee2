/** Who gets how much where a fuse cannot carry all. */
import { describe, expect, it } from "vitest";
import type { PlanResult } from "../core/facts/plan-facts.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { planEvse, planInput, START_MS } from "../planner/plan-input.test-kit.ts";
import { soundPlan } from "./plan.test-kit.ts";

const halfHour = { circuits: [{ circuitId: "grid", limitA: 16 }] };
const powerOf = (plan: PlanResult, evseId: string) => plan.evses.find((evse) => evse.evseId === evseId)?.powerW;

describe("a fuse that cannot carry all", () => {
  it("leaves everybody short by nearly the same part of the need, also where little is missing", () => {
    const missed = (needsWh: readonly number[], limitA: number) => {
      const departureMs = START_MS + 16 * SLOT_MS;
      const evses = needsWh.map((energyNeededWh, index) =>
        planEvse({ evseId: `evse-${index}`, transactionId: index + 1, energyNeededWh, departureMs }),
      );
      const plan = soundPlan(
        planInput({ slots: 16, binarySlots: 8, circuits: [{ circuitId: "grid", limitA }], evses }),
      );
      const parts = plan.evses.map(({ shortfallWh }, index) => shortfallWh / needsWh[index]!);
      return { most: Math.max(...parts), least: Math.min(...parts) };
    };
    for (const [needsWh, limitA] of [
      [[20_000, 20_000], 12.7],
      [[10_000, 10_000, 10_000, 10_000], 10],
      [[10_000, 20_000, 30_000], 16],
    ] as const) {
      const { most, least } = missed(needsWh, limitA);
      expect(most).toBeGreaterThan(0.1);
      expect(most - least).toBeLessThan(0.126);
    }
  });
});

describe("when cars compete for the fuse", () => {
  it("a driver in a hurry who stays all day does not make another miss the departure", () => {
    const importEurPerKwh = Array.from({ length: 96 }, (_, slot) => (slot < 48 ? 0.6 : -0.1));
    const hurry = planEvse({
      evseId: "hurry",
      preference: "fast",
      energyNeededWh: 60_000,
      departureMs: START_MS + 90 * SLOT_MS,
    });
    const leaves = planEvse({ evseId: "leaves", transactionId: 2, energyNeededWh: 22_080 });
    const exportEurPerKwh = importEurPerKwh.map(() => 0.05);
    const plan = soundPlan(
      planInput({ ...halfHour, slots: 96, importEurPerKwh, exportEurPerKwh, evses: [hurry, leaves] }),
    );
    expect(plan.evses.map((evse) => evse.shortfallWh)).toEqual([0, 0]);
    // And is served before any price as soon as there is room.
    expect(powerOf(plan, "hurry")?.slice(8, 12)).toEqual([11040, 11040, 11040, 11040]);
  });

  it("equal needs miss equal parts", () => {
    const evses = [1, 2].map((id) => planEvse({ evseId: `evse-${id}`, transactionId: id, energyNeededWh: 22_080 }));
    const plan = soundPlan(planInput({ ...halfHour, evses }));
    expect(plan.evses.map((evse) => evse.shortfallWh)).toEqual([11_040, 11_040]);
  });

  it("a one-phase car gets its part beside three-phase cars on the same phase", () => {
    const small = planEvse({
      evseId: "small",
      phases: [0],
      minPowerW: 1380,
      maxPowerW: 3680,
      energyNeededWh: 7360,
      transactionId: 2,
    });
    const plan = soundPlan(planInput({ ...halfHour, evses: [planEvse({ energyNeededWh: 22_080 }), small] }));
    const parts = plan.evses.map((evse, index) => evse.shortfallWh / [22_080, 7360][index]!);
    expect(Math.min(...parts)).toBeGreaterThan(0);
    expect(Math.max(...parts)).toBeLessThanOrEqual(0.75);
  });

  it("who asks for what no charger could give in the time takes no more room than one who asks for all that it could", () => {
    const evses = [100_000, 22_080].map((energyNeededWh, index) =>
      planEvse({ evseId: `evse-${index}`, transactionId: index + 1, energyNeededWh }),
    );
    const [greedy, honest] = soundPlan(planInput({ ...halfHour, evses })).evses;
    expect(honest?.shortfallWh).toBe(11_040);
    // What is impossible is named all the same.
    expect(greedy?.shortfallWh).toBe(100_000 - 11_040);
  });

  it("a car that was asked in vain is asked again where others leave room, never at their cost", () => {
    const asked = planEvse({ energyNeededWh: 1035, refusedMs: START_MS - 2 * 3_600_000 });
    const other = planEvse({ evseId: "evse-2", transactionId: 2, energyNeededWh: 22_080 });
    const [first, all] = soundPlan(planInput({ ...halfHour, evses: [asked, other] })).evses;
    expect([first?.shortfallWh, all?.shortfallWh]).toEqual([1035, 0]);
    const [again] = soundPlan(planInput({ ...halfHour, evses: [asked, { ...other, energyNeededWh: 11_040 }] })).evses;
    expect(again?.shortfallWh).toBe(0);
  });

  it("what nobody asked for takes nothing from what somebody did, not even from the first of it that would be missed", () => {
    const beyond = planEvse({ energyNeededWh: 5000, beyondWish: true });
    const asked = planEvse({ evseId: "evse-2", transactionId: 2, energyNeededWh: 22_080 });
    const [more, all] = soundPlan(planInput({ ...halfHour, evses: [beyond, asked] })).evses;
    expect([more?.shortfallWh, all?.shortfallWh]).toEqual([5000, 0]);
  });

  it("the one of higher priority misses less", () => {
    const evses = [9, 1].map((priority) =>
      planEvse({ evseId: `evse-${priority}`, transactionId: priority, energyNeededWh: 22_080, priority }),
    );
    const [high, low] = soundPlan(planInput({ ...halfHour, evses })).evses;
    expect(high?.shortfallWh).toBeLessThan(low?.shortfallWh ?? 0);
    expect((high?.shortfallWh ?? 0) + (low?.shortfallWh ?? 0)).toBe(22_080);
  });
});
