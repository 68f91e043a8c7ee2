import { describe, expect, it } from "vitest";
import type { Stay } from "../../core/state/stays.ts";
import { believedPowerW } from "./car-power.ts";

const visit = { evseId: "post", token: "NEW", startedMs: 0 };
const stay = (token: string, powerW?: number): Stay => {
  const drew = powerW === undefined ? {} : { powerW };
  return { evseId: "post", token, startedMs: 0, stayMs: 1, energyWh: 9000, cutShort: false, ...drew };
};
const many = (count: number, powerW: number) => Array.from({ length: count }, (_, of) => stay(`S${of}`, powerW));
const believed = (stays: readonly Stay[], shownW = 0) =>
  believedPowerW({ stays, visit, mostW: 22_080, slowW: 3680, onePhaseW: 7360, shownW });

describe("what a car takes that has not shown it", () => {
  it("is that of a slow one, until nearly all who came before took more", () => {
    expect(believed([])).toBe(3680);
    expect(believed(many(12, 22_000))).toBe(3680);
    expect(believed(many(20, 22_000))).toBe(22_080);
    expect(believed([...many(20, 22_000), ...many(8, 11_040)])).toBe(11_040);
  });

  it("is the most that this driver's car took in its last stays, for it may have been held lower, whatever others do", () => {
    expect(believed([...many(40, 7360), stay("NEW", 22_000), stay("NEW", 8280), stay("NEW")])).toBe(22_080);
    const slow = [stay("NEW", 3000), stay("NEW", 3680), stay("NEW", 1380)];
    expect(believed([...many(40, 22_000), stay("NEW", 22_000), ...slow])).toBe(3680);
  });

  it("is that of a stranger where one card, or none, was shown for a car of one phase and for one of three", () => {
    expect(believed([stay("NEW", 7300), stay("NEW", 22_000)])).toBe(3680);
    expect(believed([stay("NEW", 22_000), stay("NEW", 3600), ...many(40, 11_040)])).toBe(11_040);
    expect(believed([stay("NEW", 3600), ...Array.from({ length: 3 }, () => stay("NEW", 22_000))])).toBe(22_080);
  });

  it("is no less than it has shown, and all where it took all that it was given", () => {
    expect(believed([], 11_000)).toBe(11_000);
    expect(believed([stay("NEW", 3680)], 22_000)).toBe(22_080);
  });
});
