#!/usr/bin/env node
// Runs a script on Node 24, whatever the machine's own Node is: `node bin/node24.mjs SCRIPT [ARGUMENT ...]`.
// npm before 11 leaves the pinned Node out of node_modules/.bin, so nothing may look for it there.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const [major, minor] = process.versions.node.split(".").map(Number);

/** Whether this process strips types by itself and can compile into a cache, as everything here expects. */
export const runsTypeScript = major > 24 || (major === 24 && minor >= 11);

/** Path of the Node that came as an optional package, if there is one for this machine. */
function pinnedNode() {
  const path = `${ROOT}node_modules/node-linux-${process.arch}/bin/node`;
  return existsSync(path) ? path : undefined;
}

/** Path of a Node 24 for this machine: the pinned one, or this one. Ends the process where there is neither. */
export function node24() {
  const node = pinnedNode() ?? (runsTypeScript ? process.execPath : undefined);
  if (node) return node;
  console.error(
    `wattledger needs Node 24, this is ${process.version}. Run \`npm ci\` in ${ROOT} (it brings Node 24 for 64-bit ` +
      "Linux on x64 and arm64), or install Node 24.",
  );
  process.exit(1);
}

/** Runs a program in the place of this process: its signals are passed on, its exit code is ours. */
export function runInstead(program, args, env) {
  const child = spawn(program, args, { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const node = node24();
  const path = `${dirname(node)}${delimiter}${process.env.PATH ?? ""}`;
  runInstead(node, process.argv.slice(2), { ...process.env, PATH: path });
}
