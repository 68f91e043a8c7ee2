/** The configured Modbus devices: each is read in its own rhythm on its bus, and pushes readings or says its trouble. */
import type { CommandResult } from "../core/charge-point-input.ts";
import type { Clock, DeviceSink, Devices, Log } from "../core/ports.ts";
import type { DeviceConfiguration } from "../core/site.ts";
import { Bus, DEFAULT_BUS_OPTIONS } from "./bus.ts";
import { busName } from "./connection.ts";
import { setByRegisters, setBySunSpec } from "./control.ts";
import { exceptionWords } from "./pdu.ts";
import type { Profile } from "./profile.ts";
import { deviceProfiles } from "./profiles.ts";
import { batteryReading, meterReading, pvReading } from "./readings.ts";
import { readByRegisters } from "./register-device.ts";
import { readBySunSpec, type SunSpecChain, walkChain } from "./sunspec.ts";
import type { DevicePort, DeviceValues, ReadOutcome } from "./values.ts";

export interface ModbusOptions {
  readonly devices: readonly DeviceConfiguration[];
  readonly sink: DeviceSink;
  readonly clock: Clock;
  readonly log: Log;
}

/** A device that is silent is asked less often, but a meter: on it hangs the whole site. */
const SILENT_WAIT_STEP_MS = 2_000;
const SILENT_WAIT_MOST_MS = 300_000;
const WRITE_AGAIN_MS = 15_000;

function portOf(bus: Bus, device: DeviceConfiguration, profile: Profile): DevicePort {
  const options = { timeoutMs: profile.connection.timeoutMs, gapMs: profile.connection.gapMs };
  const { unitId } = device;
  return {
    async read(functionCode, address, count) {
      const outcome = await bus.request({ kind: "read", unitId, functionCode, address, count }, options);
      if (outcome.status === "ok") return { ok: true, registers: outcome.registers };
      if (outcome.status === "exception")
        return { ok: false, detail: exceptionWords(outcome.code), exception: outcome.code };
      return { ok: false, detail: outcome.detail };
    },
    async write(functionCode, address, values) {
      const outcome = await bus.request({ kind: "write", unitId, functionCode, address, values }, options);
      if (outcome.status === "ok") return undefined;
      return outcome.status === "exception" ? exceptionWords(outcome.code) : outcome.detail;
    },
  };
}

/** One device, read again and again until it is stopped. */
class PolledDevice {
  readonly #device: DeviceConfiguration;
  readonly #profile: Profile;
  readonly #port: DevicePort;
  readonly #options: ModbusOptions;
  #chain: SunSpecChain | undefined;
  #failures = 0;
  #stopped = false;
  #cancel: () => void = () => {};
  #lastWrite: { powerW: number | undefined; monoMs: number } | undefined;

  constructor(device: DeviceConfiguration, profile: Profile, bus: Bus, options: ModbusOptions) {
    this.#device = device;
    this.#profile = profile;
    this.#port = portOf(bus, device, profile);
    this.#options = options;
  }

  start(): void {
    void this.#round();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #round(): Promise<void> {
    const { clock } = this.#options;
    const startedMonoMs = clock.monoMs();
    const outcome = await this.#read().catch(
      (error): ReadOutcome => ({ ok: false, detail: `defect: ${String(error)}` }),
    );
    if (this.#stopped) return;
    this.#failures = outcome.ok ? 0 : this.#failures + 1;
    if (outcome.ok) this.#push(outcome.values, clock.monoMs());
    else this.#fail(outcome.detail);
    const waitMs = Math.max(0, this.#device.pollMs - (clock.monoMs() - startedMonoMs)) + this.#penaltyMs();
    this.#cancel = clock.after(waitMs, `poll-${this.#device.id}`, () => void this.#round());
  }

  #penaltyMs(): number {
    if (this.#device.role === "meter" || this.#failures < 3) return 0;
    return Math.min(SILENT_WAIT_MOST_MS, SILENT_WAIT_STEP_MS * (this.#failures - 2));
  }

  async #read(): Promise<ReadOutcome> {
    const { registers, sunspec } = this.#profile;
    if (registers) return readByRegisters(registers, this.#port);
    const chain = this.#chain ?? (await walkChain(sunspec!, this.#port));
    if (typeof chain === "string") return { ok: false, detail: chain };
    this.#chain = chain;
    const outcome = await readBySunSpec(sunspec!, chain, this.#port);
    // After an update of its firmware the models may lie elsewhere: walk again.
    if (!outcome.ok) this.#chain = undefined;
    return outcome;
  }

  #push(values: DeviceValues, atMonoMs: number): void {
    const { sink } = this.#options;
    const { role, id } = this.#device;
    const deliver = <T>(reading: T | string, push: (reading: T) => void) =>
      typeof reading === "string" ? this.#fail(reading) : push(reading as T);
    if (role === "meter") deliver(meterReading(values, this.#device, atMonoMs), (reading) => sink.meter(reading));
    if (role === "pv" || role === "hybrid") deliver(pvReading(values, id, atMonoMs), (reading) => sink.pv(reading));
    if (role === "battery" || role === "hybrid")
      deliver(batteryReading(values, id, atMonoMs), (reading) => sink.battery(reading));
  }

  #fail(detail: string): void {
    this.#options.sink.trouble(this.#device.id, detail);
    if (this.#failures === 1) this.#options.log.warn("A device does not answer", { device: this.#device.id, detail });
  }

  /** Writes on change and in time before the device falls back; what is the same is not written again. */
  async set(powerW: number | undefined, expiresInMs: number): Promise<CommandResult> {
    const { control } = this.#profile;
    const { battery } = this.#device;
    if (!control || !battery) return { status: "not-supported", detail: "its profile has no control" };
    if (powerW !== undefined && (powerW > battery.maxChargeW || -powerW > battery.maxDischargeW)) {
      return { status: "rejected", detail: `${powerW} W is outside of what site.yaml allows for the battery` };
    }
    const monoMs = this.#options.clock.monoMs();
    const last = this.#lastWrite;
    if (last && last.powerW === powerW && (powerW === undefined || monoMs - last.monoMs < WRITE_AGAIN_MS)) {
      return { status: "accepted", detail: "unchanged" };
    }
    const failure = await this.#write(powerW, Math.round(expiresInMs / 1000));
    this.#lastWrite = failure === undefined ? { powerW, monoMs } : undefined;
    return failure === undefined ? { status: "accepted", detail: "" } : { status: "no-answer", detail: failure };
  }

  async #write(powerW: number | undefined, lifetimeS: number): Promise<string | undefined> {
    const { control, registers, sunspec } = this.#profile;
    const setpoint = { powerW, lifetimeS };
    if (control!.kind === "registers")
      return setByRegisters(control!, this.#port, setpoint, registers?.wordOrder ?? "big");
    const chain = this.#chain ?? (await walkChain(sunspec!, this.#port));
    return typeof chain === "string" ? chain : setBySunSpec(chain, this.#port, setpoint);
  }
}

/** Starts reading all devices. A profile that is not known is an error of the configuration: throws, naming it. */
export function startModbusDevices(options: ModbusOptions): Devices {
  const profiles = deviceProfiles();
  const buses = new Map<string, Bus>();
  const polled = new Map<string, PolledDevice>();
  for (const device of options.devices) {
    const profile = profiles.get(device.profile);
    if (!profile)
      throw new Error(
        `Device ${device.id}: there is no profile "${device.profile}"; \`wattledger devices\` lists them`,
      );
    const name = busName(device.connection);
    const { quietAfterConnectMs, reconnectDelayMs } = profile.connection;
    const bus =
      buses.get(name) ??
      new Bus(
        device.connection,
        {
          ...DEFAULT_BUS_OPTIONS,
          quietAfterConnectMs,
          reconnectDelayMs,
          maximumBackOffMs: device.role === "meter" ? 2_000 : DEFAULT_BUS_OPTIONS.maximumBackOffMs,
        },
        options,
      );
    buses.set(name, bus);
    polled.set(device.id, new PolledDevice(device, profile, bus, options));
  }
  for (const device of polled.values()) device.start();
  return {
    async setBattery(deviceId, powerW, expiresInMs) {
      const device = polled.get(deviceId);
      return device
        ? device.set(powerW, expiresInMs)
        : { status: "rejected", detail: `there is no device ${deviceId}` };
    },
    async close() {
      for (const device of polled.values()) device.stop();
      for (const bus of buses.values()) bus.close();
    },
  };
}
