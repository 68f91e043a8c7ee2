/** Walks a SunSpec device's chain of models and reads the ones that matter. Offsets count from the model's id. */
import { decodeNumber, type NumberType, registersOf, SUNSPEC_SENTINELS, scaled } from "./codec.ts";
import type { SunSpecMap } from "./profile.ts";
import type { DevicePart, DevicePort, DeviceValues, ReadOutcome } from "./values.ts";

export interface SunSpecModel {
  readonly id: number;
  readonly address: number;
  readonly length: number;
}
/** Models by id; where a device has one twice, the first. */
export type SunSpecChain = ReadonlyMap<number, SunSpecModel>;

const MOST_MODELS = 60;
const MARK = [0x5375, 0x6e53];
const BLOCK = 125;
const LAST_REGISTER = 0xffff;

/** Finds the chain. The answer is the chain, or why there is none. */
export async function walkChain(map: SunSpecMap, port: DevicePort): Promise<SunSpecChain | string> {
  let detail = "no SunSpec mark at the known addresses";
  for (const base of map.bases) {
    const mark = await port.read(3, base, 2);
    if (!mark.ok) detail = mark.detail;
    else if (mark.registers[0] === MARK[0] && mark.registers[1] === MARK[1]) return walkFrom(base + 2, port);
  }
  return detail;
}

async function walkFrom(start: number, port: DevicePort): Promise<SunSpecChain | string> {
  const chain = new Map<number, SunSpecModel>();
  let address = start;
  for (let count = 0; count < MOST_MODELS; count++) {
    const head = await port.read(3, address, 2);
    if (!head.ok) return head.detail;
    const [id = 0xffff, length = 0] = head.registers;
    if (id === 0xffff || length === 0) return chain;
    if (address + length + 2 > LAST_REGISTER)
      return "its SunSpec models lead beyond the last register: check the profile and its firmware";
    if (!chain.has(id)) chain.set(id, { id, address, length });
    address += length + 2;
  }
  return chain;
}

/** The words of a model, read in one go where they fit, so that values and scale factors belong together. */
async function readModel(model: SunSpecModel, port: DevicePort): Promise<number[] | string> {
  const words: number[] = [];
  const total = model.length + 2;
  for (let at = 0; at < total; at += BLOCK) {
    const reply = await port.read(3, model.address + at, Math.min(BLOCK, total - at));
    if (!reply.ok) return reply.detail;
    words.push(...reply.registers);
  }
  return words;
}

function raw(words: readonly number[], offset: number, type: NumberType): number | undefined {
  return decodeNumber(words.slice(offset, offset + registersOf(type)), {
    type,
    wordOrder: "big",
    sentinels: SUNSPEC_SENTINELS,
  });
}

function point(words: readonly number[], at: { offset: number; type: NumberType; factor: number }): number | undefined {
  return scaled(raw(words, at.offset, at.type), raw(words, at.factor, "i16"));
}

type Meter = NonNullable<DeviceValues["meter"]>;

/** Models 201 to 204, integers with scale factors. */
function integerMeter(words: readonly number[]): Meter {
  const at = (offset: number, type: NumberType, factor: number) => point(words, { offset, type, factor });
  return {
    currentA: [3, 4, 5].map((offset) => at(offset, "i16", 6)),
    voltageV: [8, 9, 10].map((offset) => at(offset, "i16", 15)),
    powerW: at(18, "i16", 22),
    phasePowerW: [19, 20, 21].map((offset) => at(offset, "i16", 22)),
    exportWh: at(38, "u32", 54),
    importWh: at(46, "u32", 54),
  };
}

/** Models 211 to 214, floats. */
function floatMeter(words: readonly number[]): Meter {
  const at = (offset: number) => raw(words, offset, "f32");
  return {
    currentA: [4, 6, 8].map(at),
    voltageV: [12, 14, 16].map(at),
    powerW: at(28),
    phasePowerW: [30, 32, 34].map(at),
    exportWh: at(60),
    importWh: at(68),
  };
}

/** Models 201 and 211 measure one phase: what they say of L2 and L3 is nothing. */
function onePhase(meter: Meter): Meter {
  const first = (values: Meter["currentA"]) => (values ?? []).slice(0, 1);
  const phasePowerW = first(meter.phasePowerW).includes(undefined) ? [meter.powerW] : first(meter.phasePowerW);
  return { ...meter, phasePowerW, currentA: first(meter.currentA), voltageV: first(meter.voltageV) };
}

function meterOf(models: Models): Meter | undefined {
  const integers = models.get(203, 202, 204);
  if (integers) return integerMeter(integers);
  const floats = models.get(213, 212, 214);
  if (floats) return floatMeter(floats);
  const single = models.get(201);
  if (single) return onePhase(integerMeter(single));
  const singleFloat = models.get(211);
  return singleFloat && onePhase(floatMeter(singleFloat));
}

function turned(meter: Meter, sign: "import" | "export"): Meter {
  if (sign === "import") return meter;
  const turn = (value: number | undefined) => (value === undefined ? undefined : -value);
  return {
    ...meter,
    powerW: turn(meter.powerW),
    ...(meter.phasePowerW ? { phasePowerW: meter.phasePowerW.map(turn) } : {}),
  };
}

/** DC power of a module of model 160, W. */
function modulePowerW(words: readonly number[], module: number): number | undefined {
  const offset = 10 + (module - 1) * 20 + 11;
  return point(words, { offset, type: "u16", factor: 4 });
}

function sum(values: readonly (number | undefined)[]): number | undefined {
  return values.includes(undefined) || values.length === 0
    ? undefined
    : values.reduce<number>((total, value) => total + value!, 0);
}

interface Models {
  get(...ids: number[]): readonly number[] | undefined;
}

type BatteryMap = NonNullable<SunSpecMap["battery"]>;

/** Power of the bank of model 802, charging +, where the profile knows its sign (the model does not define it). */
function bankPowerW({ bankPower }: BatteryMap, bank: readonly number[] | undefined): number | undefined {
  const powerW = bank && bankPower && point(bank, { offset: 47, type: "i16", factor: 63 });
  return powerW === undefined || bankPower === "charging" ? powerW : -powerW;
}

function batteryPowerW(map: BatteryMap, models: Models): number | undefined {
  const { chargeModule, dischargeModule } = map;
  const modules = models.get(160);
  if (chargeModule === undefined || dischargeModule === undefined || !modules) return bankPowerW(map, models.get(802));
  const chargeW = modulePowerW(modules, chargeModule);
  const dischargeW = modulePowerW(modules, dischargeModule);
  return chargeW === undefined || dischargeW === undefined ? undefined : chargeW - dischargeW;
}

function batteryOf(map: BatteryMap, models: Models): NonNullable<DeviceValues["battery"]> {
  const storage = models.get(124);
  const bank = models.get(802);
  const byInverter = storage && point(storage, { offset: 8, type: "u16", factor: 22 });
  const byBank = bank && point(bank, { offset: 11, type: "u16", factor: 56 });
  return { powerW: batteryPowerW(map, models), socPercent: byInverter ?? byBank };
}

function acPower(models: Models): { powerW: number | undefined; energyWh: number | undefined } {
  const integers = models.get(103, 102, 101);
  if (integers) {
    return {
      powerW: point(integers, { offset: 14, type: "i16", factor: 15 }),
      energyWh: point(integers, { offset: 24, type: "u32", factor: 26 }),
    };
  }
  const floats = models.get(113, 112, 111);
  return { powerW: floats && raw(floats, 22, "f32"), energyWh: floats && raw(floats, 32, "f32") };
}

function pvOf(map: SunSpecMap, models: Models): DeviceValues["pv"] {
  const ac = acPower(models);
  if (map.pv?.from === "ac") return ac;
  const words = models.get(160);
  if (map.pv?.from === "modules")
    return { ...ac, powerW: words && sum(map.pv.modules.map((module) => modulePowerW(words, module))) };
  return ac;
}

const WANTED = {
  meter: [201, 202, 203, 204, 211, 212, 213, 214],
  pv: [101, 102, 103, 111, 112, 113, 160],
  battery: [124, 160, 802],
} as const;

/** The map without the parts that the device's role on this site has no use for; `undefined` when none is left. */
export function sunSpecFor(map: SunSpecMap, parts: readonly DevicePart[]): SunSpecMap | undefined {
  const { meter, pv, battery, ...rest } = map;
  const kept = {
    ...(meter && parts.includes("meter") ? { meter } : {}),
    // Without its battery in view, an inverter's AC power is all there is to say.
    ...(pv && parts.includes("pv") ? { pv: pv.from === "dc-and-battery" ? { ...pv, from: "ac" as const } : pv } : {}),
    ...(battery && parts.includes("battery") ? { battery } : {}),
  };
  return Object.keys(kept).length > 0 ? { ...rest, ...kept } : undefined;
}

/** Reads what the profile names from the models that the chain has. */
export async function readBySunSpec(map: SunSpecMap, chain: SunSpecChain, port: DevicePort): Promise<ReadOutcome> {
  const wanted = new Set((["meter", "pv", "battery"] as const).flatMap((part) => (map[part] ? WANTED[part] : [])));
  const words = new Map<number, number[]>();
  for (const model of chain.values()) {
    if (!wanted.has(model.id as never)) continue;
    const read = await readModel(model, port);
    if (typeof read === "string") return { ok: false, detail: read };
    words.set(model.id, read);
  }
  const models: Models = { get: (...ids) => ids.map((id) => words.get(id)).find((found) => found !== undefined) };
  const meter = meterOf(models);
  const battery = map.battery ? batteryOf(map.battery, models) : undefined;
  const pv = map.pv ? pvOf(map, models) : undefined;
  return {
    ok: true,
    values: {
      ...(map.meter && meter ? { meter: turned(meter, map.meter.sign) } : {}),
      ...(pv ? { pv } : {}),
      ...(battery ? { battery } : {}),
    },
  };
}
