/** What a process holds of the machine's memory, as the kernel counts it. */
import { readFileSync, writeFileSync } from "node:fs";

const KB_PER_MB = 1024;

function fieldMb(path: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(path, "utf8"));
  return Math.round(Number(found?.[1] ?? Number.NaN) / KB_PER_MB);
}

/** Pages that are in memory, MB; with `Pss` those that other processes have too count by their share. */
export function residentMb(pid: number, field: "Rss" | "Pss" = "Rss"): number {
  return fieldMb(`/proc/${pid}/smaps_rollup`, field);
}

/** The most that was resident since the start, or since {@link forgetMostResident}, MB. */
export function mostResidentMb(pid: number): number {
  return fieldMb(`/proc/${pid}/status`, "VmHWM");
}

/** Begins to look for the most anew: the kernel's 5 for `clear_refs`. */
export function forgetMostResident(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}
