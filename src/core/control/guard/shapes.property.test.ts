/** What the guard promises holds on sites of any shape. `RUNS=2000 SEED=13` runs more of them. */

import { describe, expect, test } from "vitest";
import fc from "../../../../test/fast-check.ts";
import { liveIn, shape } from "../shapes.test-kit.ts";

const RUNS = Number(process.env.RUNS ?? 30);

describe("whatever the shape of a site: three levels of circuits, some without meters, wired anyhow", () => {
  test(
    "no phase stays above its fuse while cars can cure it, and no limit of power while it can be held",
    () => {
      fc.assert(
        fc.property(shape, (w) => {
          expect(liveIn(w).violations).toEqual([]);
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
    },
    60_000 + RUNS * 400,
  );
});
