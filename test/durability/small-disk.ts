/** A small disk of its own that can be filled, and mounted read-only. Needs root. */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

function mount(...args: string[]): boolean {
  return spawnSync("mount", args).status === 0;
}

export class SmallDisk {
  readonly directory: string;

  /** Throws where nothing may be mounted. */
  constructor(megabytes: number) {
    this.directory = mkdtempSync(join(tmpdir(), "wattledger-small-"));
    if (mount("-t", "tmpfs", "-o", `size=${megabytes}m`, "none", this.directory)) return;
    rmdirSync(this.directory);
    throw new Error("No disk may be mounted here");
  }

  /** Somebody else takes all the room there is. */
  fill(): void {
    const descriptor = openSync(join(this.directory, "other"), "a");
    for (const size of [65_536, 4096, 512, 1]) {
      const bytes = Buffer.alloc(size);
      try {
        while (writeSync(descriptor, bytes) === size);
      } catch {
        // Full for this size.
      }
    }
    closeSync(descriptor);
  }

  free(): void {
    rmSync(join(this.directory, "other"), { force: true });
  }

  readOnly(on: boolean): void {
    if (!mount("-o", `remount,${on ? "ro" : "rw"}`, this.directory)) throw new Error("The disk was not remounted");
  }

  remove(): void {
    spawnSync("umount", ["--lazy", this.directory]);
    rmdirSync(this.directory);
  }
}

/** Whether this machine lets us mount. */
export function canMount(): boolean {
  try {
    new SmallDisk(1).remove();
    return true;
  } catch {
    return false;
  }
}
