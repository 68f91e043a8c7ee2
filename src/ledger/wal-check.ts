/**
 * Finds damage in the write-ahead log that SQLite itself passes over: it stops at the first frame whose checksum does
 * not fit and drops the rest, acknowledged facts included. A torn end is normal after a power cut: it belongs to one
 * commit that was never acknowledged. Frames of a later commit behind a bad frame are not: the bad one was synced.
 * Format: https://sqlite.org/fileformat2.html section 4.
 */
import { existsSync, readFileSync } from "node:fs";

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682;

interface Sums {
  a: number;
  b: number;
}

function addChecksum(sums: Sums, bytes: DataView, littleEndian: boolean): void {
  let { a, b } = sums;
  for (let at = 0; at < bytes.byteLength; at += 8) {
    a = (a + bytes.getUint32(at, littleEndian) + b) >>> 0;
    b = (b + bytes.getUint32(at + 4, littleEndian) + a) >>> 0;
  }
  sums.a = a;
  sums.b = b;
}

function part(file: Buffer, from: number, length: number): DataView {
  return new DataView(file.buffer, file.byteOffset + from, length);
}

/** A commit of this generation of the log, followed by another frame of it, at or behind the frame `from`. */
function laterCommitAfter(file: Buffer, from: number, frameBytes: number): boolean {
  const salts = file.subarray(16, 24);
  let committed = false;
  for (let at = from; at + frameBytes <= file.length; at += frameBytes) {
    if (!file.subarray(at + 8, at + 16).equals(salts)) continue;
    if (committed) return true;
    if (file.readUInt32BE(at + 4) !== 0) committed = true;
  }
  return false;
}

/** What is wrong with the log of a ledger that was not closed, in words; undefined when nothing is. */
export function findWalDamage(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const file = readFileSync(path);
  if (file.subarray(0, HEADER_BYTES).every((byte) => byte === 0)) {
    return file.every((byte) => byte === 0) ? undefined : "the header of its write-ahead log is gone";
  }
  if (file.length < HEADER_BYTES) return "its write-ahead log is cut inside the header";
  const magic = file.readUInt32BE(0);
  if (magic !== MAGIC && magic !== MAGIC + 1) return "the header of its write-ahead log is damaged";
  const littleEndian = magic === MAGIC;
  const sums: Sums = { a: 0, b: 0 };
  addChecksum(sums, part(file, 0, 24), littleEndian);
  if (sums.a !== file.readUInt32BE(24) || sums.b !== file.readUInt32BE(28)) {
    return "the header of its write-ahead log is damaged";
  }
  const frameBytes = FRAME_HEADER_BYTES + file.readUInt32BE(8);
  for (let at = HEADER_BYTES; at + frameBytes <= file.length; at += frameBytes) {
    addChecksum(sums, part(file, at, 8), littleEndian);
    addChecksum(sums, part(file, at + FRAME_HEADER_BYTES, frameBytes - FRAME_HEADER_BYTES), littleEndian);
    const fits = sums.a === file.readUInt32BE(at + 16) && sums.b === file.readUInt32BE(at + 20);
    const ours = file.subarray(at + 8, at + 16).equals(file.subarray(16, 24));
    if (fits && ours) continue;
    return laterCommitAfter(file, at, frameBytes) ? "its write-ahead log is damaged before its end" : undefined;
  }
  return undefined;
}
