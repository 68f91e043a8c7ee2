import { describe, expect, it } from "vitest";
import type { PlanInput } from "../core/facts/plan-facts.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { planEvse, planInput, START_MS, seededInput } from "../planner/plan-input.test-kit.ts";
import { ruleBasedPlan } from "../planner/rules/rules.ts";
import { choicesOf, linear, reasonsOf, solve } from "./plan.test-kit.ts";
import { solvePlan } from "./plan-solver.ts";

const HOUR_MS = 3_600_000;
const WHOLE_HOUR_MS = Math.ceil(START_MS / HOUR_MS) * HOUR_MS;

function explained(input: PlanInput) {
  return reasonsOf(input, solvePlan(input, 4_000, { linear, nowMs: () => 0 }));
}

describe("why a car gets what it gets", () => {
  it("is the price: it would charge below that of the dearest slot that it uses", () => {
    const importEurPerKwh = [0.4, 0.2, 0.1, 0.1, 0.4, 0.4, 0.4, 0.4];
    const evses = [planEvse({ energyNeededWh: 8280, departureMs: START_MS + 6 * SLOT_MS })];
    const [reasons] = explained(planInput({ importEurPerKwh, evses }));
    expect(reasons?.[0]).toEqual({ kind: "price", eurPerKwh: 0.4, belowEurPerKwh: 0.2 });
    expect(reasons?.[2]?.kind).toBe("maximum");
    expect(reasons?.slice(6)).toEqual([{ kind: "gone" }, { kind: "gone" }]);
  });

  it("is what the car is believed to take where it has not shown that it takes all that its EVSE gives", () => {
    const evses = [planEvse({ laterPowerW: 4140, energyNeededWh: 20_000 })];
    const [reasons] = explained(planInput({ evses }));
    expect(reasons?.slice(0, 2).map(({ kind }) => kind)).toEqual(["maximum", "believed"]);
  });

  it("is the circuit, by name and phase, where another car has its room", () => {
    const circuits = [
      { circuitId: "grid", limitA: 63 },
      { circuitId: "garage", parentId: "grid", limitA: 16 },
    ];
    const evses = [1, 2].map((id) =>
      planEvse({ evseId: `evse-${id}`, transactionId: id, circuitId: "garage", energyNeededWh: 20_000 }),
    );
    const reasons = explained(planInput({ circuits, evses })).flat();
    expect(reasons.filter(({ kind }) => kind === "circuit")[0]).toEqual({
      kind: "circuit",
      circuitId: "garage",
      phase: 0,
      roomW: 0,
      limitW: 3680,
    });
    expect(reasons.every(({ kind }) => kind === "circuit" || kind === "maximum")).toBe(true);
  });

  it("is the contract, the difference of phases, or the month's peak", () => {
    const one = { phases: [0] as 0[], minPowerW: 1380, maxPowerW: 7360, energyNeededWh: 14_720 };
    const uneven = explained(planInput({ unbalanceLimitA: 20, evses: [planEvse(one)] }));
    expect(uneven[0]?.[0]).toEqual({ kind: "unbalance", phase: 0, limitW: 4600 });
    const limited = explained(planInput({ importLimitW: 6000, evses: [planEvse({ energyNeededWh: 12_000 })] }));
    expect(limited[0]?.[0]?.kind).toBe("import");
    const peak = {
      name: "month",
      eurPerKw: 50,
      spreadDays: 1,
      count: 1,
      floorKw: 0,
      intervalSlots: 1,
      earlierKw: [],
      days: [{ fromSlot: 0, toSlot: 8, reachedKw: 0 }],
      beforeWh: 0,
    };
    expect(explained(planInput({ peaks: [peak], evses: [planEvse()] }))[0]?.[0]).toEqual({
      kind: "peak",
      peak: "month",
    });
  });

  it("is no peak where the month's step is paid: a kW more costs nothing there, and the price decides", () => {
    // In Norway the month stands at 3 kW and has paid for 5: the car charges in the cheap hour, in one go.
    const importEurPerKwh = [0.2, 0.2, 0.2, 0.2, 0.3, 0.3, 0.3, 0.3];
    const evses = [planEvse({ energyNeededWh: 4000, departureMs: WHOLE_HOUR_MS + 2 * HOUR_MS })];
    const steps = [
      { upToKw: 2, eurPerMonth: 11 },
      { upToKw: 5, eurPerMonth: 18 },
      { upToKw: 10, eurPerMonth: 30 },
    ];
    const days = [{ fromSlot: 0, toSlot: 8, reachedKw: 3 }];
    const month = { name: "kapasitetsledd", eurPerKw: 0, spreadDays: 1, count: 3, floorKw: 0, beforeWh: 0 };
    const kindsAt = (reachedKw: number) => {
      const peak = { ...month, steps, intervalSlots: 4, earlierKw: [reachedKw, reachedKw], days };
      const plan = { startMs: WHOLE_HOUR_MS, nowMs: WHOLE_HOUR_MS, importEurPerKwh, evses, peaks: [peak] };
      return explained(planInput(plan))[0]?.map(({ kind }) => kind);
    };
    expect(kindsAt(3)).not.toContain("peak");
    // At 5.4 kW of the two other days this day has 4.2 kW until the next step.
    expect(kindsAt(5.4)).toContain("peak");
  });

  it("is the month's peak also where a car's least power would raise it, though half a kilowatt would not", () => {
    // The month has reached 5 kW, the house takes 1.5: there is room for 3.5 kW, and the car begins with 4.1.
    const [slots, binarySlots] = [16, 8];
    const flat = (value: number) => new Array<number>(slots).fill(value);
    const evses = [planEvse({ energyNeededWh: 4000, departureMs: START_MS + slots * SLOT_MS })];
    const peak = {
      ...{ name: "capaciteitstarief", eurPerKw: 4, spreadDays: 1, count: 1, floorKw: 2.5, intervalSlots: 1 },
      ...{ earlierKw: [5], days: [{ fromSlot: 0, toSlot: slots, reachedKw: 0 }], beforeWh: 0 },
    };
    const prices = { importEurPerKwh: flat(0.3), exportEurPerKwh: flat(0.05) };
    const input = (sunW: number) =>
      planInput({ slots, binarySlots, ...prices, buildingW: flat(1500), pvW: flat(sunW), evses, peaks: [peak] });
    expect(explained(input(0))[0]?.slice(0, 4)).toEqual(new Array(4).fill({ kind: "peak", peak: "capaciteitstarief" }));
    // With 3 kW of sun it would draw 2.6 from the grid.
    expect(explained(input(3000))[0]?.map(({ kind }) => kind)).not.toContain("peak");
  });

  it("is that sooner counts more behind a full fuse, and not who comes later where nobody is expected", () => {
    const slots = 16;
    const importEurPerKwh = Array.from({ length: slots }, (_, slot) => (slot < 4 ? 0.3 : 0.25));
    const evses = [1, 2].map((id) =>
      planEvse({
        ...{ evseId: `evse-${id}`, transactionId: id, energyNeededWh: 30_900 },
        departureMs: START_MS + slots * SLOT_MS,
      }),
    );
    const prices = { importEurPerKwh, exportEurPerKwh: importEurPerKwh.map(() => 0), missedEurPerKwh: 1 };
    const circuits = [{ circuitId: "grid", limitA: 30 }];
    const reasons = explained(planInput({ slots, ...prices, circuits, evses }));
    expect(reasons[0]?.at(-1)).toEqual({ kind: "sooner", eurPerKwh: 0.25 });
  });

  it("is the price, and not a full fuse, where an hour is dearer than all that the car uses", () => {
    const circuits = [
      { circuitId: "grid", limitA: 63 },
      { circuitId: "garage", parentId: "grid", limitA: 16 },
    ];
    const importEurPerKwh = [0.5, 0.5, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2];
    const leaves = { energyNeededWh: 5520, departureMs: START_MS + 2 * SLOT_MS };
    const evses = [leaves, { energyNeededWh: 5520 }].map((part, id) =>
      planEvse({ evseId: `evse-${id}`, transactionId: id + 1, circuitId: "garage", ...part }),
    );
    const [, waiting] = explained(planInput({ circuits, importEurPerKwh, evses }));
    // The other car fills the fuse in the first half-hour; this one would not charge then anyway.
    expect(waiting?.slice(0, 2)).toEqual([0, 1].map(() => ({ kind: "price", eurPerKwh: 0.5 })));
  });

  it("is said of every slot of any plan, also of one by rules", () => {
    const input = seededInput(5, 8);
    for (const reasons of [explained(input), reasonsOf(input, ruleBasedPlan(input, ""))]) {
      expect(reasons.map((row) => row.length)).toEqual(new Array(8).fill(96));
    }
  });

  it("of sun that costs money to export is what that costs: the car would be paid to take it", () => {
    // No inverter can be held back; two cheap slots of import cannot beat sun that nobody wants.
    const pvW = [0, 0, 14_000, 14_000, 14_000, 14_000, 0, 0];
    const exportEurPerKwh = pvW.map(() => -0.06);
    const evses = [planEvse({ energyNeededWh: 2500, maxPowerW: 11040 })];
    const input = planInput({ pvW, sunFixedPart: 1, exportEurPerKwh, evses });
    const [reasons] = explained(input);
    expect(reasons?.[0]).toMatchObject({ kind: "price", eurPerKwh: 0.3, belowEurPerKwh: expect.closeTo(-0.06, 3) });
    const later = reasons!.filter(({ kind, eurPerKwh }, slot) => slot > 1 && slot < 6 && kind === "price" && eurPerKwh);
    for (const { eurPerKwh } of later) expect(eurPerKwh).toBeCloseTo(-0.06, 6);
    expect(later.length).toBeGreaterThan(0);
  });

  it("of a car whose least power is more than the sun is the mean of what it takes of each", () => {
    const pvW = [0, 3000, 0, 0, 0, 0, 0, 0];
    const importEurPerKwh = [0.3, 0.3, 0.1, 0.1, 0.3, 0.3, 0.3, 0.3];
    const [reasons] = explained(planInput({ pvW, importEurPerKwh, evses: [planEvse({ energyNeededWh: 5520 })] }));
    expect(reasons?.[1]).toEqual({ kind: "price", eurPerKwh: expect.closeTo((3000 * 0.08 + 1140 * 0.3) / 4140, 4) });
  });

  it("of a driver in a hurry is that sooner counts more, and no price is made of it", () => {
    const importEurPerKwh = [0.4, 0.4, 0.4, 0.4, 0.1, 0.1, 0.1, 0.1];
    const evses = [planEvse({ preference: "fast", energyNeededWh: 5520 })];
    const [reasons] = explained(planInput({ importEurPerKwh, evses }));
    expect(reasons?.slice(4, 7)).toEqual([4, 5, 6].map(() => ({ kind: "sooner", eurPerKwh: 0.1 })));
  });

  it("is that others probably want the room in the cheaper hour, and no price is made of it", () => {
    const chances = [0, 0, 0, 0].map(() => [0, 0.9]);
    const circuits = [
      { circuitId: "grid", limitA: 20, wanted: [chances, chances, chances] as [number[][], number[][], number[][]] },
    ];
    const importEurPerKwh = [0.3, 0.3, 0.3, 0.3, 0.2, 0.2, 0.2, 0.2];
    const evses = [planEvse({ energyNeededWh: 5520 })];
    const [reasons] = explained(planInput({ circuits, importEurPerKwh, missedEurPerKwh: 1, evses }));
    expect(reasons?.slice(4, 7)).toEqual([4, 5, 6].map(() => ({ kind: "wanted", eurPerKwh: 0.2 })));
    // Where nobody else is expected it waits for that hour.
    const [alone] = explained(planInput({ importEurPerKwh, missedEurPerKwh: 1, evses }));
    expect(alone?.[0]).toEqual({ kind: "price", eurPerKwh: 0.3, belowEurPerKwh: expect.closeTo(0.2, 4) });
  });

  it("is that it gives energy back, what that is worth, and when it charges again for less", () => {
    const discharge = { maxPowerW: 6000, efficiency: 0.95, wearEurPerKwh: 0.02, belowWh: 10_000, aboveWh: 30_000 };
    const importEurPerKwh = [0.6, 0.6, 0.3, 0.3, 0.1, 0.1, 0.1, 0.1];
    const buildingW = importEurPerKwh.map(() => 8000);
    const input = planInput({ buildingW, importEurPerKwh, evses: [planEvse({ discharge, energyNeededWh: 4000 })] });
    const [car] = choicesOf(input, solve(input));
    expect(car?.[0]).toEqual({
      reason: { kind: "gives", givesW: expect.closeTo(6000, -1), eurPerKwh: 0.6 },
      next: { startMs: START_MS + 4 * SLOT_MS, cheaperEurPerKwh: 0.5 },
    });
    // Where it also keeps the month's peak down that is said, for the price is not all that it is worth.
    const days = [{ fromSlot: 0, toSlot: 8, reachedKw: 4 }];
    const paid = { name: "month", eurPerKw: 4, spreadDays: 1, count: 1, floorKw: 0, intervalSlots: 1, earlierKw: [] };
    const hob = importEurPerKwh.map((_, slot) => (slot < 2 ? 8000 : 1000));
    const flat = { buildingW: hob, importEurPerKwh: importEurPerKwh.map(() => 0.3) };
    const peaked = { ...input, ...flat, peaks: [{ ...paid, days, beforeWh: 0 }] };
    const given = explained(peaked)[0]!.filter(({ kind }) => kind === "gives");
    expect(given.length).toBeGreaterThan(0);
    for (const reason of given) expect(reason).toMatchObject({ eurPerKwh: 0.3, peak: "month" });
    // No price is made of it: it would charge for more than its need.
    const full = planInput({ importEurPerKwh, evses: [planEvse({ discharge, energyNeededWh: 4000 })] });
    expect(explained(full)[0]?.[2]).toEqual({ kind: "price", eurPerKwh: 0.3 });
  });

  it("of a driver who wants the sun counts what the grid weighs: below the said price it charges", () => {
    const importEurPerKwh = [0.4, 0.2, 0.1, 0.1, 0.4, 0.4, 0.4, 0.4];
    const evses = [planEvse({ preference: "green", energyNeededWh: 5520, departureMs: START_MS + 6 * SLOT_MS })];
    const [reasons] = explained(planInput({ importEurPerKwh, evses }));
    expect(reasons?.[0]).toEqual({ kind: "price", eurPerKwh: 0.4, belowEurPerKwh: expect.closeTo(0.1, 3) });
  });
});
