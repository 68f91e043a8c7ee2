/** A fact as a row of the table, with its checksum. */
import type { Envelope } from "../core/facts/fact.ts";
import { checksum, type FactRow } from "./checksum.ts";
import { LedgerError } from "./ledger-error.ts";
import { unpacked } from "./packing.ts";
import { upcast } from "./upcast.ts";

/** The row of a fact whose data was checked before. */
export function rowOf(fact: Envelope): FactRow {
  const row = {
    seq: fact.seq,
    at_ms: fact.atMs,
    mono_ms: fact.monoMs,
    wall_trusted: fact.wallTrusted ? 1 : 0,
    boot: fact.boot,
    type: fact.type,
    version: fact.version,
    source: fact.source,
    cause: fact.cause ?? null,
    key: fact.key ?? null,
    data: JSON.stringify(fact.data),
  };
  return { ...row, crc: checksum(row) };
}

/** The fact of a row, in the present version of its type. Throws `damaged` when the checksum does not fit. */
export function factOf(row: FactRow): Envelope {
  if (checksum(row) !== row.crc) {
    throw new LedgerError(
      "damaged",
      `fact ${row.seq} does not fit its checksum. Stop wattledger and restore the last backup with ` +
        "`wattledger restore`; what the storage did once it will do again: replace it.",
    );
  }
  return upcast({
    seq: row.seq,
    atMs: row.at_ms,
    monoMs: row.mono_ms,
    wallTrusted: row.wall_trusted === 1,
    boot: row.boot,
    type: row.type,
    version: row.version,
    source: row.source,
    ...(row.cause === null ? {} : { cause: row.cause }),
    ...(row.key === null ? {} : { key: row.key }),
    data: JSON.parse(unpacked(row.data)),
  });
}
