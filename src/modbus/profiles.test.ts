import { afterEach, describe, expect, test } from "vitest";
import { clock, log } from "../../test/real-time.ts";
import type { BatteryReading, MeterReading, PvReading } from "../core/image.ts";
import type { Devices } from "../core/ports.ts";
import type { DeviceConfiguration } from "../core/site/site.ts";
import { startSimulatedHybrid } from "../sim/servers/modbus-hybrid.ts";
import { floatWords, type ModbusServer, startModbusServer } from "../sim/servers/modbus-server.ts";
import { startModbusDevices } from "./devices.ts";
import { deviceProfiles, parseProfile } from "./profiles.ts";
import type { Mounting } from "./readings.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const entry of open.splice(0).reverse()) await entry.close();
});

type Role = DeviceConfiguration["role"];
type Said = MeterReading | PvReading | BatteryReading | string;

function configured(profile: string, role: Role, port: number): DeviceConfiguration {
  const connection = { tcp: { host: "127.0.0.1", port, framing: "tcp" as const } };
  return { id: "device", role, profile, unitId: 1, pollMs: 100, invert: false, connection };
}

function started(device: DeviceConfiguration, said: (what: Said) => void, mounting: Mounting = {}): Devices {
  const sink = { meter: said, pv: said, battery: said, trouble: (_id: string, detail: string) => said(detail) };
  const devices = startModbusDevices({ devices: [device], mountingOf: () => mounting, sink, clock, log });
  open.push(devices);
  return devices;
}

/** The first thing that a device with these registers, and no others, gives. */
async function firstOf(
  profile: string,
  role: Role,
  words: ReadonlyMap<number, number>,
  mounted: Partial<DeviceConfiguration> = {},
  mounting: Mounting = {},
): Promise<Said> {
  const table = { read: (address: number) => words.get(address), refresh() {} };
  const server: ModbusServer = await startModbusServer({ host: "127.0.0.1", port: 0, unitId: 1, table });
  open.push(server);
  return new Promise((resolve) =>
    started({ ...configured(profile, role, server.port), ...mounted }, resolve, mounting),
  );
}

describe("a profile", () => {
  test("of every device in the house is sound, and says that nobody has tried it", () => {
    const profiles = [...deviceProfiles().values()];
    expect(profiles.length).toBeGreaterThan(20);
    expect(profiles.filter((profile) => profile.tried)).toEqual([]);
  });

  test("that names a register outside of its blocks is refused, with the register", () => {
    const text = `{ id: x, name: X, models: [X], roles: [meter], tried: false, sources: [X], connection: { unitId: 1 },
      registers: { functionCode: 3, blocks: [{ address: 0, count: 2 }], meter: { powerW: [{ address: 1, type: f32 }] } } }`;
    expect(() => parseProfile("x.yaml", text)).toThrow("x.yaml: 1 is in no block");
  });

  test("of a meter without currents does not promise to protect a fuse", () => {
    expect(deviceProfiles().get("eastron-sdm72")).toMatchObject({ protectsFuse: false });
    expect(deviceProfiles().get("eastron-sdm630")).toMatchObject({ protectsFuse: true });
  });
});

describe.each([0, 1])("a Kostal set to word order %i", (order) => {
  test("is read in the order that it says", async () => {
    const words = new Map<number, number>([[5, order]]);
    const set = (address: number, value: number) => {
      const [high, low] = floatWords(value);
      words.set(address, order === 0 ? low : high).set(address + 1, order === 0 ? high : low);
    };
    for (let address = 222; address < 254; address += 2) set(address, 0);
    for (const address of [230, 240, 250]) set(address, 230);
    for (const address of [224, 234, 244]) set(address, 1000);
    for (const address of [222, 232, 242]) set(address, 4.3);
    set(252, 3000);
    expect(await firstOf("kostal-plenticore", "meter", words)).toMatchObject({
      powerW: 3000,
      currentA: [4.3, 4.3, 4.3],
      voltageV: [230, 230, 230],
    });
  });
});

test("an SMA inverter without a battery and at night gives no sun, and is not in trouble for what it lacks", async () => {
  const words = new Map([30775, 30776].map((address, index) => [address, index === 0 ? 0x8000 : 0]));
  expect(await firstOf("sma-modbus", "pv", words)).toMatchObject({ powerW: 0 });
});

/** A SunSpec chain at 40000 with the common model and `model`. */
function chainWith(model: readonly number[]): ReadonlyMap<number, number> {
  const words = [0x5375, 0x6e53, 1, 66, ...new Array<number>(66).fill(0x4141), ...model, 0xffff, 0];
  return new Map(words.map((word, index) => [40_000 + index, word]));
}

function meterModel(id: number, values: Readonly<Record<number, number>>): number[] {
  const model = new Array<number>(107).fill(0x8000);
  for (const [offset, value] of Object.entries({ 0: id, 1: 105, 6: 0, 15: 0, 22: 0, ...values }))
    model[Number(offset)] = value & 0xffff;
  return model;
}

test("a meter behind a SolarEdge counts export as positive, and is turned", async () => {
  const phases = { 3: 10, 4: 10, 5: 10, 8: 230, 9: 230, 10: 230, 18: -6900, 19: -2300, 20: -2300, 21: -2300 };
  expect(await firstOf("solaredge", "meter", chainWith(meterModel(203, phases)))).toMatchObject({
    powerW: 6900,
    currentA: [10, 10, 10],
  });
});

test("a meter behind a SolarEdge that gives its currents a sign too shows import as import", async () => {
  const phases = { 3: -10, 4: -10, 5: 10, 8: 230, 9: 230, 10: 230, 18: -2300, 19: -2300, 20: -2300, 21: 2300 };
  expect(await firstOf("solaredge", "meter", chainWith(meterModel(203, phases)))).toMatchObject({
    powerW: 2300,
    currentA: [10, 10, -10],
  });
});

test("a meter that does not tell the power of its phases, mounted the wrong way round, shows no export", async () => {
  const words = chainWith(meterModel(203, { 3: 10, 4: 10, 5: 10, 8: 230, 9: 230, 10: 230, 18: -6900 }));
  expect(await firstOf("sunspec-meter", "meter", words, { invert: true })).toMatchObject({
    powerW: 6900,
    currentA: [10, 10, 10],
  });
});

test("a one-phase SunSpec meter guards its one phase", async () => {
  const words = chainWith(meterModel(201, { 3: 10, 8: 230, 18: -2300 }));
  expect(await firstOf("sunspec-meter", "meter", words)).toMatchObject({ powerW: -2300, currentA: [-10, 0, 0] });
  expect(await firstOf("sunspec-meter", "meter", words, {}, { fusePhases: 3 })).toContain("measures one phase");
});

test("a meter is believed at the voltage that the site has, and at no other", async () => {
  const words = chainWith(meterModel(203, { 3: 10, 4: 10, 5: 10, 8: 120, 9: 121, 10: 119, 18: 3600 }));
  expect(await firstOf("sunspec-meter", "meter", words)).toContain("a voltage of 120 V");
  expect(await firstOf("sunspec-meter", "meter", words, {}, { nominalVoltageV: 120 })).toMatchObject({ powerW: 3600 });
});

test("a battery bank of SunSpec model 802 tells its charge and its power, charging positive", async () => {
  const model = new Array<number>(64).fill(0x8000);
  for (const [offset, value] of Object.entries({ 0: 802, 1: 62, 11: 573, 47: -1500, 56: -1, 63: 0 }))
    model[Number(offset)] = value & 0xffff;
  expect(await firstOf("sunspec-battery", "battery", chainWith(model))).toMatchObject({
    powerW: 1500,
    socPercent: 57.3,
  });
});

describe("a battery", () => {
  const battery = { capacityWh: 10_000, maxChargeW: 5000, maxDischargeW: 5000, minSocPercent: 10 };
  const control = { ...battery, efficiencyPercent: 90, wearEurPerKwh: 0.03, control: true };

  async function hybrid(allowed: boolean) {
    const commands: (readonly [number | undefined, number])[] = [];
    const server = await startSimulatedHybrid({
      host: "127.0.0.1",
      port: 0,
      unitId: 1,
      values: () => ({ pvPowerW: 0, pvEnergyWh: 1, batteryPowerW: 0, socPercent: 50, maxBatteryPowerW: 5000 }),
      onBatteryCommand: (powerW, seconds) => commands.push([powerW, seconds]),
    });
    open.push(server);
    const device = {
      ...configured("sunspec-hybrid", "hybrid", server.port),
      battery: { ...control, control: allowed },
    };
    return { commands, devices: started(device, () => {}) };
  }

  test("that the configuration does not give to wattledger is left alone", async () => {
    const { commands, devices } = await hybrid(false);
    expect(await devices.setBattery("device", 1000, 60_000)).toMatchObject({ status: "not-supported" });
    expect(commands).toEqual([]);
  });

  test("is not set to a power that is not a number", async () => {
    const { commands, devices } = await hybrid(true);
    expect(await devices.setBattery("device", Number.NaN, 60_000)).toMatchObject({ status: "rejected" });
    expect(commands).toEqual([]);
  });

  test("never gets a setpoint without an end, however short it was meant to be", async () => {
    const { commands, devices } = await hybrid(true);
    expect(await devices.setBattery("device", 500, 400)).toMatchObject({ status: "accepted" });
    expect(commands.at(-1)).toEqual([500, 1]);
  });

  test("runs by itself again as soon as the controller stops", async () => {
    const { commands, devices } = await hybrid(true);
    await devices.setBattery("device", 500, 60_000);
    await devices.close();
    expect(commands.at(-1)).toEqual([undefined, 0]);
  });

  test("gets the same setpoint once, not at each renewal", async () => {
    const { commands, devices } = await hybrid(true);
    await devices.setBattery("device", 500, 600_000);
    const written = commands.length;
    expect(await devices.setBattery("device", 500, 600_000)).toMatchObject({ detail: "unchanged" });
    expect(commands).toHaveLength(written);
  });
});
