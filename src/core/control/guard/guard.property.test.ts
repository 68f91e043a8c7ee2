/** What the guard promises holds in every random world. `RUNS=2000 SEED=13` runs more of them. */

import { describe, expect, test } from "vitest";
import fc from "../../../../test/fast-check.ts";
import { live, type World, world } from "../worlds.test-kit.ts";

const RUNS = Number(process.env.RUNS ?? 150);

describe("whatever the site, the loads and the faults", () => {
  test(
    "no phase stays above its fuse while cars can cure it, and every decision keeps its promises",
    () => {
      fc.assert(
        fc.property(world, (w) => {
          expect(live(w).violations).toEqual([]);
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
    },
    30_000 + RUNS * 200,
  );

  test(
    "so it is where charge points tell power alone, and cars count on all phases",
    () => {
      fc.assert(
        fc.property(world, (w) => {
          expect(live(w, undefined, true).violations).toEqual([]);
        }),
        { numRuns: Math.ceil(RUNS / 3), endOnFailure: true },
      );
    },
    30_000 + RUNS * 200,
  );
});

/** Three cars on 23 A without a meter; the first on e2, of one phase, draws 16 A from second 477 on, whatever it is told. */
const deafBehindNoMeter: World = {
  mainFuseA: 86,
  garageFuseA: 23,
  garageMeter: false,
  evses: [
    { rotation: 1, wires: 3, maxCurrentA: 16, safe: false, garage: true, priority: 6, switches: false },
    { rotation: 0, wires: 3, maxCurrentA: 16, safe: true, garage: true, priority: 3, switches: false },
    { rotation: 0, wires: 1, maxCurrentA: 20, safe: false, garage: true, priority: 9, switches: false },
  ],
  cars: [
    { evse: 2, arrivesS: 193, staysS: 525, phases: 3, takesA: 25, obeyS: 2 },
    { evse: 0, arrivesS: 81, staysS: 722, phases: 3, takesA: 22, obeyS: 3 },
    { evse: 1, arrivesS: 7, staysS: 462, phases: 1, takesA: 21, obeyS: 1 },
  ],
  loads: [],
  faults: [{ kind: "stubborn", evse: 2, fromS: 477, forS: 153 }],
  meterEveryS: 10,
  planned: undefined,
  unbalanceLimitA: undefined,
};

describe("worlds in which the guard once failed", () => {
  test("a car that draws just above its limit counts in full where the circuit has no meter", () => {
    expect(live(deafBehindNoMeter).violations).toEqual([]);
  });
});
