/** Reads a device by a register map: block after block, then every quantity from its terms. */
import { decodeNumber, registersOf, type Sentinels, type WordOrder } from "./codec.ts";
import type { RegisterMap, Term } from "./profile.ts";
import type { DevicePart, DevicePort, DeviceValues, ReadOutcome } from "./values.ts";

type Registers = ReadonlyMap<number, number>;

function sentinelsOf(map: RegisterMap): Sentinels {
  return Object.fromEntries(
    Object.entries(map.notAvailable).map(([type, values]) => [type, values.map((value) => BigInt(value))]),
  );
}

function rawAt(registers: Registers, address: number, count: number): number[] | undefined {
  const words = Array.from({ length: count }, (_, index) => registers.get(address + index));
  return words.every((word) => word !== undefined) ? (words as number[]) : undefined;
}

function signOf(term: Term, registers: Registers): number | undefined {
  if (!term.sign) return 1;
  const bits = registers.get(term.sign.address);
  if (bits === undefined) return undefined;
  if (bits & term.sign.positiveMask) return 1;
  return bits & term.sign.negativeMask ? -1 : 0;
}

interface Decoding {
  readonly registers: Registers;
  readonly wordOrder: WordOrder;
  readonly sentinels: Sentinels;
}

function termValue(term: Term, decoding: Decoding): number | undefined {
  const words = rawAt(decoding.registers, term.address, registersOf(term.type));
  if (!words) return undefined;
  const raw = decodeNumber(words, { type: term.type, wordOrder: decoding.wordOrder, sentinels: decoding.sentinels });
  if (raw === undefined) return term.missing === "zero" ? 0 : undefined;
  const sign = signOf(term, decoding.registers);
  return sign === undefined ? undefined : raw * term.scale * sign;
}

function quantity(terms: readonly Term[] | undefined, decoding: Decoding): number | undefined {
  if (!terms) return undefined;
  let sum = 0;
  for (const term of terms) {
    const value = termValue(term, decoding);
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum;
}

function phases(
  group: readonly (readonly Term[])[] | undefined,
  decoding: Decoding,
): (number | undefined)[] | undefined {
  return group?.map((terms) => quantity(terms, decoding));
}

function valuesOf(map: RegisterMap, decoding: Decoding): DeviceValues {
  const { meter, pv, battery } = map;
  const phasePowerW = phases(meter?.phasePowerW, decoding);
  const currentA = phases(meter?.currentA, decoding);
  const voltageV = phases(meter?.voltageV, decoding);
  return {
    ...(meter
      ? {
          meter: {
            powerW: quantity(meter.powerW, decoding),
            importWh: quantity(meter.importWh, decoding),
            exportWh: quantity(meter.exportWh, decoding),
            ...(phasePowerW ? { phasePowerW } : {}),
            ...(currentA ? { currentA } : {}),
            ...(voltageV ? { voltageV } : {}),
          },
        }
      : {}),
    ...(pv ? { pv: { powerW: quantity(pv.powerW, decoding), energyWh: quantity(pv.energyWh, decoding) } } : {}),
    ...(battery
      ? { battery: { powerW: quantity(battery.powerW, decoding), socPercent: quantity(battery.socPercent, decoding) } }
      : {}),
  };
}

/** The map without the parts, and the blocks, that the device's role on this site has no use for. */
export function mapFor(map: RegisterMap, parts: readonly DevicePart[]): RegisterMap {
  const { meter, pv, battery, ...rest } = map;
  const kept = {
    ...(meter && parts.includes("meter") ? { meter } : {}),
    ...(pv && parts.includes("pv") ? { pv } : {}),
    ...(battery && parts.includes("battery") ? { battery } : {}),
  };
  const terms: readonly Term[] = Object.values(kept).flatMap((part) => Object.values(part).flat(2));
  const needed = terms.flatMap((term) => [term.address, ...(term.sign ? [term.sign.address] : [])]);
  const blocks = map.blocks.filter(({ address, count }) => needed.some((at) => at >= address && at < address + count));
  return { ...rest, ...kept, blocks };
}

async function wrongIdentity(map: RegisterMap, port: DevicePort): Promise<string | undefined> {
  for (const { address, equals } of map.identity) {
    const reply = await port.read(map.functionCode, address, 1);
    if (!reply.ok) return reply.detail;
    if (!equals.includes(reply.registers[0]!))
      return `register ${address} holds ${reply.registers[0]}: the profile does not fit this device`;
  }
  return undefined;
}

/** Once for each device: is it the one the map is for, and in which order does it send words? Or why not, in words. */
export async function meet(
  map: RegisterMap,
  port: DevicePort,
): Promise<{ readonly wordOrder: WordOrder } | { readonly detail: string }> {
  const wrong = await wrongIdentity(map, port);
  if (wrong !== undefined) return { detail: wrong };
  const order = map.wordOrderFrom;
  if (!order) return { wordOrder: map.wordOrder };
  const reply = await port.read(map.functionCode, order.address, 1);
  if (!reply.ok) return { detail: reply.detail };
  const value = reply.registers[0];
  if (value === order.little) return { wordOrder: "little" };
  return value === order.big
    ? { wordOrder: "big" }
    : { detail: `register ${order.address} holds ${value}, which names no word order: check the profile` };
}

/** Reads all blocks and decodes them. A device without an optional block simply lacks what is in it. */
export async function readByRegisters(map: RegisterMap, wordOrder: WordOrder, port: DevicePort): Promise<ReadOutcome> {
  const registers = new Map<number, number>();
  for (const block of map.blocks) {
    const reply = await port.read(map.functionCode, block.address, block.count);
    if (reply.ok) reply.registers.forEach((word, index) => void registers.set(block.address + index, word));
    else if (!(block.optional && reply.exception === 2)) return { ok: false, detail: reply.detail };
  }
  return { ok: true, values: valuesOf(map, { registers, wordOrder, sentinels: sentinelsOf(map) }) };
}
