/** Sites with one mistake, for the tests of the checks. */
import { expect, it } from "vitest";
import { chargePoint, homeConfiguration } from "../site/site.test-kit.ts";
import type { SiteConfiguration } from "../site/site.ts";
import { checkSite } from "./check.ts";

export type Change = (configuration: SiteConfiguration) => void;

export function problemsAfter(change: Change, configuration = homeConfiguration()) {
  change(configuration);
  return checkSite(configuration);
}

type Mistake = [what: string, severity: "error" | "warning", path: string, message: string, Change];

/** Each mistake is told at its place, with words that say what it is, and what to do. */
export function itTells(mistakes: Mistake[]): void {
  it.each(mistakes)("%s: %s", (_, severity, path, message, change) => {
    const problems = problemsAfter(change);
    const told = problems.find((problem) => problem.path.join(".") === path);
    expect(told, JSON.stringify(problems)).toMatchObject({ severity, message: expect.stringContaining(message) });
    expect(told!.advice.length).toBeGreaterThan(5);
  });
}

/** `count` charge points that fall back to `safeCurrentA`. */
export function building(count: number, safeCurrentA: number): SiteConfiguration {
  const configuration = homeConfiguration();
  configuration.gridConnection = { ...configuration.gridConnection, mainFuseA: 63, worstBuildingLoadA: 38 };
  configuration.chargePoints = Array.from({ length: count }, (_, index) =>
    chargePoint(`cp-${index}`, { safeCurrentA }),
  );
  return configuration;
}

export const evse = (configuration: SiteConfiguration) => configuration.chargePoints[0]!.evses[0]!;
export const serial = (baudRate: number) => ({
  serial: { path: "/dev/ttyUSB0", baudRate, parity: "none" as const, stopBits: 1 as const },
});
export const timeOfUse = (periods: [from: string, to: string, eurPerKwh: number, days?: number[]][]) => ({
  kind: "time-of-use" as const,
  otherwiseEurPerKwh: 0.3,
  periods: periods.map(([from, to, eurPerKwh, days = [1, 2, 3, 4, 5, 6, 7]]) => ({ from, to, eurPerKwh, days })),
});

export function capacity(): NonNullable<SiteConfiguration["tariff"]["capacity"]>[number] {
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
