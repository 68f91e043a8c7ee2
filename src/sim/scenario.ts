/** The measured workplace as a scenario: 54 EVSEs of one phase each, a fuse that binds, sun on the roof. */
import type { PhaseIndex } from "../core/quantity.ts";
import { type MeasuredSession, measuredWeek } from "./data.ts";

export interface ScenarioEvse {
  readonly id: string;
  readonly phase: PhaseIndex;
}

export interface Scenario {
  readonly name: string;
  readonly days: number;
  /** The data's Monday 00:00 local, epoch ms; the zone is UTC so that both agree. */
  readonly startMs: number;
  readonly voltageV: number;
  readonly fuseA: number;
  readonly evses: readonly ScenarioEvse[];
  readonly maxCurrentA: number;
  readonly buildingMeanW: number;
  readonly pvPeakW: number;
  readonly addEurPerKwh: number;
  readonly exportEurPerKwh: number;
  /** With the EVSE that each session was measured at. */
  readonly sessions: readonly (MeasuredSession & { readonly evseId: string })[];
}

const EVSE_COUNT = 54;
/** 10 June 2024, the Monday of the prices. */
const MONDAY_MS = Date.UTC(2024, 5, 10);

/** The workplace for `days` days from Monday on. */
export function workplaceScenario(days: number): Scenario {
  const { sessions } = measuredWeek();
  const stations = [...new Set(sessions.map((session) => session.station))].sort();
  const evses = Array.from({ length: EVSE_COUNT }, (_, index) => ({
    id: stations[index] ?? `spare-${index + 1}`,
    phase: (index % 3) as PhaseIndex,
  }));
  return {
    name: `measured workplace, ${days} days`,
    days,
    startMs: MONDAY_MS,
    voltageV: 230,
    fuseA: 160,
    evses,
    maxCurrentA: 32,
    buildingMeanW: 30_000,
    pvPeakW: 60_000,
    addEurPerKwh: 0.12,
    exportEurPerKwh: 0.06,
    sessions: sessions
      .filter((session) => session.arrivalS < days * 86_400)
      .map((session) => ({ ...session, evseId: session.station })),
  };
}

const safeCurrentA = (index: number) => (Math.floor(index / 3) % 2 === 0 ? 6 : 0);

/** The scenario in the shape of a site.yaml. Half of the EVSEs fall back to 6 A, half pause: 9 x 6 A a phase and the building stay below the fuse. */
export function scenarioConfiguration(scenario: Scenario): unknown {
  return {
    site: { id: "workplace", name: scenario.name, timeZone: "UTC", country: "NL" },
    gridConnection: {
      mainFuseA: scenario.fuseA,
      nominalVoltageV: scenario.voltageV,
      meter: "grid-meter",
      worstBuildingLoadA: 90,
    },
    chargePoints: scenario.evses.map(({ id, phase }, index) => ({
      id: `cp-${id}`,
      evses: [{ id, phases: [`L${phase + 1}`], maxCurrentA: scenario.maxCurrentA, safeCurrentA: safeCurrentA(index) }],
    })),
    devices: [
      {
        id: "grid-meter",
        role: "meter",
        profile: "eastron-sdm630",
        connection: { tcp: { host: "127.0.0.1", port: 1 } },
      },
      {
        id: "roof",
        role: "pv",
        profile: "sunspec-inverter",
        connection: { tcp: { host: "127.0.0.1", port: 2 } },
        pv: { peakW: scenario.pvPeakW },
      },
    ],
    tariff: {
      import: { kind: "fixed", eurPerKwh: 0.3 },
      export: { kind: "fixed", eurPerKwh: scenario.exportEurPerKwh },
    },
  };
}

/** Import price of a slot, EUR/kWh. */
export function scenarioPrice(scenario: Scenario, slotStartMs: number): number | undefined {
  const slot = Math.floor((slotStartMs - scenario.startMs) / 900_000);
  // Beyond the week the first days come again: prices of the day after are known at noon, as in reality.
  const price = measuredWeek().eurPerKwh[((slot % 672) + 672) % 672];
  return price === undefined ? undefined : price + scenario.addEurPerKwh;
}
