import { describe, expect, it } from "vitest";
import { homeConfiguration, meter } from "../site/site.test-kit.ts";
import { itTells, problemsAfter, serial, timeOfUse } from "./check.test-kit.ts";
import { checkSite } from "./check.ts";

describe("what does not go together", () => {
  const roof = { ...meter("roof", 2), role: "hybrid" as const };
  itTells([
    [
      "two speeds on one line",
      "error",
      "devices.1.connection.serial",
      "9600 baud",
      (site) => {
        site.devices = [
          { ...meter("grid-meter"), connection: serial(9600) },
          { ...meter("b", 2), connection: serial(19200) },
        ];
      },
    ],
    [
      "a meter that is read too slowly",
      "error",
      "devices.0.pollMs",
      "cannot guard a fuse",
      (site) => {
        site.devices[0]!.pollMs = 5000;
      },
    ],
    [
      "a hybrid without a battery",
      "error",
      "devices.1",
      "without a battery block",
      (site) => {
        site.devices.push(roof);
      },
    ],
    [
      "a time zone that is none",
      "error",
      "site.timeZone",
      "is no time zone",
      (site) => {
        site.site.timeZone = "Berlin";
      },
    ],
    [
      "a hash that was cut",
      "error",
      "chargePoints.0.passwordHash",
      "is not whole",
      (site) => {
        site.chargePoints[0]!.passwordHash = "scrypt$16384$8$1$VewEOwzSghzCBaSUzMxP4g$fqjVyyMQUCNhO3";
      },
    ],
    [
      "a password in the place of a hash",
      "error",
      "api.tokenHash",
      "is not whole",
      (site) => {
        site.api.tokenHash = "scrypt$secret";
      },
    ],
    [
      "one port for two",
      "error",
      "api.port",
      "cannot both have port 8887",
      (site) => {
        site.api.port = 8887;
      },
    ],
    [
      "a nested fuse above its parent's",
      "warning",
      "circuits.0.fuseA",
      "larger than the 35 A above it",
      (site) => {
        site.circuits = [{ id: "a", parent: "grid", fuseA: 63, protection: "gG", worstBuildingLoadA: 0 }];
      },
    ],
    [
      "an import limit above the fuse",
      "warning",
      "gridConnection.importLimitW",
      "24150 W",
      (site) => {
        site.gridConnection.importLimitW = 30_000;
      },
    ],
    [
      "a limit of how much the import may change that no car can keep",
      "warning",
      "gridConnection.rampLimitW",
      "4140 W",
      (site) => {
        site.gridConnection.rampLimitW = 3_000;
      },
    ],
    [
      "a charge point without a password",
      "warning",
      "chargePoints.0",
      "can pose as it",
      (site) => {
        delete site.chargePoints[0]!.passwordHash;
      },
    ],
    [
      "a page for the network without a token",
      "warning",
      "api",
      "without a token",
      (site) => {
        site.api.host = "0.0.0.0";
      },
    ],
  ]);
});

describe("a site that is in order", () => {
  it("has no problems", () => {
    expect(checkSite(homeConfiguration())).toEqual([]);
  });

  it("has none either with prices that meet, two meters on one line, and one phase", () => {
    const fine = problemsAfter((site) => {
      site.tariff.import = timeOfUse([
        ["22:00", "06:00", 0.2],
        ["06:00", "22:00", 0.25],
      ]);
      site.devices = [
        { ...meter("grid-meter"), connection: serial(9600) },
        { ...meter("b", 2), connection: serial(9600) },
      ];
      site.gridConnection.phases = 1;
    });
    expect(fine).toEqual([]);
  });
});
