/**
 * A disk under a writer's operations, and what a power cut may leave of it. What was synced is there. Of what was not,
 * each 512-byte sector is there or not, in any order; a length may be there without its data (zeros). Names come back
 * in the order in which they were made, as a journal of metadata gives them: some last ones may be missing.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Random } from "./random.ts";
import type { Operation } from "./trace.ts";

const SECTOR_BYTES = 512;

type Change = Extract<Operation, { do: "write" | "truncate" }>;
/** What happened to the writes of a file that were not synced. */
const FATES = ["lost", "kept", "first-ones", "any-of-them", "torn", "torn", "torn"] as const;

interface File {
  synced: Buffer;
  changes: Change[];
}

type NameChange =
  | { readonly path: string; readonly file: File | "directory" }
  | { readonly path: string; readonly file?: undefined };

function resized(content: Buffer, length: number): Buffer {
  if (length <= content.length) return content.subarray(0, length);
  return Buffer.concat([content, Buffer.alloc(length - content.length)]);
}

/** The content after the change; the buffer that was given may be changed as well. */
function changed(content: Buffer, change: Change): Buffer {
  if (change.do === "truncate") return resized(content, change.length);
  const result = resized(content, Math.max(content.length, change.at + change.data.length));
  change.data.copy(result, change.at);
  return result;
}

/** The sectors of one write that reached the medium; the rest is as before, or zero beyond the old end. */
function torn(content: Buffer, change: Change, random: Random): Buffer {
  if (change.do === "truncate") return random.chance(0.5) ? changed(content, change) : content;
  const survives = random.pick([0.1, 0.5, 0.9]);
  let result = random.chance(0.3)
    ? resized(content, Math.max(content.length, change.at + change.data.length))
    : content;
  const end = change.at + change.data.length;
  for (let from = change.at; from < end; ) {
    const to = Math.min(end, (Math.floor(from / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    const part = change.data.subarray(from - change.at, to - change.at);
    if (random.chance(survives)) result = changed(result, { ...change, at: from, data: part });
    from = to;
  }
  return result;
}

export class Disk {
  readonly #names = new Map<string, File | "directory">();
  readonly #syncedNames = new Map<string, File | "directory">();
  #nameChanges: NameChange[] = [];

  /** A disk that holds these files (relative paths) and nothing unsynced. */
  constructor(files: ReadonlyMap<string, Buffer> = new Map()) {
    for (const [path, content] of files) {
      const file = { synced: Buffer.from(content), changes: [] };
      this.#names.set(path, file);
      this.#syncedNames.set(path, file);
    }
  }

  apply(operation: Operation): void {
    if (operation.do === "make-directory") this.#rename({ path: operation.path, file: "directory" });
    else if (operation.do === "create") {
      if (!this.#names.has(operation.path)) this.#rename({ path: operation.path, file: newFile() });
    } else if (operation.do === "write" || operation.do === "truncate") {
      this.#file(operation.path).changes.push(operation);
    } else if (operation.do === "unlink") this.#rename({ path: operation.path });
    else if (operation.do === "rename") {
      this.#rename({ path: operation.to, file: this.#file(operation.path) });
      this.#rename({ path: operation.path });
    } else if (operation.do === "sync") this.#sync(operation.path);
  }

  /** The files as running programs see them, by relative path. */
  contents(): Map<string, Buffer> {
    const files = [...this.#names].filter((entry): entry is [string, File] => entry[1] !== "directory");
    return new Map(files.map(([path, { synced, changes }]) => [path, changes.reduce(changed, Buffer.from(synced))]));
  }

  #file(path: string): File {
    const file = this.#names.get(path);
    if (file === undefined || file === "directory") throw new Error(`${path} was never created`);
    return file;
  }

  #rename(change: NameChange): void {
    this.#nameChanges.push(change);
    enact(this.#names, change);
  }

  #sync(path: string): void {
    const file = this.#names.get(path);
    if (file !== undefined && file !== "directory") {
      file.synced = file.changes.reduce(changed, file.synced);
      file.changes = [];
      return;
    }
    const inside = (change: NameChange) => dirname(change.path) === (path === "" ? "." : path);
    for (const change of this.#nameChanges.filter(inside)) enact(this.#syncedNames, change);
    this.#nameChanges = this.#nameChanges.filter((change) => !inside(change));
  }

  /** Writes what a power cut at this moment may leave into `root`. */
  cutInto(root: string, random: Random): void {
    const names = new Map(this.#syncedNames);
    const kept = random.pick([0, this.#nameChanges.length, random.below(this.#nameChanges.length + 1)]);
    for (const change of this.#nameChanges.slice(0, kept)) enact(names, change);
    const together = random.chance(0.5) ? random.pick(FATES) : undefined;
    for (const [path, file] of names) {
      if (file === "directory") continue;
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), survivor(file, together ?? random.pick(FATES), random));
    }
  }
}

function newFile(): File {
  return { synced: Buffer.alloc(0), changes: [] };
}

function enact(names: Map<string, File | "directory">, change: NameChange): void {
  if (change.file === undefined) names.delete(change.path);
  else names.set(change.path, change.file);
}

function survivor(file: File, fate: (typeof FATES)[number], random: Random): Buffer {
  const start = Buffer.from(file.synced);
  const { changes } = file;
  switch (fate) {
    case "lost":
      return start;
    case "kept":
      return changes.reduce(changed, start);
    case "first-ones":
      return changes.slice(0, random.below(changes.length + 1)).reduce(changed, start);
    case "any-of-them":
      return changes.filter(() => random.chance(0.5)).reduce(changed, start);
    case "torn":
      return changes.reduce<Buffer>((content, change) => torn(content, change, random), start);
  }
}
