/** Snapshots of the state: a cache that makes the start short, never the truth. */
import { deflateSync, inflateSync } from "node:zlib";
import type Database from "better-sqlite3";
import { initialState, type SiteState, STATE_VERSION } from "../core/state/state.ts";

/** A snapshot is due after this many facts, or after a day with at least one. */
export const SNAPSHOT_EVERY_FACTS = 20_000;
export const SNAPSHOT_EVERY_MS = 86_400_000;
const SNAPSHOTS_KEPT = 2;

/** Stores a snapshot and prunes the old ones. `stateJson` is of the state after fact `seq`. */
export function storeSnapshot(database: Database.Database, seq: number, stateJson: string): void {
  database.transaction(() => {
    database
      .prepare("INSERT OR REPLACE INTO snapshot (seq, state_version, saved_ms, state) VALUES (?, ?, ?, ?)")
      .run(seq, STATE_VERSION, Date.now(), deflateSync(stateJson, { level: 6 }));
    database
      .prepare("DELETE FROM snapshot WHERE seq NOT IN (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT ?)")
      .run(SNAPSHOTS_KEPT);
  })();
}

/** The youngest snapshot of the present state version that fits, or the state before the first fact. */
export function loadSnapshot(database: Database.Database): SiteState {
  const rows = database
    .prepare("SELECT seq, state FROM snapshot WHERE state_version = ? ORDER BY seq DESC")
    .all(STATE_VERSION) as { seq: number; state: Buffer }[];
  for (const row of rows) {
    try {
      const state = JSON.parse(inflateSync(row.state).toString("utf8")) as SiteState;
      if (state.seq === row.seq) return state;
    } catch {
      // A damaged snapshot is worth nothing, and costs nothing: the facts are all there.
    }
  }
  return initialState();
}
