/** Writes snapshots; apart from reading them, so that the writing thread does without the code of the state. */
import { deflateSync } from "node:zlib";
import type Database from "better-sqlite3";

const SNAPSHOTS_KEPT = 2;

/** `state` as JSON. */
export interface StateSnapshot {
  readonly seq: number;
  readonly stateVersion: number;
  readonly state: string;
}

/** Stores a snapshot and prunes the old ones. Its state is that after fact `seq`. */
export function storeSnapshot(database: Database.Database, { seq, stateVersion, state }: StateSnapshot): void {
  database.transaction(() => {
    database
      .prepare("INSERT OR REPLACE INTO snapshot (seq, state_version, saved_ms, state) VALUES (?, ?, ?, ?)")
      .run(seq, stateVersion, Date.now(), deflateSync(state, { level: 6 }));
    database
      .prepare("DELETE FROM snapshot WHERE seq NOT IN (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT ?)")
      .run(SNAPSHOTS_KEPT);
  })();
}
