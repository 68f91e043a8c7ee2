/**
 * How far the broker has the facts: a small file beside the ledger. It is written seldom (cards wear) and may be behind
 * after a power cut: then the last facts are delivered twice, and their `seq` says so.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Clock, Log } from "../core/ports.ts";

const SAVE_EVERY_MS = 300_000;

export interface Cursor {
  /** Everything up to this sequence has been taken by the broker. */
  readonly seq: number;
  moveTo(seq: number): void;
  /** Writes it now, and no more after that. */
  close(): void;
}

function read(file: string): number | undefined {
  try {
    const seq = Number((JSON.parse(readFileSync(file, "utf8")) as { readonly seq?: unknown }).seq);
    return Number.isSafeInteger(seq) && seq >= 0 ? seq : undefined;
  } catch {
    return undefined;
  }
}

/** Opens the cursor; without a usable file it begins at `lastSeq`, as it does where the ledger is a younger one. */
export function openCursor(options: {
  readonly file: string;
  readonly lastSeq: number;
  readonly clock: Clock;
  readonly log: Log;
}): Cursor {
  const { file, lastSeq, clock, log } = options;
  const known = read(file);
  let seq = known !== undefined && known <= lastSeq ? known : lastSeq;
  let saved = known;

  function save(): void {
    if (saved === seq) return;
    try {
      writeFileSync(`${file}.new`, `${JSON.stringify({ seq })}\n`);
      renameSync(`${file}.new`, file);
      saved = seq;
    } catch (error) {
      log.warn("The cursor of the MQTT facts was not saved; after a restart some are delivered twice", {
        error: String(error),
      });
    }
  }

  save();
  const stop = clock.every(SAVE_EVERY_MS, "mqtt-cursor", save);
  return {
    get seq() {
      return seq;
    },
    moveTo(next) {
      seq = next;
    },
    close() {
      stop();
      save();
    },
  };
}
