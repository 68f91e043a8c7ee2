import { describe, expect, it } from "vitest";
import { words } from "./en.ts";

describe("how good a plan is", () => {
  it("is said with what it was proven by, or why nothing was proven", () => {
    expect(words.planStatus({ status: "optimal", gap: 0.001 })).toBe("proven best");
    expect(words.planStatus({ status: "feasible", gap: 0.0234 })).toBe("at most 2.3 % from the best");
    expect(words.planStatus({ status: "rule-based" })).toBe("by simple rules");
    expect(words.planByRules("No plan within 5000 ms")).toContain("No plan within 5000 ms. Cars are served");
  });
});

describe("a car that is announced", () => {
  it("is said with its times, what it needs, and what has become of it", () => {
    const car = { comes: "17:30", leaves: "tomorrow 07:00", energy: "22" };
    const said = (becomes: Parameters<typeof words.announcedCar>[0]["becomes"]) =>
      words.announcedCar({ ...car, becomes });
    expect(said("expected")).toBe("A car is announced for 17:30, until tomorrow 07:00, 22 kWh.");
    expect(said("overdue")).toBe("A car was announced for 17:30, until tomorrow 07:00, 22 kWh; it has not come yet.");
    expect(said("late")).toMatch(/not waited for any more\.$/);
    expect(said("no-place")).toMatch(/the place is taken then, the plan has no room for it\.$/);
    expect(words.announcedCar({ ...car, energy: undefined, becomes: "expected" })).toMatch(/07:00\.$/);
  });
});
