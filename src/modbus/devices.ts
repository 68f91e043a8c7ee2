/** The configured Modbus devices: each is read in its own rhythm on its bus, and pushes readings or says its trouble. */
import type { CommandResult } from "../core/charge-point-input.ts";
import type { Clock, DeviceSink, Devices, Log } from "../core/ports.ts";
import type { DeviceConfiguration } from "../core/site/site.ts";
import type { GridInputConfiguration } from "../core/site/site-grid-operator.ts";
import { Bus, DEFAULT_BUS_OPTIONS } from "./bus.ts";
import type { WordOrder } from "./codec.ts";
import { busName } from "./connection.ts";
import { setByRegisters, setBySunSpec } from "./control.ts";
import { type OnInputRead, pollInput } from "./digital-input.ts";
import { exceptionWords } from "./pdu.ts";
import type { Profile } from "./profile.ts";
import { deviceProfile } from "./profiles.ts";
import { limitBySunSpec } from "./pv-control.ts";
import { batteryReading, type Mounting, meterReading, pvReading } from "./readings.ts";
import { mapFor, meet, readByRegisters } from "./register-device.ts";
import { readBySunSpec, type SunSpecChain, sunSpecFor, walkChain } from "./sunspec.ts";
import type { DevicePart, DevicePort, DeviceValues, ReadOutcome } from "./values.ts";

export interface ModbusOptions {
  readonly devices: readonly DeviceConfiguration[];
  /** Where meters are mounted; left out: they guard nothing, at 230 V. */
  readonly mountingOf?: (deviceId: string) => Mounting;
  /** Contacts of the grid operator; they may share a line with devices. */
  readonly inputs?: { readonly all: readonly GridInputConfiguration[]; readonly onRead: OnInputRead };
  readonly sink: DeviceSink;
  readonly clock: Clock;
  readonly log: Log;
}

/** A device that is silent is asked less often, but a meter: on it hangs the whole site. */
const SILENT_WAIT_STEP_MS = 2_000;
const SILENT_WAIT_MOST_MS = 300_000;
const METER_BACK_OFF_MOST_MS = 2_000;
const INPUT_BUS_OPTIONS = { ...DEFAULT_BUS_OPTIONS, maximumBackOffMs: METER_BACK_OFF_MOST_MS };
/** A setpoint that stays the same is written again after this part of the time that the device keeps it. */
const WRITE_AGAIN_AFTER = 0.4;
/** A stop waits so long for batteries; what does not answer forgets its setpoint by itself. */
const RELEASE_MOST_MS = 1_500;

const PARTS: Readonly<Record<DeviceConfiguration["role"], readonly DevicePart[]>> = {
  meter: ["meter"],
  pv: ["pv"],
  battery: ["battery"],
  hybrid: ["pv", "battery"],
};

/** How long the device keeps a setpoint without hearing of it again, ms. */
function keptMs(profile: Profile, expiresInMs: number): number {
  const { control } = profile;
  if (control?.kind !== "registers" || control.setsOwnTimer) return expiresInMs;
  return Math.min(expiresInMs, control.revertSeconds * 1000);
}

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
      // It may not say how its percentages are scaled, as when it sleeps.
      if (!values.every((value) => Number.isInteger(value) && value >= 0 && value <= 0xffff))
        return `register ${address} cannot hold the value, as it says that it is scaled`;
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
  #wordOrder: WordOrder | undefined;
  #failures = 0;
  #stopped = false;
  #cancel: () => void = () => {};
  #lastWrite: { powerW: number | undefined; monoMs: number } | undefined;
  #limited = false;

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

  /** A profile may have both: SunSpec for the inverter and a map for what SunSpec does not know. */
  async #read(): Promise<ReadOutcome> {
    const parts = PARTS[this.#device.role];
    const sunspec = this.#profile.sunspec && sunSpecFor(this.#profile.sunspec, parts);
    const map = this.#profile.registers && mapFor(this.#profile.registers, parts);
    const common = sunspec ? await this.#readSunSpec(sunspec) : ({ ok: true, values: {} } as const);
    if (!common.ok || !map || map.blocks.length === 0) return common;
    const own = await this.#readRegisters(map);
    return own.ok ? { ok: true, values: combined(this.#profile, common.values, own.values) } : own;
  }

  async #readRegisters(map: NonNullable<Profile["registers"]>): Promise<ReadOutcome> {
    const known = this.#wordOrder === undefined ? await meet(map, this.#port) : { wordOrder: this.#wordOrder };
    if ("detail" in known) return { ok: false, detail: known.detail };
    this.#wordOrder = known.wordOrder;
    const outcome = await readByRegisters(map, known.wordOrder, this.#port);
    if (!outcome.ok) this.#wordOrder = undefined;
    return outcome;
  }

  async #readSunSpec(sunspec: NonNullable<Profile["sunspec"]>): Promise<ReadOutcome> {
    const chain = this.#chain ?? (await walkChain(sunspec, this.#port));
    if (typeof chain === "string") return { ok: false, detail: chain };
    this.#chain = chain;
    const outcome = await readBySunSpec(sunspec, chain, this.#port);
    // After an update of its firmware the models may lie elsewhere: walk again.
    if (!outcome.ok) this.#chain = undefined;
    return outcome;
  }

  #push(values: DeviceValues, atMonoMs: number): void {
    const { sink } = this.#options;
    const { role, id } = this.#device;
    const deliver = <T>(reading: T | string, push: (reading: T) => void) =>
      typeof reading === "string" ? this.#fail(reading) : push(reading as T);
    if (role === "meter") {
      const mounted = { ...this.#device, ...this.#options.mountingOf?.(id) };
      deliver(meterReading(values, mounted, atMonoMs), (reading) => sink.meter(reading));
    }
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
    const { battery } = this.#device;
    if (!this.#profile.control || !battery) return { status: "not-supported", detail: "its profile has no control" };
    if (!battery.control)
      return { status: "not-supported", detail: "site.yaml does not allow it: battery.control is false" };
    const allowed = powerW === undefined || (powerW <= battery.maxChargeW && -powerW <= battery.maxDischargeW);
    if (!allowed)
      return { status: "rejected", detail: `${powerW} W is outside of what site.yaml allows for the battery` };
    const monoMs = this.#options.clock.monoMs();
    const last = this.#lastWrite;
    const againAfterMs = WRITE_AGAIN_AFTER * keptMs(this.#profile, expiresInMs);
    if (last && last.powerW === powerW && (powerW === undefined || monoMs - last.monoMs < againAfterMs))
      return { status: "accepted", detail: "unchanged" };
    const failure = await this.#write(powerW, Math.max(1, Math.round(expiresInMs / 1000)));
    this.#lastWrite = failure === undefined ? { powerW, monoMs } : undefined;
    return failure === undefined ? { status: "accepted", detail: "" } : { status: "no-answer", detail: failure };
  }

  /** Holds the inverter back, or lets it give all that there is. */
  async limitPv(limitW: number | undefined, expiresInMs: number): Promise<CommandResult> {
    const { pv } = this.#device;
    const { pvControl, sunspec } = this.#profile;
    if (!pvControl || !sunspec) return { status: "not-supported", detail: "its profile cannot limit its power" };
    if (!pv?.control) return { status: "not-supported", detail: "site.yaml does not allow it: pv.control is false" };
    if (limitW !== undefined && !(limitW >= 0)) return { status: "rejected", detail: `${limitW} W is no limit` };
    const chain = this.#chain ?? (await walkChain(sunspec, this.#port));
    if (typeof chain === "string") return { status: "no-answer", detail: chain };
    const lifetimeS = Math.max(1, Math.round(expiresInMs / 1000));
    this.#limited = limitW !== undefined;
    const failure = await limitBySunSpec(chain, this.#port, { limitW, lifetimeS, peakW: pv.peakW });
    if (failure === undefined) return { status: "accepted", detail: "" };
    this.#options.log.warn("An inverter does not take its limit", { device: this.#device.id, detail: failure });
    return { status: "no-answer", detail: failure };
  }

  /** What was told something runs by itself again, now rather than when it forgets. */
  async release(): Promise<void> {
    if (this.#limited) await this.limitPv(undefined, 1000);
    if (this.#lastWrite?.powerW !== undefined) await this.#write(undefined, 1);
  }

  async #write(powerW: number | undefined, lifetimeS: number): Promise<string | undefined> {
    const { control, registers, sunspec } = this.#profile;
    const setpoint = { powerW, lifetimeS };
    if (control!.kind === "registers") {
      // The order may be a setting of the device: nothing is written before it is known.
      const known = this.#wordOrder === undefined ? await meet(registers!, this.#port) : { wordOrder: this.#wordOrder };
      return "detail" in known ? known.detail : setByRegisters(control!, this.#port, setpoint, known.wordOrder);
    }
    const chain = this.#chain ?? (await walkChain(sunspec!, this.#port));
    return typeof chain === "string" ? chain : setBySunSpec(chain, this.#port, setpoint);
  }
}

/** What a register map adds to SunSpec; an inverter whose DC side holds the battery has it taken out of its power. */
function combined(profile: Profile, common: DeviceValues, own: DeviceValues): DeviceValues {
  const values = { ...common, ...own };
  if (profile.sunspec?.pv?.from !== "dc-and-battery" || !common.pv || !own.battery) return values;
  const [inverterW, batteryW] = [common.pv.powerW, own.battery.powerW];
  const powerW = inverterW === undefined || batteryW === undefined ? undefined : inverterW + batteryW;
  return { ...values, pv: { ...common.pv, powerW } };
}

function profileOf(device: DeviceConfiguration): Profile {
  const profile = deviceProfile(device.profile);
  if (profile) return profile;
  throw new Error(`Device ${device.id}: there is no profile "${device.profile}"; \`wattledger devices\` lists them`);
}

/** One bus for what shares a line; it is as patient as the most delicate device on it, and never slow for a meter. */
function busFor(devices: readonly DeviceConfiguration[], options: ModbusOptions): Bus {
  const longest = (what: "quietAfterConnectMs" | "reconnectDelayMs") =>
    Math.max(...devices.map((device) => profileOf(device).connection[what]));
  const hasMeter = devices.some((device) => device.role === "meter");
  return new Bus(
    devices[0]!.connection,
    {
      ...DEFAULT_BUS_OPTIONS,
      quietAfterConnectMs: longest("quietAfterConnectMs"),
      reconnectDelayMs: longest("reconnectDelayMs"),
      maximumBackOffMs: hasMeter ? METER_BACK_OFF_MOST_MS : DEFAULT_BUS_OPTIONS.maximumBackOffMs,
    },
    options,
  );
}

/** Starts reading all devices. A profile that is not known is an error of the configuration: throws, naming it. */
export function startModbusDevices(options: ModbusOptions): Devices {
  const lines = Map.groupBy(options.devices, (device) => busName(device.connection));
  const buses = new Map([...lines].map(([name, devices]) => [name, busFor(devices, options)]));
  const polled = new Map(
    options.devices.map((device) => {
      const bus = buses.get(busName(device.connection))!;
      return [device.id, new PolledDevice(device, profileOf(device), bus, options)];
    }),
  );
  for (const device of polled.values()) device.start();
  const { all: inputs, onRead } = options.inputs ?? { all: [], onRead: () => {} };
  const stopInputs = inputs.map((input) => {
    const name = busName(input.connection);
    const bus = buses.get(name) ?? new Bus(input.connection, INPUT_BUS_OPTIONS, options);
    buses.set(name, bus);
    return pollInput(input, bus, { ...options, onRead });
  });
  return {
    async setBattery(deviceId, powerW, expiresInMs) {
      const device = polled.get(deviceId);
      return device
        ? device.set(powerW, expiresInMs)
        : { status: "rejected", detail: `there is no device ${deviceId}` };
    },
    async limitPv(deviceId, limitW, expiresInMs) {
      const device = polled.get(deviceId);
      return device
        ? device.limitPv(limitW, expiresInMs)
        : { status: "rejected", detail: `there is no device ${deviceId}` };
    },
    async close() {
      for (const device of polled.values()) device.stop();
      for (const stop of stopInputs) stop();
      const released = Promise.all([...polled.values()].map((device) => device.release()));
      await Promise.race([
        released,
        new Promise((resolve) => options.clock.after(RELEASE_MOST_MS, "battery-release", () => resolve(undefined))),
      ]);
      for (const bus of buses.values()) bus.close();
    },
  };
}
