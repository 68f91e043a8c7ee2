import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseConfiguration } from "../src/app/configuration/configuration.ts";

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const UNIT = path("systemd/wattledger.service");
const SCRIPTS = ["deploy/install.sh", "deploy/uninstall.sh"];
const MOST_EXPOSURE = 2;

function run(command: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  return { status, text: `${stdout}${stderr}` };
}

const isInstalled = (command: string) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
const shellcheck = isInstalled("shellcheck") ? "" : " (skipped: shellcheck is not installed)";
const analyze = isInstalled("systemd-analyze") ? "" : " (skipped: systemd-analyze is not installed)";

describe("the scripts", () => {
  test.skipIf(shellcheck !== "").each(SCRIPTS)(`%s is clean shell${shellcheck}`, (script) => {
    expect(run("shellcheck", [path(script)])).toEqual({ status: 0, text: "" });
  });

  test.each(SCRIPTS)("%s refuses what it does not know, before it touches anything", (script) => {
    const { status, text } = run("bash", [path(script), "--purgee"]);
    expect(status).toBe(1);
    expect(text).toContain("unknown option --purgee");
  });

  test("uninstalling leaves configuration and ledger, unless it is told to purge", () => {
    const root = mkdtempSync(join(tmpdir(), "wattledger-root-"));
    try {
      const directories = ["opt", "etc", "var/lib", "var/cache"].map((name) => `${root}/${name}/wattledger`);
      run("mkdir", ["-p", ...directories]);
      writeFileSync(`${root}/var/lib/wattledger/events.db`, "facts");
      expect(run("bash", [path("deploy/uninstall.sh"), "--root", root]).status).toBe(0);
      const left = run("find", [root, "-name", "events.db", "-o", "-path", "*/opt/*", "-o", "-path", "*/cache/*"]);
      expect(left.text).toBe(`${root}/var/lib/wattledger/events.db\n`);
      expect(run("bash", [path("deploy/uninstall.sh"), "--root", root, "--purge"]).status).toBe(0);
      expect(run("find", [root, "-name", "*wattledger*", "-mindepth", "1"]).text).toBe("");
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

test("scripts run on the pinned Node, though npm before 11 links no program of that name", () => {
  const env = { ...process.env, PATH: "/usr/bin:/bin" };
  const asked = "process.stdout.write(process.execPath + ' ' + process.env.PATH.split(':')[0])";
  const { stdout } = spawnSync(process.execPath, [path("bin/node24.mjs"), "-e", asked], { encoding: "utf8", env });
  const directory = path(`node_modules/node-linux-${process.arch}/bin`);
  expect(stdout).toBe(`${directory}/node ${directory}`);
  for (const file of ["package.json", "systemd/wattledger.service", ...SCRIPTS])
    expect(readFileSync(path(file), "utf8")).not.toContain(".bin/node");
});

test("installing compiles nothing: a gateway has no compiler", () => {
  expect(readFileSync(path(".npmrc"), "utf8")).toMatch(/^ignore-scripts=true$/m);
});

describe("the address of the health check and the ledger", () => {
  test("are those of site.yaml, a wildcard address asked for on this machine", () => {
    const { status, text } = run(process.execPath, [path("deploy/settings.ts"), path("config/building.yaml")]);
    expect({ status, text }).toEqual({ status: 0, text: `http://127.0.0.1:8080/healthz\n${path("config/data")}\n` });
  });

  test("are refused with the place of the mistake when site.yaml is wrong", () => {
    const { status, text } = run(process.execPath, [path("deploy/settings.ts"), path("package.json")]);
    expect(status).toBe(1);
    expect(text).toContain("package.json:");
  });
});

describe("the unit", () => {
  const unit = readFileSync(UNIT, "utf8");

  test.skipIf(analyze !== "")(`leaves little exposed${analyze}`, () => {
    const { text } = run("systemd-analyze", ["security", "--offline=yes", UNIT]);
    const score = /Overall exposure level for wattledger\.service: ([\d.]+)/.exec(text)?.[1];
    expect(Number(score), text).toBeLessThanOrEqual(MOST_EXPOSURE);
  });

  test.skipIf(analyze !== "")(`is understood${analyze}`, () => {
    const { text } = run("systemd-analyze", ["verify", UNIT]);
    // systemd before 254 does not know the back-off, and nothing is installed where the test runs.
    const complaints = text
      .split("\n")
      .filter((line) => line.includes("wattledger.service"))
      .filter((line) => !/RestartSteps|RestartMaxDelaySec|is not executable/.test(line));
    expect(complaints).toEqual([]);
  });

  test("lets V8 compile, and systemd-notify feed the watchdog", () => {
    expect(unit).not.toMatch(/^MemoryDenyWriteExecute/m);
    expect(unit).toMatch(/^NotifyAccess=all$/m);
    expect(unit).toMatch(/^WatchdogSec=30$/m);
  });

  test("gives a start after a power cut the time to look at the ledger of a depot's years: 40 GB at 20 MB/s", () => {
    const seconds = Number(/^TimeoutStartSec=(\d+)$/m.exec(unit)?.[1]);
    expect(seconds * 20e6).toBeGreaterThanOrEqual(40e9);
  });

  test("writes only where the examples, once they stand in /etc, put the ledger", () => {
    const site = readFileSync(path("config/home.yaml"), "utf8");
    const installed = parseConfiguration(`${site}\nledger: { directory: /var/lib/wattledger }\n`, "site.yaml");
    expect(installed.ok && installed.configuration.ledger.directory).toBe("/var/lib/wattledger");
    expect(unit).toMatch(/^StateDirectory=wattledger$/m);
    expect(unit).toMatch(/^ProtectSystem=strict$/m);
  });

  test("the program that the installer compiled ahead runs without Node's type stripper, which takes memory for good", () => {
    const directory = mkdtempSync(join(tmpdir(), "wattledger-cache-"));
    const printed = "process.on('exit', () => console.log(process.moduleLoadList.some((name) => /amaro/.test(name))))";
    const hasStripper = (command: string) => {
      const env = {
        ...process.env,
        NODE_COMPILE_CACHE: directory,
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(printed)}`,
      };
      const { stdout } = spawnSync(process.execPath, [path("bin/wattledger.mjs"), command], { env, encoding: "utf8" });
      return stdout.trimEnd().endsWith("true");
    };
    try {
      expect(readFileSync(path("deploy/install.sh"), "utf8")).toMatch(/^switch\ncompile_program\nservice enable/m);
      expect(hasStripper("devices")).toBe(true);
      spawnSync(process.execPath, [path("bin/wattledger.mjs"), "compile"], {
        env: { ...process.env, NODE_COMPILE_CACHE: directory },
      });
      // It loads every file there is.
      expect(hasStripper("compile")).toBe(false);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("keeps the compiled program where the service may write, and the program takes it from there", () => {
    const directory = mkdtempSync(join(tmpdir(), "wattledger-cache-"));
    try {
      expect(unit).toMatch(/^CacheDirectory=wattledger$/m);
      // What systemd makes of CacheDirectory= for a service of the system.
      const asInstalled = /^Environment=NODE_COMPILE_CACHE=\/var\/cache\/wattledger$/m;
      expect(unit).toMatch(asInstalled);
      const env = { ...process.env, NODE_COMPILE_CACHE: join(directory, "wattledger") };
      const { status } = spawnSync(process.execPath, [path("bin/wattledger.mjs"), "devices"], { env, stdio: "ignore" });
      expect(status).toBe(0);
      expect(run("find", [directory, "-type", "f"]).text.split("\n").length).toBeGreaterThan(10);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
