/** A site with a van that may give energy back, and plans in which it does. */
import { Plant } from "../plant.test-kit.ts";
import { type SiteOptions, siteOf } from "../site.test-kit.ts";

/** A van that may give back beside a car, behind 32 A. */
export function depot(building: (second: number) => number, more: Partial<SiteOptions> = {}, socPercent = 80) {
  const evses = [{ id: "van", givesW: 11_040 }, { id: "car" }];
  const site = siteOf({ mainFuseA: 32, worstBuildingLoadA: 20, evses, ...more });
  const plant = new Plant({
    site,
    building: (second) => [building(second), building(second), building(second)],
    meterEveryS: 5,
  });
  const van = plant.plug("van", { socPercent });
  plant.run(10);
  return { plant, van };
}
/** The row of a plan in which it gives so much for half an hour, A on each of three phases. */
export const gives = (van: number, dischargeA: number) => ({
  evseId: "van",
  transactionId: van,
  currentA: [0, 0, 0],
  dischargeA: [dischargeA, dischargeA, 0],
});
