/**
 * The files of the tape: one for each day, blocks appended as records that can be told from what a power cut left
 * half-written. A record is magic, length, start and end (epoch ms), samples, checksum, and the block.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

export interface TapeRecord {
  readonly startMs: number;
  readonly endMs: number;
  readonly samples: number;
  /** As `tape-codec` made it. */
  readonly block: Buffer;
}

const MAGIC = Buffer.from("WLT1");
const HEADER_BYTES = 32;
const CHECKSUM_AT = 28;
const BLOCK_MAX_BYTES = 16 * 1024 * 1024;
const FILE_NAME = /^tape-\d{4,6}-\d\d-\d\d\.bin$/;

/** Name of the file for a block that starts at this time. */
export function tapeFileName(startMs: number): string {
  const day = new Date(Math.max(0, Math.min(startMs, 8.64e15))).toISOString().split("T")[0]!;
  return `tape-${day.replace("+", "")}.bin`;
}

/** Paths of all files of the tape, the oldest day first. */
export function tapeFiles(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => FILE_NAME.test(name));
  return names.sort((a, b) => a.length - b.length || (a < b ? -1 : 1)).map((name) => join(directory, name));
}

export function encodeRecord({ startMs, endMs, samples, block }: TapeRecord): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(block.length, 4);
  header.writeDoubleLE(startMs, 8);
  header.writeDoubleLE(endMs, 16);
  header.writeUInt32LE(samples, 24);
  header.writeUInt32LE(crc32(block, crc32(header.subarray(0, CHECKSUM_AT))), CHECKSUM_AT);
  return Buffer.concat([header, block]);
}

function recordAt(file: Buffer, at: number): TapeRecord | undefined {
  if (at + HEADER_BYTES > file.length) return undefined;
  const header = file.subarray(at, at + HEADER_BYTES);
  const length = header.readUInt32LE(4);
  if (length > BLOCK_MAX_BYTES || at + HEADER_BYTES + length > file.length) return undefined;
  const block = file.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
  if (crc32(block, crc32(header.subarray(0, CHECKSUM_AT))) !== header.readUInt32LE(CHECKSUM_AT)) return undefined;
  return { startMs: header.readDoubleLE(8), endMs: header.readDoubleLE(16), samples: header.readUInt32LE(24), block };
}

/** Whole records of a file, by their start. What is torn or damaged is passed over. */
export function decodeRecords(file: Buffer): TapeRecord[] {
  const records: TapeRecord[] = [];
  for (let at = file.indexOf(MAGIC); at >= 0; ) {
    const record = recordAt(file, at);
    if (record) records.push(record);
    at = file.indexOf(MAGIC, record ? at + HEADER_BYTES + record.block.length : at + 1);
  }
  return records.sort((a, b) => a.startMs - b.startMs);
}
