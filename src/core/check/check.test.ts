import { describe, expect, it } from "vitest";
import { chargePoint, homeConfiguration, meter } from "../site/site.test-kit.ts";
import { type Change, capacity, evse, problemsAfter, serial, timeOfUse } from "./check.test-kit.ts";
import { checkSite } from "./check.ts";

describe("a site that is in order", () => {
  it("has no problems", () => {
    expect(checkSite(homeConfiguration())).toEqual([]);
  });
});

describe("what does not go together", () => {
  const roof = { ...meter("roof", 2), role: "hybrid" as const };
  const cases: [what: string, severity: "error" | "warning", path: string, message: string, Change][] = [
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
      "a charge point twice",
      "error",
      "chargePoints.1.id",
      'Charge point "garage"',
      (site) => {
        site.chargePoints.push(chargePoint("garage", { id: "other", safeCurrentA: 0 }));
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
      "a meter that is no meter",
      "error",
      "gridConnection.meter",
      'There is no meter "roof"',
      (site) => {
        site.gridConnection.meter = "roof";
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
      "a time zone that is none",
      "error",
      "site.timeZone",
      "is no time zone",
      (site) => {
        site.site.timeZone = "Berlin";
      },
    ],
    [
      "day-ahead prices from nowhere",
      "error",
      "tariff.export",
      "need a source",
      (site) => {
        site.tariff.export = { kind: "day-ahead", fallbackEurPerKwh: 0.1, addEurPerKwh: 0, factor: 1 };
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
      "a tariff for power without a price",
      "warning",
      "tariff.capacity.0",
      "costs nothing",
      (site) => {
        site.tariff.capacity = [capacity()];
      },
    ],
    [
      "steps of power that do not rise",
      "error",
      "tariff.capacity.0.steps.1",
      "do not rise",
      (site) => {
        const steps = [5, 2].map((upToKw) => ({ upToKw, eurPerMonth: 10 }));
        site.tariff.capacity = [{ ...capacity(), steps }];
      },
    ],
    [
      "a tariff for power that never counts",
      "error",
      "tariff.capacity.0",
      "never counts",
      (site) => {
        const never = { weight: 0, contractedKw: 0 };
        site.tariff.capacity = [{ ...capacity(), eurPerKwMonth: 4, otherwise: never }];
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
      "an EVSE above its fuse",
      "warning",
      "chargePoints.0.evses.0.maxCurrentA",
      "could draw 63 A",
      (site) => {
        evse(site).maxCurrentA = 63;
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
    [
      "a token twice",
      "warning",
      "charging.tokens.1.token",
      "a second time",
      (site) => {
        site.charging.tokens = [{ token: "CAFE" }, { token: "cafe" }];
      },
    ],
    [
      "prices that overlap",
      "warning",
      "tariff.import.periods.1",
      "overlaps with 22:00 to 06:00",
      (site) => {
        site.tariff.import = timeOfUse([
          ["22:00", "06:00", 0.2, [7]],
          ["05:00", "07:00", 0.25, [1]],
        ]);
      },
    ],
    [
      "prices inside of a quarter-hour",
      "warning",
      "tariff.import.periods.0",
      "22:10 lies inside",
      (site) => {
        site.tariff.import = timeOfUse([["22:10", "23:00", 0.2]]);
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
  ];

  it.each(cases)("%s: %s", (_, severity, path, message, change) => {
    const problems = problemsAfter(change);
    const told = problems.find((problem) => problem.path.join(".") === path);
    expect(told, JSON.stringify(problems)).toMatchObject({ severity, message: expect.stringContaining(message) });
    expect(told!.advice.length).toBeGreaterThan(5);
  });

  it("is not seen where there is nothing", () => {
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
