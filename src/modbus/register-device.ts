/** Reads a device by a register map: block after block, then every quantity from its terms. */
import { decodeNumber, registersOf, type Sentinels, type WordOrder } from "./codec.ts";
import type { RegisterMap, Term } from "./profile.ts";
import type { DevicePort, DeviceValues, ReadOutcome } from "./values.ts";

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

function wrongIdentity(map: RegisterMap, registers: Registers): string | undefined {
  const wrong = map.identity.find(({ address, equals }) => !equals.includes(registers.get(address) ?? -1));
  return (
    wrong && `register ${wrong.address} holds ${registers.get(wrong.address)}: the profile does not fit this device`
  );
}

/** Reads all blocks and decodes them. A device without an optional block simply lacks what is in it. */
export async function readByRegisters(map: RegisterMap, port: DevicePort): Promise<ReadOutcome> {
  const registers = new Map<number, number>();
  for (const block of map.blocks) {
    const reply = await port.read(map.functionCode, block.address, block.count);
    if (reply.ok) reply.registers.forEach((word, index) => void registers.set(block.address + index, word));
    else if (!(block.optional && reply.exception === 2)) return { ok: false, detail: reply.detail };
  }
  const wrong = wrongIdentity(map, registers);
  if (wrong !== undefined) return { ok: false, detail: wrong };
  const order = map.wordOrderFrom;
  const wordOrder: WordOrder =
    order === undefined ? map.wordOrder : registers.get(order.address) === order.little ? "little" : "big";
  return { ok: true, values: valuesOf(map, { registers, wordOrder, sentinels: sentinelsOf(map) }) };
}
