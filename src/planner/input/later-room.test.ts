import { describe, expect, it } from "vitest";
import { SLOT_MS } from "../../core/time/slots.ts";
import { planEvse, planInput, START_MS } from "../plan-input.test-kit.ts";
import { type Comer, laterRoomWh } from "./later-room.ts";
import { circuitRooms } from "./limits.ts";

const HOUR_MS = 3_600_000;
/** 9.2 kWh an hour on each phase, for six hours. */
const input = planInput({
  slots: 24,
  circuits: [{ circuitId: "grid", limitA: 40 }],
  evses: [planEvse({ phases: [0], departureMs: START_MS + 24 * SLOT_MS })],
});
const room = circuitRooms(input)[0]!;

/** A car that comes two hours from now, takes 7.36 kW, and leaves after so many hours. */
const comer = (hours: number, energyWh: number, sample = 0): Comer => {
  const beginMs = START_MS + 2 * HOUR_MS;
  return { sample, beginMs, leavesMs: beginMs + hours * HOUR_MS, energyWh, powerW: 7_360 };
};

/** What is left by hour where every day was like this one. */
const left = (comers: readonly Comer[], samples: readonly number[] = [1], nobody = 0) =>
  laterRoomWh(room, 0, comers, { input, weights: () => ({ samples, nobody }) });

describe("what those who come later leave of a fuse", () => {
  it("is all of it from the second hour on, where nobody comes", () => {
    const all = [0, 9_200, 18_400, 27_600, 36_800, 46_000];
    expect(left([])).toEqual(all);
    expect(left([], [], 1)).toEqual(all);
  });

  it("is less from the hour on in which they have to charge: those who stay can wait", () => {
    // Two hours at full power, and it leaves after them.
    expect(left([comer(2, 14_720)])).toEqual([0, 9_200, 11_040, 12_880, 22_080, 31_280]);
    // It stays for four: the first two may be used by others.
    expect(left([comer(4, 14_720)])).toEqual([0, 9_200, 18_400, 27_600, 29_440, 31_280]);
  });

  it("counts those less who do not come every day", () => {
    expect(left([comer(1, 7_360)], [1, 1])[5]).toBe(46_000 - 7_360 / 2);
    expect(left([comer(1, 7_360)], [1, 1], 2)[5]).toBe(46_000 - 7_360 / 4);
  });

  it("is nothing, and never less, where more come than it carries", () => {
    const crowd = Array.from({ length: 9 }, () => comer(4, 20_000));
    expect(left(crowd).slice(4)).toEqual([0, 0]);
  });
});
