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
