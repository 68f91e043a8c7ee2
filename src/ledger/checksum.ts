/** The checksum of a fact's row: SQLite itself does not notice a flipped bit inside a text. */
import { crc32 } from "node:zlib";
import type { FactRow } from "./row.ts";

/** CRC-32 over every column but the checksum itself. */
export function checksum(row: Omit<FactRow, "crc">): number {
  const times = `${row.seq}|${row.at_ms}|${row.mono_ms}|${row.wall_trusted}|${row.cause}`;
  return crc32(`${times}|${row.boot}|${row.type}|${row.version}|${row.source}|${row.key}|${row.data}`);
}
