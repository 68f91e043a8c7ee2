/** What a day of ten EVSEs writes to the card: everything, at the block device below a file system of its own. */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { silentLog } from "../../src/app/log.ts";
import { openLedger, openTape } from "../../src/ledger/index.ts";
import type { Scenario } from "../../src/sim/scenario.ts";
import { TRUTHS, type Truth } from "../../src/study/informed.ts";
import { parseScenario } from "../../src/study/scenario-file.ts";
import { simulate } from "../../src/study/simulate.ts";
import type { BenchLine } from "./line.ts";

const LIMIT_MB = 30;
const IMAGE_BYTES = 512 * 1024 * 1024;
const SECTOR_BYTES = 512;
/** Of ext4 and of the kernel, as they come. */
const JOURNAL_MS = 5_000;
const WRITE_BACK_MS = 30_000;
const SCENARIOS = fileURLToPath(new URL("../../config/scenarios", import.meta.url));

interface Card {
  readonly directory: string;
  readonly counted: string;
  /** Bytes written so far, everything that was dirty included. */
  written(): number;
  /** What the kernel does by itself: the journal of names and times after 5 s, everything else after 30 s. */
  commitJournal(): void;
  writeBack(): void;
  remove(): void;
}

function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

/** An ext4 of its own on a loop device. Throws without root, or where loop devices are not allowed. */
function loopCard(root: string): Card {
  const [image, directory] = [join(root, "card.img"), join(root, "card")];
  const descriptor = openSync(image, "w");
  ftruncateSync(descriptor, IMAGE_BYTES);
  closeSync(descriptor);
  run("mkfs.ext4", "-q", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0", image);
  const device = run("losetup", "--find", "--show", image);
  const release = () => run("losetup", "--detach", device);
  try {
    mkdirSync(directory);
    run("mount", "-o", "noatime", device, directory);
  } catch (error) {
    release();
    throw error;
  }
  const writeBack = () => void run("sync", "--file-system", directory);
  const touched = openSync(join(directory, "touched"), "w");
  return {
    directory,
    commitJournal() {
      const now = Date.now() / 1000;
      futimesSync(touched, now, now);
      fsyncSync(touched);
    },
    counted: `sectors written to ${basename(device)} (ext4 with its journal)`,
    writeBack,
    written() {
      writeBack();
      const fields = readFileSync(`/sys/block/${basename(device)}/stat`, "utf8")
        .trim()
        .split(/\s+/);
      return Number(fields[6]) * SECTOR_BYTES;
    },
    remove() {
      closeSync(touched);
      run("umount", "--lazy", directory);
      release();
    },
  };
}

/** Without root: what this process hands to the file system; its journal is not in it. */
function fileCard(): Card {
  const directory = mkdtempSync(join(process.cwd(), ".wattledger-bench-"));
  return {
    directory,
    counted: "/proc/self/io write_bytes, without the file system's journal (no root, or no loop device)",
    commitJournal() {},
    writeBack: () => void run("sync", "--file-system", directory),
    written: () => Number(/write_bytes: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1] ?? Number.NaN),
    remove: () => rmSync(directory, { recursive: true }),
  };
}

function cardIn(root: string): Card {
  try {
    return loopCard(root);
  } catch {
    return fileCard();
  }
}

/** One day of a measured site, from the scenarios that come with the program. */
function dayOf(name: string, change: (yaml: string) => string = (yaml) => yaml): Scenario {
  const file = join(SCENARIOS, name);
  const result = parseScenario(change(readFileSync(file, "utf8")), file, 1);
  if (!result.ok) throw new Error(result.problems[0]?.message);
  return result.scenario;
}

async function day(name: string, scenario: Scenario, card: Card, told: readonly Truth[]): Promise<BenchLine> {
  const { ledger, state } = openLedger({ directory: card.directory, log: silentLog });
  const tape = openTape({ directory: card.directory, keepDays: 14, log: silentLog });
  const before = card.written();
  let [last, commits, dirty] = [state, 0, false];
  let [journalMs, writeBackMs] = [0, 0];
  const { sessions, facts, plans, interventions } = await simulate(scenario, {
    books: { ledger, tape },
    told,
    onFacts: () => {
      commits++;
      dirty = true;
    },
    async onStep(nowMs, now) {
      last = now;
      if (dirty && nowMs - journalMs >= JOURNAL_MS) {
        card.commitJournal();
        [journalMs, dirty] = [nowMs, false];
      }
      if (nowMs - writeBackMs < WRITE_BACK_MS) return;
      writeBackMs = nowMs;
      card.writeBack();
    },
  });
  // One a day.
  ledger.saveSnapshot(last);
  tape.close();
  ledger.close();
  const bytes = card.written() - before;
  const what = `${scenario.evses.length} EVSEs, ${sessions} sessions, ${facts} facts in ${commits} commits, ${plans} plans, ${interventions} interventions`;
  return {
    name: `written to the card in a simulated day, ${name}`,
    value: Math.round(bytes / 1e5) / 10,
    unit: "MB",
    limit: LIMIT_MB,
    detail: `${what}; ledger, snapshot, tape and a stop; ${card.counted}`,
  };
}

async function onCard(name: string, scenario: Scenario, told: readonly Truth[] = []): Promise<BenchLine> {
  const root = mkdtempSync(join(tmpdir(), "wattledger-card-"));
  const card = cardIn(root);
  try {
    return await day(name, scenario, card, told);
  } finally {
    card.remove();
    rmSync(root, { recursive: true });
  }
}

export async function benchCard(): Promise<BenchLine[]> {
  const ten = (yaml: string) => yaml.replace("count: 24", "count: 10").replace("mainFuseA: 80", "mainFuseA: 63");
  return [
    await onCard("apartments", dayOf("apartments.yaml")),
    await onCard("workplace with sun on ten of its EVSEs", dayOf("workplace.yaml", ten)),
    await onCard("the same, all cars announced, load and sun told by the hour", dayOf("workplace.yaml", ten), TRUTHS),
  ];
}
