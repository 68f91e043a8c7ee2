import { describe, expect, test } from "vitest";
import fc from "../../test/fast-check.ts";
import { decodeNumber, encodeNumber, NUMBER_TYPES, registersOf, SUNSPEC_SENTINELS, scaled } from "./codec.ts";

const whole = (bits: number, signed: boolean) => {
  const most = Math.min(2 ** (signed ? bits - 1 : bits) - 1, Number.MAX_SAFE_INTEGER);
  return fc.integer({ min: signed ? -most : 0, max: most });
};
const VALUES = {
  u16: whole(16, false),
  i16: whole(16, true),
  u32: whole(32, false),
  i32: whole(32, true),
  u64: whole(64, false),
  i64: whole(64, true),
  f32: fc.float({ noNaN: true, noDefaultInfinity: true }),
  f64: fc.double({ noNaN: true, noDefaultInfinity: true }),
} as const;

describe("a number in registers", () => {
  test.each(NUMBER_TYPES)("of type %s comes back as it was written, in either word order", (type) => {
    fc.assert(
      fc.property(VALUES[type], fc.constantFrom("big", "little"), (value, wordOrder) => {
        const registers = encodeNumber(value, { type, wordOrder })!;
        expect(registers).toHaveLength(registersOf(type));
        expect(decodeNumber(registers, { type, wordOrder })).toBe(value + 0);
      }),
    );
  });

  test("is never written when the type cannot hold it", () => {
    expect(encodeNumber(-1, { type: "u16", wordOrder: "big" })).toBeUndefined();
    expect(encodeNumber(32_768, { type: "i16", wordOrder: "big" })).toBeUndefined();
    expect(encodeNumber(1.5, { type: "i32", wordOrder: "big" })).toBeUndefined();
    expect(encodeNumber(1e39, { type: "f32", wordOrder: "big" })).toBeUndefined();
    expect(encodeNumber(Number.NaN, { type: "f32", wordOrder: "big" })).toBeUndefined();
  });

  test("that the device marks as not available is unknown, not zero", () => {
    const layout = { wordOrder: "big", sentinels: SUNSPEC_SENTINELS } as const;
    expect(decodeNumber([0x8000], { type: "i16", ...layout })).toBeUndefined();
    expect(decodeNumber([0xffff], { type: "u16", ...layout })).toBeUndefined();
    expect(decodeNumber([0x8000, 0], { type: "i32", ...layout })).toBeUndefined();
    expect(decodeNumber([0x7fc0, 0], { type: "f32", ...layout })).toBeUndefined();
    expect(decodeNumber([0xffc0, 0], { type: "f32", ...layout })).toBeUndefined();
    expect(decodeNumber([0], { type: "u32", ...layout })).toBeUndefined();
  });

  test("with a scale factor of SunSpec is exact in the decimals that it has", () => {
    expect(scaled(23_57, -1)).toBe(235.7);
    expect(scaled(94, 1)).toBe(940);
    expect(scaled(100, undefined)).toBeUndefined();
    expect(scaled(100, 300)).toBeUndefined();
  });
});
