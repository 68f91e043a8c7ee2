/** A hybrid inverter with a battery as a SunSpec chain: models 1, 103, 124 and 160. */
import { type ModbusServer, startModbusServer } from "./modbus-server.ts";

export interface HybridValues {
  readonly pvPowerW: number;
  readonly pvEnergyWh: number;
  /** Charging +. */
  readonly batteryPowerW: number;
  readonly socPercent: number;
  readonly maxBatteryPowerW: number;
  /** On its plate; 10 kW when left out. */
  readonly ratedPowerW?: number;
  /** Power of ten of the percentages that it is told; -2 when left out, `undefined` when it does not say. */
  readonly percentScale?: number | undefined;
}

const BASE = 40_000;
const NOT_AVAILABLE = 0xffff;
const NO_SCALE = 0x8000;
const word = (value: number) => Math.round(value) & 0xffff;

function percentScale(values: HybridValues): number {
  const scale = "percentScale" in values ? values.percentScale : -2;
  return scale === undefined ? NO_SCALE : word(scale);
}

const long = (value: number): [number, number] => [(Math.round(value) >>> 16) & 0xffff, Math.round(value) & 0xffff];

function text(value: string, words: number): number[] {
  const bytes = Buffer.alloc(words * 2);
  bytes.write(value, "ascii");
  return Array.from({ length: words }, (_, index) => bytes.readUInt16BE(index * 2));
}

function common(): number[] {
  return [
    1,
    66,
    ...text("wattledger", 16),
    ...text("simulated hybrid", 16),
    ...text("", 8),
    ...text("1", 8),
    ...text("SIM-1", 16),
    1,
    0,
  ];
}

function inverter(values: HybridValues): number[] {
  const model = new Array<number>(52).fill(NOT_AVAILABLE);
  model[0] = 103;
  model[1] = 50;
  model[13] = NO_SCALE;
  model[14] = word((values.pvPowerW - values.batteryPowerW) / 10);
  model[15] = 1;
  [model[24], model[25]] = long(values.pvEnergyWh);
  model[26] = 0;
  return model;
}

/** What was written into model 124. */
interface StorageSettings {
  mode: number;
  outRate: number;
  inRate: number;
  revertS: number;
  gridCharge: number;
}

function storage(values: HybridValues, settings: StorageSettings): number[] {
  const model = new Array<number>(26).fill(NOT_AVAILABLE);
  model[0] = 124;
  model[1] = 24;
  model[2] = word(values.maxBatteryPowerW);
  model[5] = settings.mode;
  model[8] = word(values.socPercent * 100);
  model[11] = values.batteryPowerW > 10 ? 4 : values.batteryPowerW < -10 ? 3 : 6;
  model[12] = settings.outRate;
  model[13] = settings.inRate;
  model[15] = settings.revertS;
  model[17] = settings.gridCharge;
  model[18] = 0;
  model[22] = word(-2);
  model[25] = percentScale(values);
  return model;
}

function modules(values: HybridValues): number[] {
  const powers = [
    values.pvPowerW / 2,
    values.pvPowerW / 2,
    Math.max(0, values.batteryPowerW),
    Math.max(0, -values.batteryPowerW),
  ];
  const model = [160, 8 + 4 * 20, NO_SCALE, NO_SCALE, 1, NO_SCALE, 0, 0, 4, NOT_AVAILABLE];
  powers.forEach((powerW, index) => {
    const module = new Array<number>(20).fill(NOT_AVAILABLE);
    module[0] = index + 1;
    module[11] = word(powerW / 10);
    model.push(...module);
  });
  return model;
}

/** What was written into model 123. */
interface PvSettings {
  percent: number;
  revertS: number;
  enabled: number;
}

const ratedPowerW = (values: HybridValues) => values.ratedPowerW ?? 10_000;

function nameplate(values: HybridValues): number[] {
  const model = new Array<number>(28).fill(NOT_AVAILABLE);
  model[0] = 120;
  model[1] = 26;
  model[3] = word(ratedPowerW(values) / 10);
  model[4] = 1;
  return model;
}

function immediateControls(values: HybridValues, settings: PvSettings): number[] {
  const model = new Array<number>(26).fill(NOT_AVAILABLE);
  model[0] = 123;
  model[1] = 24;
  model[5] = settings.percent;
  model[7] = settings.revertS;
  model[9] = settings.enabled;
  model[23] = percentScale(values);
  return model;
}

const CONTROLS_AT = BASE + 2 + 68 + 52 + 26 + 90 + 28;
const PV_FIELDS: Readonly<Record<number, keyof PvSettings>> = { 5: "percent", 7: "revertS", 9: "enabled" };
const STORAGE_AT = BASE + 2 + 68 + 52;
const FIELDS: Readonly<Record<number, keyof StorageSettings>> = {
  5: "mode",
  12: "outRate",
  13: "inRate",
  15: "revertS",
  17: "gridCharge",
};
const signed = (value: number) => (value >= 0x8000 ? value - 0x1_0000 : value);

/**
 * Serves the chain. `onPvLimit` hears how much the inverter may give and for how many seconds. `onBatteryCommand` hears of each setpoint, W charging +, and the seconds after which the device
 * would fall back by itself; `undefined` when it is released.
 */
export function startSimulatedHybrid(options: {
  readonly host: string;
  readonly port: number;
  readonly unitId: number;
  readonly values: () => HybridValues;
  readonly onBatteryCommand: (powerW: number | undefined, revertSeconds: number) => void;
  readonly onPvLimit?: (limitW: number | undefined, revertSeconds: number) => void;
}): Promise<ModbusServer> {
  const settings: StorageSettings = { mode: 0, outRate: 10_000, inRate: 10_000, revertS: 0, gridCharge: 0 };
  const pvSettings: PvSettings = { percent: 10_000, revertS: 0, enabled: 0 };
  let words: number[] = [];
  const refresh = () => {
    const values = options.values();
    words = [
      0x5375,
      0x6e53,
      ...common(),
      ...inverter(values),
      ...storage(values, settings),
      ...modules(values),
      ...nameplate(values),
      ...immediateControls(values, pvSettings),
      0xffff,
      0,
    ];
  };
  refresh();

  function apply(): void {
    if ((settings.mode & 3) === 0) {
      options.onBatteryCommand(undefined, 0);
      return;
    }
    // Both rates, in hundredths of a percent: where the one is the other's negative, power is forced.
    const percent = signed(settings.inRate) / 100;
    options.onBatteryCommand((percent / 100) * options.values().maxBatteryPowerW, settings.revertS || 3600);
  }

  function limitPv(): void {
    const limitW = (pvSettings.percent / 10_000) * ratedPowerW(options.values());
    if (pvSettings.enabled === 1) options.onPvLimit?.(limitW, pvSettings.revertS || 3600);
    else options.onPvLimit?.(undefined, 0);
  }

  return startModbusServer({
    ...options,
    table: {
      refresh,
      read: (address) => words[address - BASE],
      write: (address, values) => {
        const pvField = PV_FIELDS[address - CONTROLS_AT];
        if (pvField && values.length === 1) {
          pvSettings[pvField] = values[0]!;
          if (pvField === "enabled") limitPv();
          return true;
        }
        const fields = values.map((_, index) => FIELDS[address - STORAGE_AT + index]);
        if (fields.includes(undefined)) return false;
        fields.forEach((field, index) => {
          settings[field!] = values[index]!;
        });
        apply();
        return true;
      },
    },
  });
}
