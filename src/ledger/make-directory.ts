/** A directory for what must last, with those above it. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Throws where it cannot be made; Node's own recursive mkdir tries for ever where a file system such as /proc takes none. */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o750 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A link to a place that is gone has a name too, and is told as missing by statSync.
    if (code === "EEXIST" && statSync(directory).isDirectory()) return;
    if (code !== "ENOENT" || existsSync(dirname(directory))) throw error;
    makeDirectory(dirname(directory));
    makeDirectory(directory);
  }
}
