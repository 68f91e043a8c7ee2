/** The machine: its Node, its clock, its disk, its service. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { dirname, resolve } from "node:path";
import { EARLIEST_WALL_MS, TIMESYNC_MARK } from "../clock.ts";
import { type Finding, findingsOn } from "./finding.ts";

const TOOL_PATIENCE_MS = 5_000;
const GIGABYTE = 1e9;
const LEAST_FREE_BYTES = 0.2 * GIGABYTE;
const ENOUGH_FREE_BYTES = GIGABYTE;
const LEAST_MEMORY_BYTES = 0.45 * GIGABYTE;

/** What a tool of the system says; undefined where it is not there or fails. */
function toolSays(command: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((done) => {
    execFile(command, [...args], { timeout: TOOL_PATIENCE_MS }, (error, stdout) => done(error ? undefined : stdout));
  });
}

/** Node, processor and memory. */
export function checkMachine(): Finding {
  const { ok, fault, warning } = findingsOn("machine");
  const memory = `${(totalmem() / GIGABYTE).toFixed(1)} GB of memory`;
  const text = `Node ${process.versions.node} on ${process.arch}, ${availableParallelism()} processors, ${memory}`;
  if (process.arch !== "arm64" && process.arch !== "x64")
    return fault(text, "Install a 64-bit system: the program's parts exist for arm64 and x64 only");
  if (totalmem() < LEAST_MEMORY_BYTES) return warning(text, "Use a machine with at least 1 GB of memory");
  return ok(text);
}

/** Whether the wall clock is right; `now` is epoch ms. */
export async function checkClock(now = Date.now(), ask = toolSays): Promise<Finding> {
  const { ok, fault, warning, unknown } = findingsOn("clock");
  const time = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const advice = "Let the machine reach a time server (UDP 123, or the router as its NTP server); see `timedatectl`";
  if (now < EARLIEST_WALL_MS) return fault(`${time}: that is long past, bills and tariffs would be wrong`, advice);
  if (existsSync(TIMESYNC_MARK)) return ok(`${time}, synchronised`);
  const said = await ask("timedatectl", ["show", "--property=NTPSynchronized", "--value"]);
  if (said === undefined) return unknown(`${time}; whether it is synchronised is not known: there is no timedatectl`);
  if (said.trim() === "yes") return ok(`${time}, synchronised`);
  return warning(`${time}, not synchronised: prices and quarter-hours may be off`, advice);
}

/** Type and options of the file system that holds `path`, from the kernel's list of mounts. */
export function mountOf(path: string, mountinfo = readFileSync("/proc/self/mountinfo", "utf8")) {
  const mounts = mountinfo.split("\n").flatMap((line) => {
    const [before, after] = line.split(" - ");
    const fields = before?.split(" ") ?? [];
    const [place, options] = [fields[4]?.replaceAll("\\040", " "), fields[5]];
    const [type, , superOptions = ""] = after?.split(" ") ?? [];
    if (place === undefined || options === undefined || type === undefined) return [];
    return [{ place, type, readOnly: `${options},${superOptions}`.split(",").includes("ro") }];
  });
  const holds = mounts.filter(({ place }) => path === place || path.startsWith(place === "/" ? "/" : `${place}/`));
  // Of two mounts at one place the later one is seen.
  return holds.reduce<(typeof holds)[number] | undefined>(
    (best, mount) => (best && best.place.length > mount.place.length ? best : mount),
    undefined,
  );
}

const LOST_AT_POWER_CUT = new Set(["tmpfs", "ramfs", "overlay"]);
const NOT_SAFE = new Set(["vfat", "exfat", "ntfs", "ntfs3", "fuseblk", "nfs", "nfs4", "cifs", "9p"]);

/** Room and file system where the ledger lies, or will lie. */
export function checkDisk(directory: string): Finding {
  const { ok, fault, warning } = findingsOn("disk");
  let existing = resolve(directory);
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize, ffree, files } = statfsSync(existing);
  const freeBytes = bavail * bsize;
  const mount = mountOf(existing);
  const text = `${(freeBytes / GIGABYTE).toFixed(1)} GB free for ${directory}, on ${mount?.type ?? "an unknown file system"}`;
  if (mount?.readOnly)
    return fault(`${text}, which is mounted read-only`, "Check the card (`dmesg`), then mount it for writing");
  if (mount && NOT_SAFE.has(mount.type))
    return fault(`${text}: not safe at a power cut`, "Put ledger.directory on ext4, btrfs, xfs or f2fs");
  if (freeBytes < LEAST_FREE_BYTES || (files > 0 && ffree < 100))
    return fault(text, "Free space: without it nothing is recorded any more");
  if (mount && LOST_AT_POWER_CUT.has(mount.type))
    return warning(
      `${text}: what is written there may be gone at a power cut`,
      "Put ledger.directory on a partition that keeps it; in a container: on a volume",
    );
  if (freeBytes < ENOUGH_FREE_BYTES) return warning(text, "Free some space: a year of a site takes about 1 GB");
  return ok(text);
}

/** What systemd says of the service. */
export async function checkService(ask = toolSays): Promise<Finding> {
  const { ok, fault, warning, unknown } = findingsOn("service");
  const said = await ask("systemctl", ["show", "wattledger", "--property=ActiveState,UnitFileState,NRestarts"]);
  if (said === undefined) return unknown("there is no systemd here that could be asked");
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(said)?.[1] ?? "";
  const [active, enabled, restarts] = [value("ActiveState"), value("UnitFileState"), Number(value("NRestarts"))];
  if (enabled === "") return unknown("no service is installed; `sudo deploy/install.sh` does it");
  const log = "`journalctl -u wattledger -n 50` says why";
  if (active !== "active") return fault(`${active}`, `${log}; \`sudo systemctl start wattledger\` starts it`);
  if (enabled !== "enabled")
    return warning("active, but not started after a power cut", "`sudo systemctl enable wattledger`");
  if (restarts > 0) return warning(`active, but it had to be started again ${restarts} times`, log);
  return ok("active, and started after a power cut");
}
