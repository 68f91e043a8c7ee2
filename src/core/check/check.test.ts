import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chargePoint, homeConfiguration, meter } from "../site/site.test-kit.ts";
import type { SiteConfiguration } from "../site/site.ts";
import { checkSite } from "./check.ts";

type Change = (configuration: SiteConfiguration) => void;

function problemsAfter(change: Change, configuration = homeConfiguration()) {
  change(configuration);
  return checkSite(configuration);
}

/** `count` charge points that fall back to `safeCurrentA`. */
function building(count: number, safeCurrentA: number): SiteConfiguration {
  const configuration = homeConfiguration();
  configuration.gridConnection = { ...configuration.gridConnection, mainFuseA: 63, worstBuildingLoadA: 38 };
  configuration.chargePoints = Array.from({ length: count }, (_, index) =>
    chargePoint(`cp-${index}`, { safeCurrentA }),
  );
  return configuration;
}

const evse = (configuration: SiteConfiguration) => configuration.chargePoints[0]!.evses[0]!;
const serial = (baudRate: number) => ({
  serial: { path: "/dev/ttyUSB0", baudRate, parity: "none" as const, stopBits: 1 as const },
});
const timeOfUse = (periods: [from: string, to: string, eurPerKwh: number, days?: number[]][]) => ({
  kind: "time-of-use" as const,
  otherwiseEurPerKwh: 0.3,
  periods: periods.map(([from, to, eurPerKwh, days = [1, 2, 3, 4, 5, 6, 7]]) => ({ from, to, eurPerKwh, days })),
});

function capacity(): NonNullable<SiteConfiguration["tariff"]["capacity"]>[number] {
  return {
    name: "power",
    intervalMinutes: 15,
    peaks: 1,
    floorKw: 0,
    eurPerKwMonth: 0,
    steps: [],
    windows: [],
    otherwise: { weight: 1, contractedKw: 0 },
  };
}

describe("a site that is in order", () => {
  it("has no problems", () => {
    expect(checkSite(homeConfiguration())).toEqual([]);
  });
});

describe("limits of the grid operator", () => {
  const link = { heartbeatSeconds: 120, failSafeW: 4200 };
  const contact = {
    id: "box",
    connection: serial(9600),
    unitId: 9,
    functionCode: 2,
    address: 0,
    bit: 0,
    pollMs: 1000,
    activeWhen: "closed",
    limitW: 4200,
    failSafeW: 4200,
  } as const;
  const operator = { appliesTo: "site", leastW: 0, failSafeHours: 2, inputs: [] } as const;

  it("that could only come over a deaf MQTT are refused", () => {
    const problems = problemsAfter((site) => {
      site.gridOperator = { ...operator, inputs: [], mqtt: link };
    });
    expect(problems).toMatchObject([{ severity: "error", path: ["gridOperator", "mqtt"] }]);
  });

  it("that the EVSEs break without the controller, or that the contract excludes, are told", () => {
    const problems = problemsAfter((site) => {
      site.gridOperator = { ...operator, leastW: 4200, inputs: [{ ...contact, limitW: 2000, failSafeW: 4000 }] };
      evse(site).safeCurrentA = 7;
    });
    expect(problems.map(({ severity, path }) => [severity, path.join(".")])).toEqual([
      ["warning", "gridOperator.inputs.0.limitW"],
      ["warning", "gridOperator.inputs.0.failSafeW"],
      ["warning", "gridOperator"],
    ]);
    expect(problems[2]!.message).toContain("4830 W together, above the operator's 4200 W");
  });

  it("from contacts with one name, or with another speed than their line, are refused", () => {
    const problems = problemsAfter((site) => {
      site.devices[0]!.connection = serial(19_200);
      site.gridOperator = { ...operator, inputs: [contact, { ...contact, connection: serial(19_200) }] };
    });
    expect(problems.map(({ severity, path }) => [severity, path.join(".")])).toEqual([
      ["error", "gridOperator.inputs.0.connection.serial"],
      ["error", "gridOperator.inputs.1.id"],
    ]);
  });
});

describe("the fallback sum", () => {
  it("is shown with its arithmetic, and with how many EVSEs have to pause", () => {
    expect(checkSite(building(8, 6))).toEqual([
      {
        severity: "error",
        path: ["gridConnection", "mainFuseA"],
        message:
          "Without the controller the fuse of grid would carry, on L1: 8 EVSEs x 6 A safe current + 38 A worst building load = 86 A, more than its 63 A",
        advice:
          "Set safeCurrentA: 0 for 4 of them (for example cp-0-evse, cp-1-evse, cp-2-evse, cp-3-evse): they pause when the controller is gone",
      },
    ]);
    expect(checkSite(building(4, 6))).toEqual([]);
  });

  it("says so when even pausing all of them does not help", () => {
    const problems = problemsAfter((site) => {
      site.gridConnection.worstBuildingLoadA = 40;
    });
    expect(problems[0]!.advice).toContain("Even without any EVSE");
  });

  it("counts EVSEs only on the phases that they load", () => {
    const site = building(9, 6);
    for (const [index, { evses }] of site.chargePoints.entries())
      evses[0]!.phases = [(["L1", "L2", "L3"] as const)[index % 3]!];
    expect(checkSite(site)).toEqual([]);
    for (const { evses } of site.chargePoints) evses[0]!.phases = ["L2"];
    expect(checkSite(site)[0]!.message).toContain("on L2: 9 EVSEs x 6 A safe current");
  });

  it("is told where it alone unbalances the phases more than the country allows", () => {
    const site = building(5, 6);
    for (const [index, { evses }] of site.chargePoints.entries()) evses[0]!.phases = [index === 4 ? "L3" : "L1"];
    site.site.country = "NL";
    expect(checkSite(site)).toEqual([]);
    site.site.country = "DE";
    expect(checkSite(site)).toMatchObject([{ severity: "warning", path: ["chargePoints"] }]);
    expect(checkSite(site)[0]!.message).toContain("draw 24 A more on L1 than on L2, above the 20 A");
    site.site.unbalanceLimitA = 24;
    expect(checkSite(site)).toEqual([]);
  });

  it("is done for nested circuits, with the loads below them", () => {
    const site = building(3, 6);
    site.circuits = [
      { id: "hall", parent: "grid", fuseA: 25, protection: "gG", worstBuildingLoadA: 5 },
      { id: "yard", parent: "hall", fuseA: 25, protection: "gG", worstBuildingLoadA: 4 },
    ];
    for (const { evses } of site.chargePoints) evses[0]!.circuit = "yard";
    const problems = checkSite(site);
    expect(problems.map(({ path, message }) => [path, message.split("on L1: ")[1]])).toEqual([
      [["circuits", 0, "fuseA"], "3 EVSEs x 6 A safe current + 9 A worst building load = 27 A, more than its 25 A"],
    ]);
  });

  it("takes what its advice says", () => {
    const sites = fc.record({
      currents: fc.array(fc.constantFrom(0, 6, 8, 10, 16), { maxLength: 20 }),
      fuseA: fc.integer({ min: 20, max: 100 }),
      loadA: fc.integer({ min: 0, max: 100 }),
    });
    fc.assert(
      fc.property(sites, ({ currents, fuseA, loadA }) => {
        const site = homeConfiguration();
        site.gridConnection = { ...site.gridConnection, mainFuseA: fuseA, worstBuildingLoadA: loadA };
        site.chargePoints = currents.map((safeCurrentA, index) => chargePoint(`cp-${index}`, { safeCurrentA }));
        const refused = checkSite(site).filter(({ severity }) => severity === "error");
        const sumA = currents.reduce((sum, currentA) => sum + currentA, loadA);
        expect(refused.length).toBe(sumA > fuseA ? 1 : 0);
        const count = Number(/for (\d+) of them/.exec(refused[0]?.advice ?? "")?.[1] ?? 0);
        if (count === 0) {
          expect(refused.length === 0 || loadA > fuseA).toBe(true);
          return;
        }
        // The advice names those with the smallest currents first.
        const kept = currents.filter((currentA) => currentA > 0).sort((a, b) => a - b);
        const left = kept.slice(count).reduce((sum, currentA) => sum + currentA, loadA);
        expect(left).toBeLessThanOrEqual(fuseA);
      }),
    );
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
