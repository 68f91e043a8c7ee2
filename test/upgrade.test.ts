/** deploy/install.sh below a directory: real releases, a real site; only systemd, npm and its waiting are stood in for. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "../src/app/log.ts";
import { openLedger } from "../src/ledger/index.ts";
import { freePort } from "./free-port.ts";

const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));
const PARTS = ["bin", "src", "deploy", "systemd", "package.json", "package-lock.json"];
const CONFIGURATIONS = ["home.yaml", "building.yaml", "site.schema.json"];

const directory = mkdtempSync(join(tmpdir(), "wattledger-upgrade-"));
const ROOT = join(directory, "root");
const TOOLS = join(directory, "tools");
const PROGRAM = join(ROOT, "opt/wattledger");
const STATE = join(ROOT, "var/lib/wattledger");
let health = "";

/** What stands in for systemd: one process, started and stopped for good. */
const SYSTEMCTL = `#!/bin/bash
case "$1" in
  start)
    cd "${STATE}" || exit 1
    "${PROGRAM}/node" "${PROGRAM}/bin/wattledger.mjs" run --config "${ROOT}/etc/wattledger/site.yaml" \\
      > "${directory}/log" 2>&1 < /dev/null &
    echo $! > "${directory}/pid" ;;
  stop)
    [ -e "${directory}/pid" ] || exit 0
    kill -TERM "$(cat "${directory}/pid")" 2> /dev/null
    while kill -0 "$(cat "${directory}/pid")" 2> /dev/null; do /bin/sleep 0.05; done ;;
esac
exit 0
`;
/** A process that has ended will not answer any more: nothing is waited for. */
const SLEEP = `#!/bin/bash
kill -0 "$(cat "${directory}/pid")" 2> /dev/null && /bin/sleep 0.3
exit 0
`;

function tool(name: string, text: string): void {
  writeFileSync(join(TOOLS, name), text);
  chmodSync(join(TOOLS, name), 0o755);
}

/** Changes the text of a file of a release; the place has to be there. */
type Change = readonly [file: string, from: string, to: string];

/** A checkout of a release with these changes. */
function release(version: string, changes: readonly Change[] = []): string {
  const checkout = join(directory, version);
  mkdirSync(join(checkout, "config"), { recursive: true });
  for (const part of PARTS) cpSync(join(REPOSITORY, part), join(checkout, part), { recursive: true });
  for (const name of CONFIGURATIONS) cpSync(join(REPOSITORY, "config", name), join(checkout, "config", name));
  const { version: present } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as {
    version: string;
  };
  for (const [file, from, to] of [["package.json", `"version": "${present}"`, `"version": "${version}"`], ...changes]) {
    const path = join(checkout, file!);
    const text = readFileSync(path, "utf8");
    expect(text, file).toContain(from);
    writeFileSync(path, text.replace(from!, to!));
  }
  return checkout;
}

function install(checkout: string) {
  const { status, stdout, stderr } = spawnSync("bash", [join(checkout, "deploy/install.sh"), "--root", ROOT], {
    encoding: "utf8",
    env: {
      ...process.env,
      PATH: `${TOOLS}:${process.env.PATH}`,
      WATTLEDGER_SYSTEMCTL: join(TOOLS, "systemctl"),
      NODE_COMPILE_CACHE: join(directory, "cache"),
    },
  });
  return { status, said: `${stdout}${stderr}` };
}

const stop = () => spawnSync(join(TOOLS, "systemctl"), ["stop"]);
const versionIn = (program: string) =>
  (JSON.parse(readFileSync(join(program, "package.json"), "utf8")) as { version: string }).version;
const isHealthy = () => spawnSync("curl", ["--fail", "--silent", health]).status === 0;

/** Started again, and up. */
function start(): void {
  spawnSync(join(TOOLS, "systemctl"), ["start"]);
  for (let look = 0; look < 300 && !isHealthy(); look++) spawnSync("sleep", ["0.2"]);
  expect(isHealthy()).toBe(true);
}

/** What is in the ledger of the site, which stands still meanwhile. */
function releasesInLedger(ledgerDirectory = STATE): {
  readonly types: readonly string[];
  readonly booted: readonly string[];
} {
  const { ledger } = openLedger({ directory: ledgerDirectory, log: silentLog });
  const facts = ledger.read(0, 10_000);
  ledger.close();
  const booted = facts.filter(({ type }) => type === "booted").map(({ data }) => (data as { release: string }).release);
  return { types: [...new Set(facts.map(({ type }) => type))], booted };
}

/** The new release records its start and more, and ends before it answers. */
const DIES: Change = [
  "src/app/run.ts",
  "  closing.stack.defer(async () => {\n    const { reason } = closing;",
  `  await recorder.note([{ type: "moon-landed", source: "controller", data: { where: "Tranquility" } } as never]);
  process.exit(70);
  closing.stack.defer(async () => {
    const { reason } = closing;`,
];
const NEW_TYPE: Change = [
  "src/core/facts/site-facts.ts",
  "export const Stopped =",
  'export const MoonLanded = declareFact("moon-landed", 1, Type.Object({ where: Type.String() }));\nexport const Stopped =',
];
const NEW_FIELD: Change = ["src/app/run.ts", "data: { release: release(),", 'data: { mood: "new", release: release(),'];
const NEW_VERSION: Change = ["src/core/facts/site-facts.ts", '"booted",\n  1,', '"booted",\n  2,'];
const NEW_UPCASTER: Change = [
  "src/ledger/upcast.ts",
  "UPCASTERS: ReadonlyMap<string, readonly Upcaster[]> = new Map()",
  'UPCASTERS: ReadonlyMap<string, readonly Upcaster[]> = new Map([["booted", [(data) => data]]])',
];

const lacking = spawnSync("curl", ["--version"]).status === 0 ? "" : " (skipped: curl is not installed)";

describe.skipIf(lacking !== "")(`an upgrade${lacking}`, () => {
  beforeAll(async () => {
    mkdirSync(TOOLS);
    mkdirSync(join(ROOT, "etc/wattledger"), { recursive: true });
    tool("systemctl", SYSTEMCTL);
    tool("sleep", SLEEP);
    tool("sync", "#!/bin/sh\n");
    tool("npm", `#!/bin/sh\nln -s "${REPOSITORY}node_modules" node_modules\n`);
    const [api, ocpp] = [await freePort(), await freePort()];
    health = `http://127.0.0.1:${api}/healthz`;
    const site = {
      site: { id: "upgraded", timeZone: "UTC", country: "NL" },
      gridConnection: { mainFuseA: 63, meter: "grid-meter", worstBuildingLoadA: 10 },
      chargePoints: [{ id: "cp", evses: [{ id: "a", safeCurrentA: 6, maxCurrentA: 16 }] }],
      devices: [
        {
          id: "grid-meter",
          role: "meter",
          profile: "eastron-sdm630",
          connection: { tcp: { host: "127.0.0.1", port: 9 } },
        },
      ],
      tariff: { import: { kind: "fixed", eurPerKwh: 0.3 } },
      api: { host: "127.0.0.1", port: api },
      ocpp: { host: "127.0.0.1", port: ocpp },
      ledger: { directory: STATE },
    };
    writeFileSync(join(ROOT, "etc/wattledger/site.yaml"), JSON.stringify(site));
    expect(install(release("0.1.1"))).toMatchObject({ status: 0, said: expect.stringContaining("wattledger runs") });
  }, 120_000);
  afterAll(() => {
    stop();
    rmSync(directory, { recursive: true });
  });

  test("whose packages find no room leaves nothing of itself on the full card, and the site runs on", () => {
    const link = readFileSync(join(TOOLS, "npm"), "utf8");
    tool("npm", "#!/bin/sh\necho 'npm error nospc ENOSPC: no space left on device' >&2\nexit 228\n");
    const { status, said } = install(release("0.1.2"));
    tool("npm", link);
    expect({ status, said }).toEqual({ status: 228, said: expect.stringContaining("run it again when it is cured") });
    expect(readdirSync(dirname(PROGRAM))).toEqual(["wattledger"]);
    expect([versionIn(PROGRAM), isHealthy()]).toEqual(["0.1.1", true]);
  }, 120_000);

  test("whose release does not become healthy is taken back: the one before runs again, and reads what the new one wrote", () => {
    const { status, said } = install(release("0.2.0", [DIES, NEW_TYPE, NEW_FIELD]));
    expect(status).toBe(1);
    expect(said).toContain("the old one runs again, the new one is in");
    expect(isHealthy()).toBe(true);
    expect([versionIn(PROGRAM), versionIn(`${PROGRAM}.failed`)]).toEqual(["0.1.1", "0.2.0"]);
    stop();
    const { types, booted } = releasesInLedger();
    expect(types).toContain("moon-landed");
    expect(booted).toEqual(["0.1.1", "0.2.0", "0.1.1"]);
    start();
  }, 120_000);

  test("whose release wrote what the one before cannot read is taken back with the ledger of before, and that is said", () => {
    tool("stat", "#!/bin/sh\necho 2000000000\n");
    const { status, said } = install(release("0.3.0", [DIES, NEW_TYPE, NEW_VERSION, NEW_UPCASTER]));
    rmSync(join(TOOLS, "stat"));
    expect(status).toBe(1);
    // A ledger of 2 GB is read in two minutes more.
    expect(said).toContain("was not healthy within 215 s");
    expect(said).toContain("the old one runs again, on the ledger of before the upgrade");
    expect(isHealthy()).toBe(true);
    expect(versionIn(PROGRAM)).toBe("0.1.1");
    stop();
    expect(releasesInLedger().booted).toEqual(["0.1.1", "0.2.0", "0.1.1", "0.1.1", "0.1.1"]);
    expect(readdirSync(STATE).filter((name) => name.includes("before-restore"))).not.toEqual([]);
    expect(existsSync(join(STATE, "backups/probe.db"))).toBe(false);
    start();
  }, 120_000);
});
