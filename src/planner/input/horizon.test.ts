import { describe, expect, it } from "vitest";
import { SLOT_MS } from "../../core/time/slots.ts";
import { horizonSlots } from "./horizon.ts";

const until = (slots: number) => (atMs: number) => (atMs < slots * SLOT_MS ? 0.2 : undefined);

describe("how far a plan looks", () => {
  it("is a day where prices or forecasts reach no further, or not even that far", () => {
    expect(horizonSlots(0, [until(140), until(96)])).toBe(96);
    expect(horizonSlots(0, [until(40), until(192)])).toBe(96);
  });

  it("is as far as all is known that it depends on, two days at most", () => {
    expect(horizonSlots(0, [until(140), until(192)])).toBe(140);
    expect(horizonSlots(0, [until(5000), until(5000)])).toBe(192);
  });
});
