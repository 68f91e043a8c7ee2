import { describe, expect, it } from "vitest";
import { evse, problemsAfter, serial } from "./check.test-kit.ts";

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

  it("are held against what EVSEs draw on the one phase that there is", () => {
    const problems = problemsAfter((site) => {
      site.gridConnection.phases = 1;
      evse(site).safeCurrentA = 6;
      site.gridOperator = { ...operator, inputs: [], api: { ...link, failSafeW: 1000 } };
    });
    expect(problems.map(({ message }) => message).join()).toContain("fall back to 1380 W together");
  });

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
