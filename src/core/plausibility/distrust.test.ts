/** When a meter that showed too little is believed again, reading by reading. */
import { describe, expect, test } from "vitest";
import fc from "../../../test/fast-check.ts";
import { siteOf } from "../control/site.test-kit.ts";
import { type PerPhase, PHASE_INDEXES, sumPhases } from "../quantity.ts";
import { type Distrust, distrusted, stillDistrusted } from "./distrust.ts";
import type { EvseTrack } from "./evses.ts";

const VOLTAGE_V = 230;
const { evses } = siteOf({ evses: [{ id: "a" }, { id: "b" }, { id: "c" }] });

interface Moment {
  /** What the meter shows. */
  readonly shownA: PerPhase;
  readonly tellsCurrents?: boolean;
  /** What each car draws, as it is told; one that is missing tells nothing. */
  readonly carsA: readonly (PerPhase | undefined)[];
  /** A car that may give so much without having told it, A. */
  readonly untoldBackA?: number;
  readonly producedA?: number;
  readonly producedW?: number;
  /** What the building may take at most, A. */
  readonly loadA?: number;
}

function tracksOf({ carsA, untoldBackA = 0 }: Moment, second: number): EvseTrack[] {
  return carsA.map((currentA, index) => ({
    evse: evses[index]!,
    transactionId: index,
    sinceMonoMs: 0,
    ...(currentA
      ? { last: { atMonoMs: second * 1000, currentA, powerW: sumPhases(currentA) * VOLTAGE_V } }
      : { toldBackA: untoldBackA }),
  }));
}

/** When a meter is believed again that showed too little at 0 s, s; missing where it is not. */
function believedS(of: (second: number) => Moment, seconds = 400): number | undefined {
  let distrust: Distrust | undefined = distrusted(0);
  for (let second = 1; second <= seconds; second++) {
    const moment = of(second);
    const { shownA, tellsCurrents = true, producedA = 0, producedW = 0, loadA = 15 } = moment;
    distrust = stillDistrusted(distrust, {
      isShort: false,
      ...(tellsCurrents ? { currentA: shownA } : {}),
      powerW: sumPhases(shownA) * VOLTAGE_V,
      tracks: tracksOf(moment, second),
      producedA,
      producedW,
      loadA,
      voltageV: VOLTAGE_V,
      monoMs: second * 1000,
    });
    if (!distrust) return second;
  }
  return undefined;
}

const SUN_AND_BATTERY = { producedA: 26, producedW: 11_000 };

describe("a meter that is right is believed again", () => {
  const right: [string, (second: number) => Moment][] = [
    [
      "while sun and battery feed its cars, as it shows what these draw beyond that",
      () => ({
        shownA: [2, 23, 3],
        carsA: [
          [0, 10, 0],
          [0, 9, 0],
          [16, 16, 16],
        ],
        ...SUN_AND_BATTERY,
      }),
    ],
    [
      "by a car on one phase, while another gives back more on all",
      () => ({
        shownA: [6, -10, -10],
        carsA: [
          [-16, -16, -16],
          [6, 6, 6],
          [16, 0, 0],
        ],
      }),
    ],
    ["by a car that gives back alone, as it shows that", () => ({ shownA: [1, -15, -15], carsA: [[0, -16, -16]] })],
    [
      "where it tells power and no currents",
      () => ({ shownA: [20, 18, 19], tellsCurrents: false, carsA: [[16, 16, 16]] }),
    ],
    [
      "where nobody knows how large the sun is",
      () => ({
        shownA: [17, 17, 17],
        carsA: [[16, 16, 16]],
        producedA: Number.POSITIVE_INFINITY,
        producedW: Number.POSITIVE_INFINITY,
      }),
    ],
  ];
  test.each(right)("%s", (_, of) => {
    expect(believedS(of)).toBe(300);
  });
});

describe("a meter is not believed again", () => {
  const wrong: [string, (second: number) => Moment, seconds?: number][] = [
    [
      "that shows its car for half a minute now and then",
      (second) => ({ shownA: second % 40 < 30 ? [17, 17, 17] : [1, 1, 1], carsA: [[16, 16, 16]] }),
    ],
    [
      "that is turned, while the sun feeds back more than its car draws",
      () => ({ shownA: [10, 10, 10], carsA: [[7, 7, 7]], producedA: 26, producedW: 18_000 }),
    ],
    [
      "that is turned, while a car may give back that has not told it",
      () => ({ shownA: [9, 9, 9], carsA: [[7, 7, 7], undefined], untoldBackA: 16 }),
    ],
    [
      "that shows nothing of its cars, though the sun feeds some of it",
      () => ({ shownA: [1, 1, 1], carsA: [[16, 16, 16]], producedA: 9, producedW: 6_000 }),
    ],
    [
      "as long as sun and battery may feed all that its cars draw",
      () => ({ shownA: [1, 1, 1], carsA: [[16, 16, 16]], producedA: 26, producedW: 12_000 }),
    ],
    [
      "whose phases are exchanged, while a battery feeds much of what its cars draw",
      () => ({
        shownA: [23, 9, 11],
        carsA: [
          [16, 16, 16],
          [0, 14, 0],
        ],
        producedA: 14,
        producedW: 6_000,
      }),
    ],
    [
      "that is turned, as it shows what the building takes beside a car that gives back",
      () => ({ shownA: [-13, -13, -13], carsA: [[-8, -8, -8]], loadA: 21 }),
    ],
    ["whose phases are exchanged, by a car that gives back", () => ({ shownA: [-16, 0, -16], carsA: [[0, -16, -16]] })],
    ["because its car gives back for an hour", () => ({ shownA: [16, 16, 16], carsA: [[-16, -16, -16]] }), 4_000],
  ];
  test.each(wrong)("%s", (_, of, seconds) => {
    expect(believedS(of, seconds)).toBeUndefined();
  });

  test("that is turned or shows a tenth, whatever the building takes, cars draw and the sun gives", () => {
    const amperes = (min: number, max: number) => fc.integer({ min, max });
    const phases = (min: number, max: number) => fc.tuple(amperes(min, max), amperes(min, max), amperes(min, max));
    const draws = fc.array(phases(-16, 32), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(phases(0, 15), draws, phases(0, 30), fc.constantFrom(-1, 0.1), (building, carsA, sun, factor) => {
        const shownA = PHASE_INDEXES.map((phase) => {
          const ofCarsA = carsA.reduce((sumA, car) => sumA + car[phase], 0);
          return factor * (building[phase] + ofCarsA - sun[phase]);
        }) as unknown as PerPhase;
        const made = { producedA: Math.max(...sun), producedW: sumPhases(sun) * VOLTAGE_V };
        expect(believedS(() => ({ shownA, carsA, ...made }))).toBeUndefined();
      }),
      { numRuns: Number(process.env.RUNS ?? 300) },
    );
  });
});
