/** The site of a scenario as `site.yaml` would have it, so that the same checks and the same controller run on it. */
import { PHASE_INDEXES, PHASE_NAMES, type PhaseName } from "../core/quantity.ts";
import { BATTERY_ID, chargePointIdOf, GRID_METER_ID, PV_ID } from "../sim/virtual-site.ts";
import type { ScenarioFile } from "./scenario-schema.ts";

type FileEvse = ScenarioFile["site"]["evses"][number];
export type ExpandedEvse = Omit<FileEvse, "count" | "rotatePhases" | "connector">;

function rotated(phases: readonly PhaseName[], by: number): PhaseName[] {
  if (phases.length === 3) return phases.map((_, index) => phases[(index + by) % 3]!);
  return phases.map((name) => PHASE_NAMES[(PHASE_NAMES.indexOf(name) + by) % 3]!);
}

/** Every EVSE by itself; of several alike the ids are numbered from 1. */
function expandedEvses(site: ScenarioFile["site"]): ExpandedEvse[] {
  return site.evses.flatMap(({ count, rotatePhases, connector: _, ...evse }) =>
    Array.from({ length: count }, (_, index) => ({
      ...evse,
      id: count === 1 ? evse.id : `${evse.id}-${index + 1}`,
      phases: rotatePhases ? rotated(evse.phases, index) : evse.phases,
    })),
  );
}

/** Names of scenarios may say more than those of sites. */
const SITE_NAME_LENGTH = 80;

/** Never connected to: the scenario stands behind the ports. */
const NOWHERE = { tcp: { host: "127.0.0.1", port: 1 } };

function roof({ peakKw, control }: NonNullable<ScenarioFile["site"]["pv"]>) {
  return { peakW: peakKw * 1000, ...(control === undefined ? {} : { control }) };
}

function devices({ pv, battery }: ScenarioFile["site"]): unknown[] {
  const { startSocPercent: _, ...store } = battery ?? { startSocPercent: 0 };
  return [
    { id: GRID_METER_ID, role: "meter", profile: "eastron-sdm630", connection: NOWHERE },
    ...(pv ? [{ id: PV_ID, role: "pv", profile: "sunspec-inverter", connection: NOWHERE, pv: roof(pv) }] : []),
    ...(battery
      ? [{ id: BATTERY_ID, role: "battery", profile: "sunspec-inverter", connection: NOWHERE, battery: store }]
      : []),
  ];
}

/** Highest load of a phase that still fits beside the safe currents; the scenario's building may be larger at times. */
function worstLoadA(site: ScenarioFile["site"], evses: readonly ExpandedEvse[]): number {
  const safeA = PHASE_INDEXES.map((phase) =>
    evses.filter(({ phases }) => phases.includes(PHASE_NAMES[phase])).reduce((sum, evse) => sum + evse.safeCurrentA, 0),
  );
  return Math.max(0, site.mainFuseA - Math.max(...safeA));
}

/** The document to be parsed and checked as a configuration. Prices come from the scenario, not from a market. */
export function siteDocument(scenario: ScenarioFile): unknown {
  const { site, tariff, charging, name } = scenario;
  const { timeZone, country, unbalanceLimitA, phases, nominalVoltageV, mainFuseA } = site;
  const { importLimitW, exportLimitW, rampLimitW } = site;
  const evses = expandedEvses(site);
  const { import: _, export: __, ...otherTariff } = tariff ?? {};
  const known = (values: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  return {
    site: { id: "scenario", name: name.slice(0, SITE_NAME_LENGTH), timeZone, country, ...known({ unbalanceLimitA }) },
    gridConnection: {
      ...known({ phases, nominalVoltageV, mainFuseA, importLimitW, exportLimitW, rampLimitW }),
      meter: GRID_METER_ID,
      worstBuildingLoadA: worstLoadA(site, evses),
    },
    circuits: site.circuits,
    chargePoints: evses.map((evse) => ({ id: chargePointIdOf(evse.id), evses: [evse] })),
    devices: devices(site),
    tariff: { import: { kind: "fixed", eurPerKwh: 0.3 }, export: { kind: "fixed", eurPerKwh: 0 }, ...otherTariff },
    charging,
  };
}
