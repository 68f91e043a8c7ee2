/**
 * The tape: raw samples in files beside the ledger, in compressed blocks of five minutes, three of which are written
 * together. Nobody waits for it and nothing syncs it: a card that is slow, full or gone costs samples, never a tick. A
 * power cut costs the last blocks and what the kernel had not written back yet. A file that grows costs a card some
 * 40 KB each time, whatever is added: so it grows seldom.
 */
import { appendFileSync, readFileSync, rmSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log, Tape } from "../core/ports.ts";
import { makeDirectory } from "./make-directory.ts";
import { decodeBlock, packBlock, squeeze, squeezeNow, type TapeSample } from "./tape-codec.ts";
import { decodeRecords, encodeRecord, type TapeRecord, tapeFileName, tapeFiles } from "./tape-file.ts";

const BLOCK_MS = 300_000;
const BLOCK_SAMPLES_MAX = 1500;
const BLOCKS_AT_ONCE = 3;
/** Writes that wait for a card that hangs; beyond, samples are given up. */
const WAITING_MAX = 12;
const CHANNELS_MAX = 5000;

export interface TapeOptions {
  readonly directory: string;
  /** Days that are kept. */
  readonly keepDays: number;
  readonly log: Log;
}

class FileTape implements Tape {
  readonly #options: TapeOptions;
  #samples: TapeSample[] = [];
  /** Blocks that are not written yet. */
  #packed: TapeRecord[] = [];
  #written: Promise<void> = Promise.resolve();
  #waiting = 0;
  #warned = false;

  constructor(options: TapeOptions) {
    this.#options = options;
  }

  write(atMs: number, monoMs: number, samples: Readonly<Record<string, number>>): void {
    const entries = Object.entries(samples).slice(0, CHANNELS_MAX);
    const values = Object.fromEntries(entries.filter(([, value]) => Number.isSafeInteger(value)));
    if (Object.keys(values).length < entries.length) this.#warnOnce("A sample that is no integer was left out");
    const first = this.#samples[0];
    if (first && (monoMs - first.monoMs >= BLOCK_MS || this.#samples.length >= BLOCK_SAMPLES_MAX)) {
      this.#pack();
      if (this.#packed.length >= BLOCKS_AT_ONCE) this.flush();
    }
    this.#samples.push({ atMs, monoMs, values });
  }

  flush(): void {
    const packed = this.#take();
    if (packed.length === 0) return;
    if (this.#waiting >= WAITING_MAX) {
      this.#warnOnce("The disk is too slow for the raw samples: some were given up");
      return;
    }
    this.#waiting++;
    this.#written = this.#written
      .then(() => this.#append(packed))
      .catch((error) => this.#warnOnce(`Raw samples were not kept: ${String(error)}`))
      .then(() => void this.#waiting--);
  }

  close(): void {
    try {
      for (const packed of this.#take())
        appendFileSync(this.#pathOf(packed), encodeRecord({ ...packed, block: squeezeNow(packed.block) }));
    } catch (error) {
      this.#warnOnce(`The last raw samples were not kept: ${String(error)}`);
    }
  }

  /** The samples since the last time as a block, packed small: it has to wait. */
  #pack(): void {
    const samples = this.#samples;
    if (samples.length === 0) return;
    this.#samples = [];
    const times = samples.map((sample) => Math.round(sample.atMs));
    const [startMs, endMs] = [Math.min(...times), Math.max(...times)];
    this.#packed.push({ startMs, endMs, samples: samples.length, block: packBlock(samples) });
  }

  /** All blocks that are not written yet. */
  #take(): readonly TapeRecord[] {
    this.#pack();
    const packed = this.#packed;
    this.#packed = [];
    return packed;
  }

  async #append(packed: readonly TapeRecord[]): Promise<void> {
    const byPath = new Map<string, Buffer[]>();
    for (const record of packed) {
      const encoded = encodeRecord({ ...record, block: await squeeze(record.block) });
      const path = this.#pathOf(record);
      byPath.set(path, [...(byPath.get(path) ?? []), encoded]);
    }
    for (const [path, records] of byPath) await appendFile(path, Buffer.concat(records));
    this.#trim();
  }

  #pathOf({ startMs }: TapeRecord): string {
    return join(this.#options.directory, tapeFileName(startMs));
  }

  /** By the number of days, not by the clock: one that is years ahead for a while must not erase the tape. */
  #trim(): void {
    const { directory, keepDays } = this.#options;
    const files = tapeFiles(directory);
    for (const path of files.slice(0, Math.max(0, files.length - keepDays - 1))) rmSync(path);
  }

  #warnOnce(message: string): void {
    if (!this.#warned) this.#options.log.warn(message);
    this.#warned = true;
  }
}

/** Opens (or creates) the tape in the ledger's directory. It never refuses: a site without a tape is a site. */
export function openTape(options: TapeOptions): Tape {
  try {
    makeDirectory(options.directory);
  } catch (error) {
    options.log.warn("There is no place for raw samples", { error: String(error) });
  }
  return new FileTape(options);
}

/** Samples of `directory` with `fromMs <= atMs < toMs`, day by day and the oldest block first. */
export function* readTape(directory: string, fromMs: number, toMs: number): Generator<TapeSample> {
  for (const path of tapeFiles(directory)) {
    for (const { startMs, endMs, block } of decodeRecords(readFileSync(path))) {
      if (startMs >= toMs || endMs < fromMs) continue;
      yield* decodeBlock(block).filter((sample) => sample.atMs >= fromMs && sample.atMs < toMs);
    }
  }
}
