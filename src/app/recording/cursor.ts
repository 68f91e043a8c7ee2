/**
 * How far the broker and the partners have the facts: small files beside the ledger. They are written seldom (cards wear)
 * and may be behind after a power cut: then the last facts are delivered twice, and their `seq` says so.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Cursor, Log, OpenCursor } from "../../core/ports.ts";

const SAVE_EVERY_MS = 300_000;

function read(file: string): number | undefined {
  try {
    const seq = Number((JSON.parse(readFileSync(file, "utf8")) as { readonly seq?: unknown }).seq);
    return Number.isSafeInteger(seq) && seq >= 0 ? seq : undefined;
  } catch {
    return undefined;
  }
}

/** Cursors as files of a directory. */
export function cursorsIn(directory: string, { clock, log }: { readonly clock: Clock; readonly log: Log }): OpenCursor {
  return (name, lastSeq) => openCursor({ file: join(directory, `${name}-cursor.json`), lastSeq, clock, log });
}

function openCursor(options: {
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
      log.warn("A cursor was not saved; after a restart some facts are delivered twice", {
        file,
        error: String(error),
      });
    }
  }

  save();
  const stop = clock.every(SAVE_EVERY_MS, "cursor", save);
  return {
    get seq() {
      return seq;
    },
    moveTo(next) {
      seq = next;
    },
    save,
    close() {
      stop();
      save();
    },
  };
}
