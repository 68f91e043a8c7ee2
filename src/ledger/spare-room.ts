/** Room on the disk for a start when it is full: opening a ledger needs some pages of shared memory and of log. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SPARE_BYTES = 256 * 1024;
const nameIn = (directory: string) => join(directory, "spare-room");

/** Takes the room, where there is some. */
export function spare(directory: string): void {
  const path = nameIn(directory);
  if (existsSync(path)) return;
  try {
    writeFileSync(path, Buffer.alloc(SPARE_BYTES));
  } catch {
    // The disk is as good as full. What was written is given back.
    rmSync(path, { force: true });
  }
}

/** Gives the room back for use. Returns whether there was any. */
export function giveUpSpare(directory: string): boolean {
  const path = nameIn(directory);
  if (!existsSync(path)) return false;
  rmSync(path, { force: true });
  return true;
}
