/**
 * Large facts are stored deflated: a plan with its complete input is most of what a ledger holds, and a sixth of it so.
 * The column is a text, so they are base64 behind a mark with which no JSON begins.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { checksum, type FactRow } from "./checksum.ts";

const MARK = "deflated:";
/** Below this nothing is won: a page of the file is 4 kB. */
const PACKED_FROM = 2_000;
/** Far above the largest plan; what unpacks to more was not written by us. */
const UNPACKED_BYTES_MAX = 64 * 1024 * 1024;

/** The row as it is stored, with its own checksum; a small one as it is. */
export function packed(row: FactRow): FactRow {
  if (row.data.length < PACKED_FROM) return row;
  const stored = { ...row, data: MARK + deflateRawSync(row.data).toString("base64") };
  return { ...stored, crc: checksum(stored) };
}

/** JSON of a row's data, stored or still on its way. Throws on what was not packed by {@link packed}. */
export function unpacked(data: string): string {
  if (!data.startsWith(MARK)) return data;
  const bytes = Buffer.from(data.slice(MARK.length), "base64");
  return inflateRawSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX }).toString();
}
