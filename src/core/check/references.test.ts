import { describe } from "vitest";
import { chargePoint, meter } from "../site/site.test-kit.ts";
import { evse, itTells } from "./check.test-kit.ts";

describe("what names something that is not there, or stands twice", () => {
  itTells([
    [
      "a circuit twice",
      "error",
      "circuits.1.id",
      'Circuit "a" stands here a second time',
      (site) => {
        const a = { id: "a", parent: "grid", fuseA: 16, protection: "gG" as const, worstBuildingLoadA: 0 };
        site.circuits = [a, { ...a }];
      },
    ],
    [
      "a charge point twice",
      "error",
      "chargePoints.1.id",
      'Charge point "garage"',
      (site) => {
        site.chargePoints.push(chargePoint("garage", { id: "other", safeCurrentA: 0 }));
      },
    ],
    [
      "an EVSE twice",
      "error",
      "chargePoints.1.evses.0.id",
      'EVSE "garage-evse"',
      (site) => {
        site.chargePoints.push(chargePoint("yard", { id: "garage-evse", safeCurrentA: 0 }));
      },
    ],
    [
      "a connector twice",
      "error",
      "chargePoints.0.evses.1.connector",
      'Connector "1 of garage"',
      (site) => {
        site.chargePoints[0]!.evses.push({ ...evse(site), id: "other", safeCurrentA: 0 });
      },
    ],
    [
      "two devices at one address",
      "error",
      "devices.1.unitId",
      "192.0.2.10:502 unit 1 as meter",
      (site) => {
        site.devices.push(meter("second"));
      },
    ],
    [
      "a meter that is no meter",
      "error",
      "gridConnection.meter",
      'There is no meter "roof"',
      (site) => {
        site.gridConnection.meter = "roof";
      },
    ],
    [
      "an inverter that feeds into a circuit that is not there",
      "error",
      "devices.1.circuit",
      'no circuit "attic"',
      (site) => {
        site.devices.push({ ...meter("roof", 2), role: "pv", circuit: "attic" });
      },
    ],
    [
      "an EVSE in a circuit that is not there",
      "error",
      "chargePoints.0.evses.0.circuit",
      'no circuit "cellar"',
      (site) => {
        evse(site).circuit = "cellar";
      },
    ],
    [
      "circuits in a ring",
      "error",
      "circuits.0.parent",
      "never reaches the grid connection",
      (site) => {
        const ring = { fuseA: 16, protection: "gG" as const, worstBuildingLoadA: 0 };
        site.circuits = [
          { id: "a", parent: "b", ...ring },
          { id: "b", parent: "a", ...ring },
        ];
      },
    ],
    [
      "a usual departure twice",
      "warning",
      "chargePoints.0.evses.0.departures.1",
      "A departure on fri at 07:30 stands here a second time",
      (site) => {
        evse(site).departures = [
          { days: ["mon", "fri"], at: "07:30" },
          { days: ["fri", "sat"], at: "07:30", energyWh: 9000 },
        ];
      },
    ],
    [
      "a usual departure of a driver twice",
      "warning",
      "charging.tokens.0.departures.1",
      "A departure on mon at 06:00",
      (site) => {
        const departures = [
          { days: ["mon" as const], at: "06:00" },
          { days: ["mon" as const], at: "06:00" },
        ];
        site.charging.tokens = [{ token: "ANNA", departures }];
      },
    ],
    [
      "a token twice",
      "warning",
      "charging.tokens.1.token",
      "a second time",
      (site) => {
        site.charging.tokens = [{ token: "CAFE" }, { token: "cafe" }];
      },
    ],
  ]);
});
