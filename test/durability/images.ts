/** Power cuts under a traced writer: images of the disk as a cut may leave it, each opened with the real ledger. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Disk } from "./disk.ts";
import { inspect } from "./inspect.ts";
import { type Random, randomOf } from "./random.ts";
import { isOfNoPromise, type Operation, traceWriter } from "./trace.ts";

/** The ledger's directory inside of a disk. */
const DATA = "data";
const SHARED_MEMORY_BYTES = 32_768;

/** Files by path, and the last fact that was promised on them. */
export interface Image {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly promised: number;
}

/** What a writer did, and what was on its disk before. */
export interface Recording {
  readonly before: Image;
  readonly operations: readonly Operation[];
}

const EMPTY: Image = { files: new Map(), promised: 0 };
/** Syncs of the first life of a writer, at most: among them those of its start and of its checkpoints. */
const FIRST_LIFE_SYNCS = 60;

function filesIn(root: string): Map<string, Buffer> {
  const names = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = names.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  return new Map(paths.filter((path) => !isOfNoPromise(path)).map((path) => [path, readFileSync(join(root, path))]));
}

function writeFiles(root: string, files: ReadonlyMap<string, Buffer>): void {
  for (const [path, content] of files) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

/** Differences between a disk on which all operations were repeated and the files that the writer really left. */
function notUnderstood(disk: Disk, root: string): string[] {
  const [repeated, left] = [disk.contents(), filesIn(root)];
  const paths = new Set([...repeated.keys(), ...left.keys()]);
  return [...paths].filter((path) => !left.get(path)?.equals(repeated.get(path) ?? Buffer.alloc(0)));
}

/**
 * Traces a writer on the disk `before` in two lives: the process is killed at one of its syncs, comes back, and ends
 * somehow after `commits` commits. Throws when its operations, repeated, do not give the files that it left: the
 * images would mean nothing.
 */
export async function recordWriter(seed: number, commits: number, before: Image = EMPTY): Promise<Recording> {
  const root = mkdtempSync(join(tmpdir(), "wattledger-traced-"));
  writeFiles(root, before.files);
  const random = randomOf(seed);
  const args = [`${seed}`, `${commits}`, random.pick(["kill", "close", "both"])];
  const first = await traceWriter(join(root, DATA), args, 1 + random.below(FIRST_LIFE_SYNCS));
  const second = await traceWriter(join(root, DATA), args);
  const operations = [...first, ...second];
  const disk = new Disk(before.files);
  for (const operation of operations) disk.apply(operation);
  const wrong = notUnderstood(disk, root);
  rmSync(root, { recursive: true });
  if (wrong.length > 0) throw new Error(`The trace does not explain ${wrong.join(", ")}`);
  return { before, operations };
}

/** The index of shared memory is never synced and means nothing after a cut: anything may be in it. */
function leaveSharedMemory(root: string, random: Random): void {
  if (random.chance(0.5)) return;
  const bytes = Buffer.from(Array.from({ length: SHARED_MEMORY_BYTES }, () => random.below(256)));
  mkdirSync(join(root, DATA), { recursive: true });
  writeFileSync(join(root, DATA, "events.db-shm"), bytes);
}

export interface ImageReport {
  readonly images: number;
  readonly failures: readonly string[];
  /** One of the images, before it was opened: a disk to go on with. */
  readonly survivor: Image;
}

/** Cuts the power at `images` moments of a recording, and opens what is left of each. */
export async function cutAgainAndAgain(recording: Recording, images: number, seed: number): Promise<ImageReport> {
  const { operations, before } = recording;
  const random = randomOf(seed);
  const moments = Array.from({ length: images }, () => random.below(operations.length + 1)).sort((a, b) => a - b);
  const survivorIndex = random.below(images);
  const failures: string[] = [];
  const disk = new Disk(before.files);
  let survivor = before;
  let [done, promised] = [0, before.promised];
  for (const [index, moment] of moments.entries()) {
    for (; done < moment; done++) {
      const operation = operations[done]!;
      disk.apply(operation);
      if (operation.do === "acknowledge") promised = Math.max(promised, operation.seq);
    }
    const root = mkdtempSync(join(tmpdir(), "wattledger-image-"));
    disk.cutInto(root, random);
    if (index === survivorIndex) survivor = { files: filesIn(root), promised };
    leaveSharedMemory(root, random);
    const finding = await inspect(join(root, DATA), promised);
    rmSync(root, { recursive: true });
    if (finding)
      failures.push(`seed ${seed}, image ${index} after operation ${done}: ${finding.kind}: ${finding.detail}`);
  }
  return { images, failures, survivor };
}
