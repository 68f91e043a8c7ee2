/** Holds an inverter back, always so that it returns to full power by itself when we fall silent. */
import type { SunSpecChain } from "./sunspec.ts";
import type { DevicePort } from "./values.ts";

export interface PvLimit {
  /** The most that it may give; `undefined`: all that there is. */
  readonly limitW: number | undefined;
  /** At least 1: to SunSpec 0 means for ever. */
  readonly lifetimeS: number;
  /** What 100 % is where the inverter itself does not say, W. */
  readonly peakW: number;
}

/** Offsets in SunSpec model 123 (immediate controls). */
const AT = { percent: 5, revertS: 7, enabled: 9, percentFactor: 23 } as const;
/** Where models 121 (settings) and 120 (nameplate) keep the inverter's largest power, and its factor. */
const LARGEST = [
  { model: 121, powerW: 2, factor: 22 },
  { model: 120, powerW: 3, factor: 4 },
] as const;
const NOT_AVAILABLE = 0xffff;

const factorAt = (registers: readonly number[], offset: number) =>
  10 ** ((((registers[offset] ?? 0) + 0x8000) & 0xffff) - 0x8000);

/** What 100 % is, W: as set in the inverter, as on its plate, or as configured. */
async function largestW(chain: SunSpecChain, port: DevicePort, peakW: number): Promise<number> {
  for (const { model: id, powerW, factor } of LARGEST) {
    const model = chain.get(id);
    if (!model || model.length + 2 <= factor) continue;
    const read = await port.read(3, model.address, factor + 1);
    const raw = read.ok ? (read.registers[powerW] ?? NOT_AVAILABLE) : NOT_AVAILABLE;
    const watts = read.ok && raw !== NOT_AVAILABLE ? raw * factorAt(read.registers, factor) : 0;
    if (watts > 0) return watts;
  }
  return peakW;
}

/**
 * SunSpec model 123: WMaxLimPct in percent of WMax, ended by WMaxLimPct_RvrtTms. An inverter without that timer would keep
 * the limit for ever when the controller dies: it is left alone. Resolves with what went wrong, in words.
 */
export async function limitBySunSpec(
  chain: SunSpecChain,
  port: DevicePort,
  { limitW, lifetimeS, peakW }: PvLimit,
): Promise<string | undefined> {
  const model = chain.get(123);
  if (!model) return "it has no SunSpec model 123: its power cannot be limited";
  const write = (offset: number, value: number) => port.write(16, model.address + offset, [value]);
  if (limitW === undefined) return write(AT.enabled, 0);
  const read = await port.read(3, model.address, AT.percentFactor + 1);
  if (!read.ok) return read.detail;
  if (read.registers[AT.revertS] === NOT_AVAILABLE)
    return "it does not end a limit by itself (WMaxLimPct_RvrtTms): it is left alone";
  const percent = Math.max(0, Math.min(100, (100 * limitW) / (await largestW(chain, port, peakW))));
  const raw = Math.floor(percent / factorAt(read.registers, AT.percentFactor));
  for (const [offset, value] of [
    [AT.revertS, Math.min(3600, lifetimeS)],
    [AT.percent, raw],
    [AT.enabled, 1],
  ] as const) {
    const failure = await write(offset, value);
    if (failure !== undefined) return failure;
  }
  const kept = await port.read(3, model.address, AT.enabled + 1);
  if (!kept.ok) return kept.detail;
  return kept.registers[AT.percent] === raw && kept.registers[AT.enabled] === 1
    ? undefined
    : "it took the limit but does not keep it: is control by Modbus switched on in it?";
}
