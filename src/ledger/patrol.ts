/**
 * Looks at every fact once a day, a few at a time: what a card has lost is known while there is still a backup of it.
 * It only reads, on the thread that writes: a card that hangs on a bad page holds up nothing else.
 */
import type Database from "better-sqlite3";
import { checksum, type FactRow } from "./checksum.ts";
import { ledgerErrorOf } from "./ledger-error.ts";

export const LOOK_EVERY_MS = 2_000;
const LEAST_FACTS = 20;
const DAY_MS = 86_400_000;
/** A round takes this long at most; the rest of the day is for restarts. */
const ROUND_MS = 0.8 * DAY_MS;

export class Patrol {
  readonly #select: Database.Statement;
  #seq: number;

  /** Begins where a round from midnight (UTC) would be by now: who is restarted each day comes round all the same. */
  constructor(database: Database.Database, lastSeq: number, nowMs = Date.now()) {
    this.#select = database.prepare("SELECT * FROM fact WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?");
    const part = ((nowMs % DAY_MS) + DAY_MS) % DAY_MS;
    this.#seq = Math.floor((lastSeq * part) / DAY_MS);
  }

  /** Looks at the next facts of those up to `lastSeq`. What is wrong with them, in words; undefined when they are whole. */
  look(lastSeq: number): string | undefined {
    if (this.#seq >= lastSeq) this.#seq = 0;
    const limit = Math.max(LEAST_FACTS, Math.ceil((lastSeq * LOOK_EVERY_MS) / ROUND_MS));
    try {
      const rows = this.#select.all(this.#seq, lastSeq, limit) as FactRow[];
      for (const row of rows) {
        if (row.seq !== this.#seq + 1) return `fact ${this.#seq + 1} is missing`;
        if (checksum(row) !== row.crc) return `fact ${row.seq} does not fit its checksum`;
        this.#seq = row.seq;
      }
      return rows.length === 0 && lastSeq > 0 ? `fact ${this.#seq + 1} is missing` : undefined;
    } catch (error) {
      return ledgerErrorOf(error).message;
    }
  }
}
