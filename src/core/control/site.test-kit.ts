/** Small sites for the tests of the control step. */

import { homeConfiguration } from "../site/site.test-kit.ts";
import type { Protection } from "../site/site.ts";
import { type SiteModel, siteModel } from "../site/site-model.ts";

export const VOLTAGE_V = 230;

export interface EvseOptions {
  readonly id: string;
  readonly circuit?: string;
  readonly phases?: readonly ("L1" | "L2" | "L3")[];
  readonly minCurrentA?: number;
  readonly maxCurrentA?: number;
  readonly safeCurrentA?: number;
  readonly priority?: number;
  /** Its cars may give back so much, W; no lower than half full. */
  readonly givesW?: number;
  /** It gives one phase where it is told so. */
  readonly phaseSwitching?: boolean;
}

export interface SiteOptions {
  readonly mainFuseA?: number;
  readonly phases?: 1 | 3;
  readonly importLimitW?: number;
  readonly worstBuildingLoadA?: number;
  readonly unbalanceLimitA?: number;
  readonly country?: string;
  readonly protection?: Protection;
  readonly usableCurvePercent?: number;
  readonly circuits?: readonly {
    id: string;
    parent?: string;
    fuseA: number;
    meter?: string;
    worstBuildingLoadA?: number;
    limitW?: number;
    protection?: Protection;
  }[];
  readonly evses: readonly EvseOptions[];
  /** "held": it may be limited. */
  readonly pv?: boolean | "held";
  /** Circuit of the PV inverter. */
  readonly pvCircuit?: string;
  readonly exportLimitW?: number;
  readonly battery?: { readonly maxW: number; readonly circuit?: string };
  /** Further batteries like it, by id. */
  readonly moreBatteries?: readonly string[];
}

const GIVING = {
  by: "negative-limit" as const,
  capacityWh: 60_000,
  minSocPercent: 50,
  efficiencyPercent: 85,
  wearEurPerKwh: 0.05,
};

/** A site with one charge point for each EVSE; `cp-<evse>` is its identity. Country without an unbalance rule. */
export function siteOf(options: SiteOptions): SiteModel {
  const connection = { tcp: { host: "meter", port: 502, framing: "tcp" as const } };
  const device = { profile: "p", unitId: 1, connection, pollMs: 1000, invert: false };
  const meters = ["grid-meter", ...(options.circuits ?? []).flatMap((circuit) => circuit.meter ?? [])];
  const pvAt = options.pvCircuit === undefined ? {} : { circuit: options.pvCircuit };
  const configuration = homeConfiguration({
    site: {
      id: "test",
      name: "Test",
      timeZone: "Europe/Amsterdam",
      country: options.country ?? "NL",
      ...(options.unbalanceLimitA === undefined ? {} : { unbalanceLimitA: options.unbalanceLimitA }),
    },
    gridConnection: {
      phases: options.phases ?? 3,
      nominalVoltageV: VOLTAGE_V,
      mainFuseA: options.mainFuseA ?? 63,
      protection: options.protection ?? "gG",
      ...(options.usableCurvePercent === undefined ? {} : { usableCurvePercent: options.usableCurvePercent }),
      meter: "grid-meter",
      worstBuildingLoadA: options.worstBuildingLoadA ?? 40,
      ...(options.exportLimitW === undefined ? {} : { exportLimitW: options.exportLimitW }),
      ...(options.importLimitW === undefined ? {} : { importLimitW: options.importLimitW }),
    },
    circuits: (options.circuits ?? []).map((circuit) => ({
      parent: "grid",
      protection: "gG",
      worstBuildingLoadA: 0,
      ...circuit,
    })),
    chargePoints: options.evses.map((evse) => ({
      id: `cp-${evse.id}`,
      rateUnit: "auto",
      leaseSeconds: 180,
      quirks: [],
      evses: [
        {
          id: evse.id,
          connector: 1,
          circuit: evse.circuit ?? "grid",
          phases: [...(evse.phases ?? (["L1", "L2", "L3"] as const))],
          minCurrentA: evse.minCurrentA ?? 6,
          maxCurrentA: evse.maxCurrentA ?? 16,
          safeCurrentA: evse.safeCurrentA ?? 6,
          priority: evse.priority ?? 5,
          ...(evse.phaseSwitching ? { phaseSwitching: true } : {}),
          ...(evse.givesW === undefined ? {} : { discharge: { ...GIVING, maxPowerW: evse.givesW } }),
        },
      ],
    })),
    devices: [
      ...meters.map((id) => ({ ...device, id, role: "meter" as const })),
      ...(options.pv
        ? [{ ...device, id: "pv", role: "pv" as const, pv: { peakW: 10_000, control: options.pv === "held" }, ...pvAt }]
        : []),
      ...(options.battery
        ? ["battery", ...(options.moreBatteries ?? [])].map((id) => ({
            ...device,
            id,
            role: "battery" as const,
            ...(options.battery!.circuit === undefined ? {} : { circuit: options.battery!.circuit }),
            battery: {
              capacityWh: 10_000,
              maxChargeW: options.battery!.maxW,
              maxDischargeW: options.battery!.maxW,
              minSocPercent: 10,
              efficiencyPercent: 90,
              wearEurPerKwh: 0.03,
              control: true,
            },
          }))
        : []),
    ],
  });
  return siteModel(configuration);
}
