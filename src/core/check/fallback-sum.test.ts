import { describe, expect, it } from "vitest";
import fc from "../../../test/fast-check.ts";
import { chargePoint, homeBattery, homeConfiguration } from "../site/site.test-kit.ts";
import { building, problemsAfter } from "./check.test-kit.ts";
import { checkSite } from "./check.ts";

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

  it("is not done with a connection that is said to have less load than one of its circuits", () => {
    const site = building(3, 6);
    site.gridConnection.worstBuildingLoadA = 10;
    site.circuits = [{ id: "hall", parent: "grid", fuseA: 63, protection: "gG", worstBuildingLoadA: 40 }];
    expect(checkSite(site)).toMatchObject([{ severity: "error", path: ["circuits", 0, "worstBuildingLoadA"] }]);
    expect(checkSite(site)[0]!.message).toContain("40 A, and the whole connection, which includes them, 10 A");
    site.gridConnection.worstBuildingLoadA = 40;
    expect(checkSite(site)).toEqual([]);
  });

  it("is told where a circuit and those below it come to more than the connection is said to have", () => {
    const site = building(3, 6);
    site.gridConnection.worstBuildingLoadA = 20;
    site.circuits = [
      { id: "hall", parent: "grid", fuseA: 63, protection: "gG", worstBuildingLoadA: 10 },
      { id: "yard", parent: "hall", fuseA: 40, protection: "gG", worstBuildingLoadA: 15 },
    ];
    const told = () => checkSite(site).map(({ severity, path, message }) => [severity, path.join("."), message]);
    expect(told()).toMatchObject([
      ["warning", "circuits.0.worstBuildingLoadA", expect.stringContaining("25 A together")],
    ]);
    site.gridConnection.worstBuildingLoadA = 25;
    expect(told()).toEqual([]);
  });

  it("is told where limits in W leave a one-phase car the power of three", () => {
    const site = building(4, 6);
    site.site.country = "NL";
    for (const entry of site.chargePoints) entry.rateUnit = "W";
    expect(checkSite(site)).toMatchObject([{ severity: "warning", path: ["gridConnection", "mainFuseA"] }]);
    expect(checkSite(site)[0]!.message).toContain("would carry 102 A on L1");
    for (const { evses } of site.chargePoints) evses[0]!.phases = ["L1"];
    expect(checkSite(site)).toEqual([]);
  });

  it("needs a worst load that holds the batteries: refused where no meter shows what flows, else told", () => {
    const site = homeConfiguration();
    site.circuits = [{ id: "cellar", parent: "grid", fuseA: 20, protection: "B", worstBuildingLoadA: 2 }];
    site.devices.push({ ...site.devices[0]!, id: "store", role: "battery", unitId: 7, circuit: "cellar" });
    site.devices.at(-1)!.battery = { ...homeBattery, maxChargeW: 6900 };
    const told = () => checkSite(site).map(({ severity, path }) => [severity, path.join(".")]);
    expect(told()).toEqual([["error", "circuits.0.worstBuildingLoadA"]]);
    site.circuits[0]!.meter = site.devices[0]!.id;
    expect(told()).toEqual([["warning", "circuits.0.worstBuildingLoadA"]]);
    site.circuits[0]!.worstBuildingLoadA = 10;
    expect(told()).toEqual([]);
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
