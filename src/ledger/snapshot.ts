/** Snapshots of the state: a cache that makes the start short, never the truth. */
import { inflateSync } from "node:zlib";
import type Database from "better-sqlite3";
import { initialState, type SiteState, STATE_VERSION } from "../core/state/state.ts";

/** A snapshot is due after this many facts, or after a day with at least one. */
export const SNAPSHOT_EVERY_FACTS = 20_000;
export const SNAPSHOT_EVERY_MS = 86_400_000;

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
