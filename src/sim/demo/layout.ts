/** The demonstration's building: what is wired where. Plain data, in the shape of a site.yaml. */
import type { DemoDay } from "./day.ts";

export interface DemoStall {
  readonly evseId: string;
  readonly name: string;
  readonly chargePointId: string;
  readonly connector: number;
  readonly protocol: "ocpp1.6" | "ocpp2.0.1";
  readonly circuit: "grid" | "garage";
  readonly phases: readonly ("L1" | "L2" | "L3")[];
  readonly safeCurrentA: number;
  readonly carPhases: 1 | 3;
}

const L123 = ["L1", "L2", "L3"] as const;
const L231 = ["L2", "L3", "L1"] as const;

export const DEMO_STALLS: readonly DemoStall[] = [
  {
    evseId: "stall-1",
    name: "Stall 1",
    chargePointId: "garage-a",
    connector: 1,
    protocol: "ocpp1.6",
    circuit: "garage",
    phases: L123,
    safeCurrentA: 6,
    carPhases: 3,
  },
  {
    evseId: "stall-2",
    name: "Stall 2",
    chargePointId: "garage-a",
    connector: 2,
    protocol: "ocpp1.6",
    circuit: "garage",
    phases: L123,
    safeCurrentA: 6,
    carPhases: 3,
  },
  {
    evseId: "stall-3",
    name: "Stall 3",
    chargePointId: "garage-b",
    connector: 1,
    protocol: "ocpp1.6",
    circuit: "garage",
    phases: L123,
    safeCurrentA: 0,
    carPhases: 1,
  },
  {
    evseId: "stall-4",
    name: "Stall 4 (L2-L3-L1)",
    chargePointId: "garage-c",
    connector: 1,
    protocol: "ocpp1.6",
    circuit: "garage",
    phases: L231,
    safeCurrentA: 0,
    carPhases: 1,
  },
  {
    evseId: "stall-5",
    name: "Stall 5",
    chargePointId: "yard-a",
    connector: 1,
    protocol: "ocpp1.6",
    circuit: "grid",
    phases: L123,
    safeCurrentA: 6,
    carPhases: 3,
  },
  {
    evseId: "stall-6",
    name: "Stall 6",
    chargePointId: "yard-b",
    connector: 1,
    protocol: "ocpp1.6",
    circuit: "grid",
    phases: L123,
    safeCurrentA: 0,
    carPhases: 3,
  },
  {
    evseId: "stall-7",
    name: "Stall 7",
    chargePointId: "yard-c",
    connector: 1,
    protocol: "ocpp2.0.1",
    circuit: "grid",
    phases: L123,
    safeCurrentA: 6,
    carPhases: 3,
  },
  {
    evseId: "stall-8",
    name: "Stall 8",
    chargePointId: "yard-d",
    connector: 1,
    protocol: "ocpp2.0.1",
    circuit: "grid",
    phases: L231,
    safeCurrentA: 0,
    carPhases: 3,
  },
];

/** The driver of the car there says nothing by itself. */
export const SILENT_STALL = "stall-4";

/** For charge points of other makes: they may connect to the demonstration and are limited like the others. */
const GUEST_VERSIONS = { "guest-16": "1.6", "guest-201": "2.0.1" } as const;
export const GUESTS = ["guest-16", "guest-201"] as const;
const MAIN_FUSE_A = 63;
const GARAGE_FUSE_A = 40;
export const PV_PEAK_W = 30_000;
export const BATTERY_WH = 20_000;
export const BATTERY_W = 8_000;
export const BUILDING_MEAN_W = 8_000;
export const VOLTAGE_V = 230;

export interface DemoAddresses {
  readonly host: string;
  readonly meterPort: number;
  readonly garageMeterPort: number;
  readonly hybridPort: number;
  readonly ocppPort: number;
  readonly apiPort: number;
}

function chargePoints(passwordHash: string) {
  const ids = [...new Set(DEMO_STALLS.map((stall) => stall.chargePointId))];
  const own = ids.map((id) => ({
    id,
    passwordHash,
    evses: DEMO_STALLS.filter((stall) => stall.chargePointId === id).map(
      ({ evseId, name, connector, circuit, phases, safeCurrentA }) => ({
        id: evseId,
        name,
        connector,
        circuit,
        phases: [...phases],
        maxCurrentA: 16,
        safeCurrentA,
      }),
    ),
  }));
  const guests = GUESTS.map((id) => ({
    id,
    passwordHash,
    evses: [
      {
        id: `${id}-1`,
        name: `Place for yours (OCPP ${GUEST_VERSIONS[id]})`,
        circuit: "grid",
        maxCurrentA: 16,
        safeCurrentA: 0,
      },
    ],
  }));
  return [...own, ...guests];
}

/** The configuration of the demonstration, as an installer would have written it. */
export function demoConfiguration(
  addresses: DemoAddresses,
  options: {
    readonly passwordHash: string;
    readonly day: Pick<DemoDay, "timeZone" | "location">;
    readonly pricesFile: string;
  },
): unknown {
  const { timeZone, location } = options.day;
  const tcp = (port: number) => ({ tcp: { host: addresses.host, port } });
  return {
    site: { id: "demo", name: "Simulated building", timeZone, country: "DE", location },
    gridConnection: { mainFuseA: MAIN_FUSE_A, meter: "grid-meter", worstBuildingLoadA: 39 },
    circuits: [{ id: "garage", fuseA: GARAGE_FUSE_A, meter: "garage-meter" }],
    chargePoints: chargePoints(options.passwordHash),
    devices: [
      { id: "grid-meter", role: "meter", profile: "eastron-sdm630", connection: tcp(addresses.meterPort) },
      { id: "garage-meter", role: "meter", profile: "eastron-sdm630", connection: tcp(addresses.garageMeterPort) },
      {
        id: "roof",
        role: "hybrid",
        profile: "sunspec-hybrid",
        connection: tcp(addresses.hybridPort),
        pv: { peakW: PV_PEAK_W },
        battery: { capacityWh: BATTERY_WH, maxChargeW: BATTERY_W, maxDischargeW: BATTERY_W, control: true },
      },
    ],
    tariff: {
      import: { kind: "day-ahead", file: options.pricesFile, addEurPerKwh: 0.17 },
      export: { kind: "fixed", eurPerKwh: 0.08 },
    },
    ocpp: { host: addresses.host, port: addresses.ocppPort },
    api: { host: addresses.host, port: addresses.apiPort },
  };
}
