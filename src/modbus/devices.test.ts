import { afterEach, describe, expect, test } from "vitest";
import { freePort } from "../../test/free-port.ts";
import { clock, log } from "../../test/real-time.ts";
import type { BatteryReading, MeterReading, PvReading } from "../core/image.ts";
import type { DeviceSink, Devices } from "../core/ports.ts";
import { homeBattery } from "../core/site/site.test-kit.ts";
import type { DeviceConfiguration } from "../core/site/site.ts";
import { type HybridValues, startSimulatedHybrid } from "../sim/servers/modbus-hybrid.ts";
import { startSimulatedMeter } from "../sim/servers/modbus-meter.ts";
import { type ModbusServer, startModbusServer } from "../sim/servers/modbus-server.ts";
import { startModbusDevices } from "./devices.ts";

/** A sink that lets a test wait for the next reading that fits. */
class Sink implements DeviceSink {
  readonly troubles: string[] = [];
  #waiting: { fits: (reading: unknown) => boolean; resolve: (reading: never) => void }[] = [];
  meter = (reading: MeterReading) => this.#take(reading);
  pv = (reading: PvReading) => this.#take(reading);
  battery = (reading: BatteryReading) => this.#take(reading);
  trouble(deviceId: string, detail: string): void {
    this.troubles.push(`${deviceId}: ${detail}`);
    this.#take(detail);
  }
  next<T>(fits: (reading: T) => boolean): Promise<T> {
    return new Promise((resolve) => this.#waiting.push({ fits: fits as never, resolve: resolve as never }));
  }
  #take(reading: unknown): void {
    const [ready, rest] = [
      this.#waiting.filter((entry) => entry.fits(reading)),
      this.#waiting.filter((entry) => !entry.fits(reading)),
    ];
    this.#waiting = rest;
    for (const { resolve } of ready) resolve(reading as never);
  }
}

function device(
  id: string,
  values: Partial<DeviceConfiguration> & { profile: string; port: number },
): DeviceConfiguration {
  const { port, ...rest } = values;
  return {
    id,
    role: "meter",
    unitId: 1,
    pollMs: 100,
    invert: false,
    connection: { tcp: { host: "127.0.0.1", port, framing: "tcp" } },
    ...rest,
  };
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const entry of open.splice(0).reverse()) await entry.close();
});

function start(devices: DeviceConfiguration[], sink: Sink): Devices {
  const started = startModbusDevices({ devices, sink, clock, log });
  open.push(started);
  return started;
}

async function meter(powerW: () => readonly [number, number, number]): Promise<ModbusServer> {
  const server = await startSimulatedMeter({
    host: "127.0.0.1",
    port: await freePort(),
    unitId: 1,
    values: () => {
      const [l1, l2, l3] = powerW();
      return {
        powerW: [l1, l2, l3],
        currentA: [l1 / 230, l2 / 230, l3 / 230],
        voltageV: [230, 231, 229],
        importWh: 1_234_500,
        exportWh: 6_700,
      };
    },
  });
  open.push(server);
  return server;
}

describe("a smart meter on Modbus TCP", () => {
  test("is read with signed currents: a phase that exports has a negative one", async () => {
    const server = await meter(() => [4600, -2300, 690]);
    const sink = new Sink();
    start([device("grid", { profile: "eastron-sdm630", port: server.port })], sink);
    const reading = await sink.next<MeterReading>((entry) => typeof entry === "object" && "currentA" in entry);
    expect(reading).toMatchObject({
      deviceId: "grid",
      powerW: 2990,
      currentA: [20, -10, 3],
      voltageV: [230, 231, 229],
      importWh: 1_234_500,
      exportWh: 6_700,
    });
  });

  test("that was mounted the wrong way round is turned by the configuration", async () => {
    const server = await meter(() => [4600, -2300, 690]);
    const sink = new Sink();
    start([device("grid", { profile: "eastron-sdm630", port: server.port, invert: true })], sink);
    const reading = await sink.next<MeterReading>((entry) => typeof entry === "object" && "currentA" in entry);
    expect(reading).toMatchObject({ powerW: -2990, currentA: [-20, 10, -3], importWh: 6_700, exportWh: 1_234_500 });
  });

  test("that dies is trouble and no reading; when it returns, readings return", async () => {
    const server = await meter(() => [230, 230, 230]);
    const sink = new Sink();
    start([device("grid", { profile: "eastron-sdm630", port: server.port })], sink);
    await sink.next<MeterReading>((entry) => typeof entry === "object");
    await server.stop();
    await sink.next((entry) => typeof entry === "string");
    const back = sink.next<MeterReading>((entry) => typeof entry === "object");
    await server.start();
    expect(await back).toMatchObject({ powerW: 690 });
  });

  test("that shows impossible values is not believed, and the trouble says what to look at", async () => {
    const server = await startSimulatedMeter({
      host: "127.0.0.1",
      port: await freePort(),
      unitId: 1,
      values: () => ({
        powerW: [100, 100, 100],
        currentA: [1, 1, 1],
        voltageV: [23_000, 230, 230],
        importWh: 0,
        exportWh: 0,
      }),
    });
    open.push(server);
    const sink = new Sink();
    start([device("grid", { profile: "eastron-sdm630", port: server.port })], sink);
    expect(await sink.next<string>((entry) => typeof entry === "string")).toMatch(/voltage of 23000 V.*profile/);
  });
});

test("a device whose SunSpec models lead beyond the last register is in trouble, and is asked again", async () => {
  const words = [0x5375, 0x6e53, 1, 40_000];
  const read = (address: number) => words[address - 40_000] ?? 0;
  const server = await startModbusServer({
    ...{ host: "127.0.0.1", port: await freePort(), unitId: 1 },
    table: { read, refresh: () => {} },
  });
  open.push(server);
  const sink = new Sink();
  start([device("odd", { profile: "sunspec-hybrid", role: "pv", port: server.port })], sink);
  for (let round = 0; round < 3; round++) await sink.next((entry) => typeof entry === "string");
  expect(new Set(sink.troubles)).toEqual(new Set([expect.stringMatching(/^odd: .*beyond the last register/)]));
});

describe("a hybrid inverter with SunSpec", () => {
  const values: HybridValues = {
    pvPowerW: 6400,
    pvEnergyWh: 123_456,
    batteryPowerW: -1500,
    socPercent: 62.5,
    maxBatteryPowerW: 5000,
  };
  const battery = { ...homeBattery, control: true };

  test("gives sun and battery as readings, and takes setpoints that end by themselves", async () => {
    const commands: (readonly [number | undefined, number])[] = [];
    const server = await startSimulatedHybrid({
      host: "127.0.0.1",
      port: await freePort(),
      unitId: 1,
      values: () => values,
      onBatteryCommand: (powerW, seconds) => commands.push([powerW, seconds]),
    });
    open.push(server);
    const sink = new Sink();
    const devices = start(
      [device("hybrid", { profile: "sunspec-hybrid", role: "hybrid", port: server.port, battery })],
      sink,
    );
    const pv = sink.next<PvReading>((entry) => typeof entry === "object" && "energyWh" in entry);
    const storage = sink.next<BatteryReading>((entry) => typeof entry === "object" && "socPercent" in entry);
    expect(await pv).toMatchObject({ powerW: 6400, energyWh: 123_456 });
    expect(await storage).toMatchObject({ powerW: -1500, socPercent: 62.5 });
    expect(await devices.setBattery("hybrid", 2500, 60_000)).toMatchObject({ status: "accepted" });
    expect(commands.at(-1)).toEqual([2500, 60]);
    await devices.setBattery("hybrid", -1000, 60_000);
    expect(commands.at(-1)).toEqual([-1000, 60]);
    await devices.setBattery("hybrid", undefined, 60_000);
    expect(commands.at(-1)).toEqual([undefined, 0]);
  });

  test("is held back for a minute at most, and only where site.yaml allows it", async () => {
    const limits: (readonly [number | undefined, number])[] = [];
    const server = await startSimulatedHybrid({
      host: "127.0.0.1",
      port: await freePort(),
      unitId: 1,
      values: () => ({ ...values, ratedPowerW: 8000 }),
      onBatteryCommand: () => {},
      onPvLimit: (limitW, seconds) => limits.push([limitW, seconds]),
    });
    open.push(server);
    const hybrid = (pv: object) =>
      start([device("hybrid", { profile: "sunspec-hybrid", role: "hybrid", port: server.port, ...pv })], new Sink());
    const forbidden = hybrid({ pv: { peakW: 9000 } });
    expect(await forbidden.limitPv("hybrid", 2000, 60_000)).toMatchObject({ status: "not-supported" });
    const devices = hybrid({ pv: { peakW: 9000, control: true } });
    expect(await devices.limitPv("hybrid", 2000, 60_000)).toMatchObject({ status: "accepted" });
    expect(limits).toEqual([[2000, 60]]);
    expect(await devices.limitPv("hybrid", Number.NaN, 60_000)).toMatchObject({ status: "rejected" });
    expect(await devices.limitPv("hybrid", 20_000, 60_000)).toMatchObject({ status: "accepted" });
    expect(limits.at(-1)).toEqual([8000, 60]);
    await devices.close();
    expect(limits.at(-1)).toEqual([undefined, 0]);
  });

  test.each([
    ["does not say how its percentages are scaled", undefined],
    ["scales them to what its registers cannot hold", -3],
  ])("that %s is told nothing, and its line is read on", async (_, percentScale) => {
    const server = await startSimulatedHybrid({
      host: "127.0.0.1",
      port: await freePort(),
      unitId: 1,
      values: () => ({ ...values, percentScale }),
      onBatteryCommand: () => {},
    });
    open.push(server);
    const sink = new Sink();
    const pv = { peakW: 9000, control: true };
    const devices = start(
      [device("hybrid", { profile: "sunspec-hybrid", role: "hybrid", port: server.port, battery, pv })],
      sink,
    );
    const refused = { status: "no-answer", detail: expect.stringContaining("cannot hold the value") };
    expect(await devices.limitPv("hybrid", 9000, 60_000)).toMatchObject(refused);
    for (const powerW of [2500, 5000, -2500])
      expect(await devices.setBattery("hybrid", powerW, 60_000)).toMatchObject(refused);
    expect(await sink.next<PvReading>((entry) => typeof entry === "object" && "energyWh" in entry)).toMatchObject({
      powerW: 6400,
    });
  });

  test("is never asked for more than the configuration allows", async () => {
    const server = await startSimulatedHybrid({
      host: "127.0.0.1",
      port: await freePort(),
      unitId: 1,
      values: () => values,
      onBatteryCommand: () => {},
    });
    open.push(server);
    const devices = start(
      [
        device("hybrid", {
          profile: "sunspec-hybrid",
          role: "hybrid",
          port: server.port,
          battery: { ...battery, maxChargeW: 3000 },
        }),
      ],
      new Sink(),
    );
    expect(await devices.setBattery("hybrid", 4000, 60_000)).toMatchObject({ status: "rejected" });
  });
});
