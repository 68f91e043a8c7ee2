/** Numbers in 16-bit registers, both ways. What the device marks as "not available" decodes to `undefined`. */

export const NUMBER_TYPES = ["u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64"] as const;
export type NumberType = (typeof NUMBER_TYPES)[number];

/** Order of the 16-bit words of a longer number: `big` has the most significant first. Bytes in a word are fixed. */
export type WordOrder = "big" | "little";

/** Raw values, as unsigned bit patterns, that mean "not available", by type. */
export type Sentinels = Readonly<Partial<Record<NumberType, readonly bigint[]>>>;

export interface Layout {
  readonly type: NumberType;
  readonly wordOrder: WordOrder;
  readonly sentinels?: Sentinels;
}

const BITS: Readonly<Record<NumberType, number>> = {
  u16: 16,
  i16: 16,
  u32: 32,
  i32: 32,
  u64: 64,
  i64: 64,
  f32: 32,
  f64: 64,
};

/** What SunSpec devices send for points they do not have (SunSpec Information Model 5). */
export const SUNSPEC_SENTINELS: Sentinels = {
  u16: [0xffffn],
  i16: [0x8000n],
  u32: [0xffff_ffffn],
  i32: [0x8000_0000n],
  u64: [0xffff_ffff_ffff_ffffn],
  i64: [0x8000_0000_0000_0000n],
};

/** Registers that a number of this type takes. */
export function registersOf(type: NumberType): number {
  return BITS[type] / 16;
}

function inOrder(words: readonly number[], wordOrder: WordOrder): readonly number[] {
  return wordOrder === "big" ? words : words.toReversed();
}

function bitsOf(words: readonly number[]): bigint {
  return words.reduce((bits, word) => (bits << 16n) | BigInt(word), 0n);
}

function floatOf(bits: bigint, type: "f32" | "f64"): number {
  const view = new DataView(new ArrayBuffer(8));
  if (type === "f64") {
    view.setBigUint64(0, bits);
    return view.getFloat64(0);
  }
  view.setUint32(0, Number(bits));
  return view.getFloat32(0);
}

function numberOf(bits: bigint, type: NumberType): number {
  if (type === "f32" || type === "f64") return floatOf(bits, type);
  return Number(type.startsWith("i") ? BigInt.asIntN(BITS[type], bits) : bits);
}

/**
 * The number in `registers`, exactly `registersOf(type)` of them. `undefined` for a sentinel, NaN, infinity, and a
 * 64-bit integer that a double cannot hold exactly.
 */
export function decodeNumber(registers: readonly number[], layout: Layout): number | undefined {
  if (registers.length !== registersOf(layout.type)) return undefined;
  const bits = bitsOf(inOrder(registers, layout.wordOrder));
  if (layout.sentinels?.[layout.type]?.includes(bits)) return undefined;
  const value = numberOf(bits, layout.type);
  const exact = layout.type.startsWith("f") ? Number.isFinite(value) : Number.isSafeInteger(value);
  return exact ? value + 0 : undefined;
}

function bitPattern(value: number, type: NumberType): bigint | undefined {
  const view = new DataView(new ArrayBuffer(8));
  if (type === "f64") {
    view.setFloat64(0, value);
    return view.getBigUint64(0);
  }
  if (type === "f32") {
    view.setFloat32(0, value);
    return Number.isFinite(view.getFloat32(0)) ? BigInt(view.getUint32(0)) : undefined;
  }
  if (!Number.isSafeInteger(value)) return undefined;
  const whole = BigInt(value);
  const pattern = BigInt.asUintN(BITS[type], whole);
  const read = type.startsWith("i") ? BigInt.asIntN(BITS[type], pattern) : pattern;
  return read === whole ? pattern : undefined;
}

/** Registers that hold `value`; `undefined` when the type cannot: out of range, not whole, not finite, a sentinel. */
export function encodeNumber(value: number, layout: Layout): readonly number[] | undefined {
  if (!Number.isFinite(value)) return undefined;
  const bits = bitPattern(value, layout.type);
  if (bits === undefined || layout.sentinels?.[layout.type]?.includes(bits)) return undefined;
  const count = registersOf(layout.type);
  const words = Array.from({ length: count }, (_, index) =>
    Number((bits >> BigInt(16 * (count - 1 - index))) & 0xffffn),
  );
  return inOrder(words, layout.wordOrder);
}

/** SunSpec scale factors are powers of ten from -10 to 10; anything else is no scale. */
const LARGEST_EXPONENT = 10;

/** `raw` times ten to the power of `exponent`, a SunSpec scale factor; `undefined` when either is not available. */
export function scaled(raw: number | undefined, exponent: number | undefined): number | undefined {
  if (raw === undefined || exponent === undefined || Math.abs(exponent) > LARGEST_EXPONENT) return undefined;
  return exponent < 0 ? raw / 10 ** -exponent : raw * 10 ** exponent;
}
