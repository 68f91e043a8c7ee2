/** A fact's row and its checksum: SQLite itself does not notice a flipped bit inside a text. */
import { crc32 } from "node:zlib";

export interface FactRow {
  readonly seq: number;
  readonly at_ms: number;
  readonly mono_ms: number;
  readonly wall_trusted: number;
  readonly boot: string;
  readonly type: string;
  readonly version: number;
  readonly source: string;
  readonly cause: number | null;
  readonly key: string | null;
  readonly data: string;
  readonly crc: number;
}

/** CRC-32 over every column but the checksum itself. */
export function checksum(row: Omit<FactRow, "crc">): number {
  const times = `${row.seq}|${row.at_ms}|${row.mono_ms}|${row.wall_trusted}|${row.cause}`;
  return crc32(`${times}|${row.boot}|${row.type}|${row.version}|${row.source}|${row.key}|${row.data}`);
}
