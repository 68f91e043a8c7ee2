#!/usr/bin/env node
// Starts the command line on Node 24, whatever the machine's own Node is (the pinned one comes as an optional package),
// and in half the memory: a small young generation; no baseline code (5 MB; hot code is optimized all the same) and no
// second copy of V8's own code near ours (4 MB); one malloc arena that gives pages back (glibc keeps one for each of a
// dozen threads), without what is larger than two pages (compiling would leave holes); and the compiled program kept on
// disk, without which each of the three threads loads Node's type stripper, 30 MB each.
import { fileURLToPath } from "node:url";
import { node24, runInstead, runsTypeScript } from "./node24.mjs";

const SELF = fileURLToPath(import.meta.url);
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FLAGS = ["--max-semi-space-size=1", "--optimize-for-size", "--no-sparkplug", "--no-short-builtin-calls"];
const MALLOC = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_TRIM_THRESHOLD_: "65536",
  MALLOC_MMAP_THRESHOLD_: "8192",
  MALLOC_TOP_PAD_: "0",
};
/** By then everything is loaded that runs all day. */
const FLUSH_MS = 10_000;
const LAUNCHED = "WATTLEDGER_LAUNCHED";

async function run() {
  delete process.env[LAUNCHED];
  const { flushCompileCache } = await import("node:module");
  setTimeout(flushCompileCache, FLUSH_MS).unref();
  const { main } = await import("../src/cli/main.ts");
  process.exitCode = await main(process.argv.slice(2));
}

function launch(node) {
  // Weeks in minutes need the time more than the memory: twice as fast without.
  const inHurry = process.argv[2] === "simulate";
  const args = [...(inHurry ? [] : FLAGS), SELF, ...process.argv.slice(2)];
  const cache = process.env.NODE_COMPILE_CACHE ?? `${ROOT}node_modules/.cache/wattledger`;
  const env = { ...(inHurry ? {} : MALLOC), ...process.env, NODE_COMPILE_CACHE: cache, [LAUNCHED]: "1" };
  // In place where Node can: a launcher that waits costs 40 MB.
  if (runsTypeScript && process.execve) process.execve(node, [node, ...args], env);
  runInstead(node, args, env);
}

if (process.env[LAUNCHED] === "1" && runsTypeScript) await run();
else launch(runsTypeScript ? process.execPath : node24());
