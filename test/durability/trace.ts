/** What a writer did to its files, in order, as strace saw it. */
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Paths are relative to the folder that holds the ledger's directory. */
export type Operation =
  | { readonly do: "make-directory"; readonly path: string }
  | { readonly do: "create"; readonly path: string }
  | { readonly do: "write"; readonly path: string; readonly at: number; readonly data: Buffer }
  | { readonly do: "truncate"; readonly path: string; readonly length: number }
  | { readonly do: "sync"; readonly path: string }
  | { readonly do: "rename"; readonly path: string; readonly to: string }
  | { readonly do: "unlink"; readonly path: string }
  /** From here on the facts up to `seq` are promised: they were acknowledged, or the site started on them. */
  | { readonly do: "acknowledge"; readonly seq: number };

const WRITER = fileURLToPath(new URL("./writer.ts", import.meta.url));
/** What the ledger does, and whatever else could change a file: that is refused, not overlooked. */
const UNDERSTOOD = "openat,pwrite64,write,fsync,fdatasync,ftruncate,unlink,rename,mkdir";
const OTHERS = "open,creat,writev,pwritev,pwritev2,truncate,fallocate,copy_file_range,sendfile,splice,sync_file_range";
const NAMES = "renameat,renameat2,unlinkat,rmdir,mkdirat,link,linkat,symlink,symlinkat";
const CALLS = `${UNDERSTOOD},${OTHERS},${NAMES}`;
/** More than any page or header that SQLite writes at once. */
const STRING_MAX = 70_000;

/** Shared memory means nothing after a crash, and neither the tape nor spare room is ever promised. */
export function isOfNoPromise(path: string): boolean {
  return path.endsWith("-shm") || /(^|\/)(tape-[^/]*|spare-room)$/.test(path);
}

/** Whether this machine may trace. */
export function canTrace(): boolean {
  return spawnSync("strace", ["-f", "-e", "trace=none", "true"]).status === 0;
}

/**
 * Runs the writer on `directory` under strace. The files are left as a crash of the process alone leaves them. With
 * `killAtSync` the process is killed when it asks for that sync of the ledger (counted from one): its last writes are
 * with the operating system and not on the disk.
 */
export async function traceWriter(
  directory: string,
  args: readonly string[],
  killAtSync?: number,
): Promise<Operation[]> {
  const output = join(dirname(directory), `trace-${process.pid}-${Math.random()}`);
  const kill = killAtSync === undefined ? [] : ["-e", `inject=fsync,fdatasync:signal=SIGKILL:when=${killAtSync}`];
  const options = ["-f", "-y", "-qq", "-xx", "-s", `${STRING_MAX}`, "--seccomp-bpf", "-e", `trace=${CALLS}`, ...kill];
  const child = spawn("strace", [...options, "-o", output, process.execPath, WRITER, directory, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.resume();
  await new Promise((resolve) => child.on("close", resolve));
  const operations = operationsOf(readFileSync(output, "latin1"), dirname(directory));
  rmSync(output);
  return operations;
}

/**
 * Runs the writer while calls of the operating system fail or take long, as `inject` says it to strace. Resolves with
 * the lines of its output.
 */
export async function failingWriter(
  directory: string,
  args: readonly string[],
  inject: string,
): Promise<readonly string[]> {
  const options = ["-f", "-qq", "-e", `inject=${inject}`, "-o", "/dev/null"];
  const child = spawn("strace", [...options, process.execPath, WRITER, directory, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  await new Promise((resolve) => child.on("close", resolve));
  return output.split("\n");
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll("\\x", ""), "hex");
}

/** Calls of several threads, each whole, in the order of their end; what went to the output in that of its begin. */
function* callsOf(text: string): Generator<string> {
  const begun = new Map<string, string>();
  for (const line of text.split("\n")) {
    const found = /^(\d+) +(.*)$/.exec(line);
    if (!found) continue;
    const [, thread, call] = found as unknown as [string, string, string];
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(call);
    if (resumed) {
      const begin = begun.get(thread);
      begun.delete(thread);
      if (begin !== undefined) yield begin + resumed[1];
    } else if (call.endsWith("<unfinished ...>")) {
      const begin = call.slice(0, -"<unfinished ...>".length).trimEnd();
      if (begin.startsWith("write(1<")) yield `${begin}) = 0`;
      else begun.set(thread, begin);
    } else yield call;
  }
}

/** Reads the output of strace; files outside `root` and calls that failed are none of ours. */
export function operationsOf(text: string, root: string): Operation[] {
  const operations: Operation[] = [];
  const known = new Set<string>();
  const ours = (hex: string): string | undefined => {
    const path = relative(root, bytesOf(hex).toString());
    return path.startsWith("..") || isOfNoPromise(path) ? undefined : path;
  };
  for (const call of callsOf(text)) {
    const operation = operationOf(call, ours);
    if (!operation) continue;
    if (operation.do === "create") {
      if (known.has(operation.path)) continue;
      known.add(operation.path);
    }
    if (operation.do === "unlink" || operation.do === "rename") known.delete(operation.path);
    operations.push(operation);
  }
  return operations;
}

function operationOf(call: string, ours: (hex: string) => string | undefined): Operation | undefined {
  if (/ = (-1 .*|\?)$/.test(call.slice(-80))) return undefined;
  const name = call.slice(0, call.indexOf("("));
  if (name === "write" && call.startsWith("write(1<")) return acknowledgementOf(call);
  const paths = [...call.matchAll(/[("<]((?:\\x[0-9a-f]{2})+)[">]/g)].map((match) => match[1]!);
  if (name === "openat") {
    const path = call.includes("O_CREAT") ? ours(paths.find((_, index) => index > 0) ?? paths[0]!) : undefined;
    return path === undefined ? undefined : { do: "create", path };
  }
  const path = ours(paths[0] ?? "");
  if (path === undefined) return undefined;
  switch (name) {
    case "mkdir":
      return { do: "make-directory", path };
    case "unlink":
      return { do: "unlink", path };
    case "rename":
      return { do: "rename", path, to: ours(paths[1]!) ?? "" };
    case "fsync":
    case "fdatasync":
      return { do: "sync", path };
    case "ftruncate":
      return { do: "truncate", path, length: Number(/, (\d+)\)/.exec(call)![1]) };
    case "pwrite64": {
      const at = /, (\d+)\) += \d+$/.exec(call)?.[1];
      if (at === undefined) throw new Error(`A write of the ledger is not understood: it ends ${call.slice(-120)}`);
      return { do: "write", path, at: Number(at), data: bytesOf(paths[1]!) };
    }
    default:
      throw new Error(`The ledger wrote in a way that is not understood: ${call.slice(0, 200)}`);
  }
}

function acknowledgementOf(call: string): Operation | undefined {
  const text = bytesOf(/"((?:\\x[0-9a-f]{2})+)"/.exec(call)![1]!).toString();
  const seq = /^(?:opened )?(\d+)\n$/.exec(text)?.[1];
  return seq === undefined ? undefined : { do: "acknowledge", seq: Number(seq) };
}
