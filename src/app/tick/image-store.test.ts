import { expect, test } from "vitest";
import { siteOf } from "../../core/control/site.test-kit.ts";
import type { Clock, Prices } from "../../core/ports.ts";
import { createImageStore } from "./image-store.ts";

test("a meter of two circuits is believed up to what the larger one can carry", () => {
  const site = siteOf({
    mainFuseA: 250,
    circuits: [{ id: "garage", fuseA: 16, meter: "grid-meter" }],
    evses: [{ id: "a", circuit: "garage" }],
  });
  const clock = { monoMs: () => 0, wallMs: () => 0, wallTrusted: () => true } as Clock;
  const prices: Prices = { importEurPerKwh: () => undefined, exportEurPerKwh: () => undefined } as unknown as Prices;
  const store = createImageStore(site, clock, prices, () => {});
  store.meter({ deviceId: "grid-meter", atMonoMs: 0, powerW: 124_200, currentA: [180, 180, 180] });
  expect(store.freeze().meters.get("grid-meter")?.currentA).toEqual([180, 180, 180]);
});
