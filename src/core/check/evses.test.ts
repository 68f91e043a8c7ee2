import { describe } from "vitest";
import { evse, itTells } from "./check.test-kit.ts";

describe("a charge point that cannot be driven as it is written", () => {
  itTells([
    [
      "switched phases at an EVSE of one",
      "error",
      "chargePoints.0.evses.0.phaseSwitching",
      "Phases cannot be switched there: the EVSE is on one phase",
      (site) => {
        evse(site).phases = ["L2"];
        evse(site).phaseSwitching = true;
      },
    ],
    [
      "switched phases at a connection of one",
      "error",
      "chargePoints.0.evses.0.phaseSwitching",
      "the grid connection has one phase",
      (site) => {
        site.gridConnection.phases = 1;
        evse(site).phaseSwitching = true;
      },
    ],
    [
      "switched phases at a charge point that is not told their number",
      "error",
      "chargePoints.0.evses.0.phaseSwitching",
      "quirk no-number-phases",
      (site) => {
        site.chargePoints[0]!.quirks = ["no-number-phases"];
        evse(site).phaseSwitching = true;
      },
    ],
    [
      "switched phases for cars that must not pause",
      "error",
      "chargePoints.0.evses.0.phaseSwitching",
      "mayPause: false",
      (site) => {
        evse(site).mayPause = false;
        evse(site).phaseSwitching = true;
      },
    ],
    [
      "a least current above the highest",
      "error",
      "chargePoints.0.evses.0.minCurrentA",
      "16 A",
      (site) => {
        evse(site).minCurrentA = 20;
        evse(site).safeCurrentA = 0;
      },
    ],
    [
      "a safe current above the highest",
      "error",
      "chargePoints.0.evses.0.safeCurrentA",
      "above its highest",
      (site) => {
        evse(site).maxCurrentA = 8;
        evse(site).safeCurrentA = 10;
      },
    ],
    [
      "a safe current that no car follows",
      "error",
      "chargePoints.0.evses.0.safeCurrentA",
      "cars may ignore it",
      (site) => {
        evse(site).safeCurrentA = 3;
      },
    ],
    [
      "a phase that the site has not",
      "error",
      "chargePoints.0.evses.0.phases",
      "has one phase",
      (site) => {
        site.gridConnection.phases = 1;
        evse(site).phases = ["L2"];
      },
    ],
    [
      "an EVSE above its fuse",
      "warning",
      "chargePoints.0.evses.0.maxCurrentA",
      "could draw 63 A",
      (site) => {
        evse(site).maxCurrentA = 63;
      },
    ],
    [
      "relative profiles",
      "warning",
      "chargePoints.0.quirks",
      "only their validTo ends a limit",
      (site) => {
        site.chargePoints[0]!.quirks = ["relative-profiles"];
      },
    ],
    [
      "relative profiles without a level for the safe default",
      "error",
      "chargePoints.0.quirks",
      "nothing lies below it",
      (site) => {
        site.chargePoints[0]!.quirks = ["relative-profiles", "stack-level-zero"];
      },
    ],
  ]);
});
