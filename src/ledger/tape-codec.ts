/**
 * One block of the tape: samples of some minutes as columns of delta-coded integers, deflated. A missing value stays
 * missing. Per column: 0 is "no value", else the zigzag of the difference to the last value, plus one.
 */
import { promisify } from "node:util";
import { deflate, deflateSync, inflateSync } from "node:zlib";

export interface TapeSample {
  readonly atMs: number;
  readonly monoMs: number;
  /** Quantised integers by channel; a channel without a value is missing. */
  readonly values: Readonly<Record<string, number>>;
}

const INFLATED_MAX_BYTES = 16 * 1024 * 1024;

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(code: number): number {
  return code % 2 === 0 ? code / 2 : -(code + 1) / 2;
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Error("The block ends too early");
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  }

  text(): string {
    const length = this.varint();
    this.#at += length;
    return this.#bytes.toString("utf8", this.#at - length, this.#at);
  }
}

function pushColumn(bytes: number[], values: readonly (number | undefined)[]): void {
  let last = 0;
  for (const value of values) {
    pushVarint(bytes, value === undefined ? 0 : zigzag(value - last) + 1);
    if (value !== undefined) last = value;
  }
}

function readColumn(reader: Reader, count: number): (number | undefined)[] {
  let last = 0;
  return Array.from({ length: count }, () => {
    const code = reader.varint();
    if (code === 0) return undefined;
    last += unzigzag(code - 1);
    return last;
  });
}

/** Samples as one block that is yet to be squeezed. Times are rounded to whole milliseconds. */
export function packBlock(samples: readonly TapeSample[]): Buffer {
  const channels = [...new Set(samples.flatMap((sample) => Object.keys(sample.values)))].sort();
  const bytes: number[] = [];
  pushVarint(bytes, samples.length);
  pushVarint(bytes, channels.length);
  pushColumn(
    bytes,
    samples.map((sample) => Math.round(sample.atMs)),
  );
  pushColumn(
    bytes,
    samples.map((sample) => Math.round(sample.monoMs)),
  );
  for (const channel of channels) {
    const name = Buffer.from(channel);
    pushVarint(bytes, name.length);
    bytes.push(...name);
    pushColumn(
      bytes,
      samples.map((sample) => sample.values[channel]),
    );
  }
  return Buffer.from(bytes);
}

const deflateLater = promisify(deflate) as (bytes: Buffer) => Promise<Buffer>;

/** Compresses a packed block on another thread. */
export function squeeze(packed: Buffer): Promise<Buffer> {
  return deflateLater(packed);
}

/** Compresses a packed block at once. */
export function squeezeNow(packed: Buffer): Buffer {
  return deflateSync(packed);
}

/** The samples of a squeezed block. Throws when the block is damaged. */
export function decodeBlock(block: Uint8Array): TapeSample[] {
  const reader = new Reader(inflateSync(block, { maxOutputLength: INFLATED_MAX_BYTES }));
  const count = reader.varint();
  const channelCount = reader.varint();
  const atMs = readColumn(reader, count);
  const monoMs = readColumn(reader, count);
  const values = atMs.map((): Record<string, number> => ({}));
  for (let index = 0; index < channelCount; index++) {
    const channel = reader.text();
    readColumn(reader, count).forEach((value, row) => {
      if (value !== undefined) values[row]![channel] = value;
    });
  }
  return values.map((sample, row) => ({ atMs: atMs[row] ?? 0, monoMs: monoMs[row] ?? 0, values: sample }));
}
