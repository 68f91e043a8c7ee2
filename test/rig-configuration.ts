/** What a site in virtual time is made of, and its site.yaml. */
import type { Log, Solver } from "../src/core/ports.ts";
import type { PerPhase } from "../src/core/quantity.ts";

export interface RigStall {
  readonly id: string;
  readonly circuit?: string;
  readonly phases?: readonly ("L1" | "L2" | "L3")[];
  readonly safeCurrentA?: number;
  readonly maxCurrentA?: number;
  readonly priority?: number;
  /** Its charge point sends no meter values. */
  readonly mute?: boolean;
}

export interface RigOptions {
  readonly stalls: readonly RigStall[];
  readonly fuseA?: number;
  readonly garageFuseA?: number;
  readonly garageMetered?: boolean;
  readonly importLimitW?: number;
  /** As in site.yaml. */
  readonly gridOperator?: object;
  readonly country?: string;
  /** A per phase at a time since the start, s. */
  readonly buildingA?: (second: number) => PerPhase;
  /** Seconds between meter values of an EVSE. */
  readonly sampleEveryS?: number;
  /** As in site.yaml. */
  readonly upstream?: object;
  readonly charging?: object;
  readonly tariff?: object;
  /** Beside the meters, as in site.yaml. */
  readonly devices?: readonly object[];
  /** In the place of plans by rules. */
  readonly solver?: Solver;
  readonly log?: Log;
}

/** Its configuration, as it would be parsed from site.yaml. */
export function configurationOf({
  stalls,
  fuseA = 63,
  garageFuseA,
  garageMetered = true,
  importLimitW,
  gridOperator,
  country = "NL",
  upstream,
  charging,
  tariff = {},
  devices = [],
}: RigOptions) {
  return {
    site: { id: "rig", timeZone: "UTC", country },
    gridConnection: {
      mainFuseA: fuseA,
      meter: "grid-meter",
      worstBuildingLoadA: 10,
      ...(importLimitW ? { importLimitW } : {}),
    },
    circuits: garageFuseA
      ? [{ id: "garage", fuseA: garageFuseA, ...(garageMetered ? { meter: "garage-meter" } : {}) }]
      : [],
    chargePoints: stalls.map(
      ({ id, circuit = "grid", phases = ["L1", "L2", "L3"], safeCurrentA = 6, maxCurrentA = 16, priority = 5 }) => ({
        id: `cp-${id}`,
        passwordHash: "scrypt$16384$8$1$VewEOwzSghzCBaSUzMxP4g$fqjVyyMQUCNhO3ytrjhfgMqaMLjnJQXcvjF4igg4KFE",
        evses: [{ id, circuit, phases, safeCurrentA, maxCurrentA, priority }],
      }),
    ),
    devices: [
      { id: "grid-meter", role: "meter", profile: "eastron-sdm630", connection: { tcp: { host: "x", port: 502 } } },
      { id: "garage-meter", role: "meter", profile: "eastron-sdm630", connection: { tcp: { host: "y", port: 502 } } },
      ...devices,
    ],
    ...(gridOperator ? { gridOperator, mqtt: { url: "mqtt://127.0.0.1", requests: true } } : {}),
    tariff: { import: { kind: "fixed", eurPerKwh: 0.3 }, ...tariff },
    ...(upstream ? { upstream } : {}),
    ...(charging ? { charging } : {}),
  };
}
