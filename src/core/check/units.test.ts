import { describe, expect, it } from "vitest";
import { homeBattery, homeConfiguration, meter } from "../site/site.test-kit.ts";
import { type Change, problemsAfter, timeOfUse } from "./check.test-kit.ts";

describe("a number that was meant in another unit", () => {
  const roof = { ...meter("roof", 2), role: "hybrid" as const };
  it.each<[what: string, path: string, advice: string, Change]>([
    [
      "cents for the sun that is sold",
      "tariff.export.eurPerKwh",
      "8.03 ct are 0.0803",
      (site) => {
        site.tariff.export = { kind: "fixed", eurPerKwh: 8.03 };
      },
    ],
    [
      "cents in a tariff by time of use",
      "tariff.import.periods.0.eurPerKwh",
      "9.9 ct are 0.099",
      (site) => {
        site.tariff.import = timeOfUse([["22:00", "06:00", 9.9]]);
      },
    ],
    [
      "cents of grid fee on day-ahead prices",
      "tariff.import.addEurPerKwh",
      "16.5 ct are 0.165",
      (site) => {
        site.tariff.import = { kind: "day-ahead", file: "prices.csv", addEurPerKwh: 16.5, factor: 1 };
      },
    ],
    [
      "kWh of a battery",
      "devices.1.battery.capacityWh",
      "10.24 kWh are 10240",
      (site) => {
        site.devices.push({ ...roof, battery: { ...homeBattery, capacityWh: 10.24 } });
      },
    ],
    [
      "kW of a battery",
      "devices.1.battery.maxChargeW",
      "5 kW are 5000",
      (site) => {
        site.devices.push({ ...roof, battery: { ...homeBattery, maxChargeW: 5 } });
      },
    ],
    [
      "kWp of a roof",
      "devices.1.pv.peakW",
      "9.8 kW are 9800",
      (site) => {
        site.devices.push({ ...meter("roof", 2), role: "pv", pv: { peakW: 9.8 } });
      },
    ],
    [
      "kW of the contract",
      "gridConnection.importLimitW",
      "24 kW are 24000",
      (site) => {
        site.gridConnection.importLimitW = 24;
      },
    ],
  ])("%s is asked about, and drives the site nevertheless", (_, path, advice, change) => {
    const problems = problemsAfter(change);
    expect(problems.map((problem) => [problem.severity, problem.path.join(".")])).toEqual([["warning", path]]);
    expect(problems[0]!.advice).toContain(advice);
  });

  it("is not seen in a price below nothing, and in a connection that may draw nothing", () => {
    const change: Change = (site) => {
      site.tariff.export = { kind: "fixed", eurPerKwh: -0.02 };
      site.gridConnection.importLimitW = 0;
    };
    expect(problemsAfter(change, homeConfiguration())).toEqual([]);
  });
});
