/** The command line: finds the command, runs it, answers with its exit code. One file a command. */
import { exitCodeOf, refusalKind } from "./refusal.ts";

interface Command {
  readonly summary: string;
  load(): Promise<{ run(args: string[]): Promise<number>; readonly usage: string }>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  start: {
    summary: "run ./site.yaml, or a simulated site when there is none",
    load: () => import("./start.ts").then(({ start, USAGE }) => ({ run: start, usage: USAGE })),
  },
  run: {
    summary: "drive a real site: run --config site.yaml",
    load: () => import("./run.ts").then(({ run, USAGE }) => ({ run: run, usage: USAGE })),
  },
  check: {
    summary: "say what is wrong with a configuration, without touching a device: check site.yaml",
    load: () => import("./check.ts").then(({ check, USAGE }) => ({ run: check, usage: USAGE })),
  },
  doctor: {
    summary: "look at everything a site needs on its gateway, and say what to do: doctor [--config site.yaml]",
    load: () => import("./doctor.ts").then(({ doctor, USAGE }) => ({ run: doctor, usage: USAGE })),
  },
  simulate: {
    summary: "run a scenario in virtual time and compare: simulate [--days N]",
    load: () => import("./simulate.ts").then(({ simulate, USAGE }) => ({ run: simulate, usage: USAGE })),
  },
  explain: {
    summary: "say why the running plan gives each EVSE and battery what it gives: explain [EVSE|BATTERY]",
    load: () => import("./explain.ts").then(({ explain, USAGE }) => ({ run: explain, usage: USAGE })),
  },
  devices: {
    summary: "list the meters, inverters and batteries that are known",
    load: () => import("./devices.ts").then(({ devices, USAGE }) => ({ run: devices, usage: USAGE })),
  },
  read: {
    summary: "read a device once",
    load: () => import("./read.ts").then(({ read, USAGE }) => ({ run: read, usage: USAGE })),
  },
  discover: {
    summary: "look for meters and inverters, only reading",
    load: () => import("./discover.ts").then(({ discover, USAGE }) => ({ run: discover, usage: USAGE })),
  },
  replay: {
    summary: "fold a ledger again and compare with its snapshot: replay --ledger DIRECTORY",
    load: () => import("./replay.ts").then(({ replay, USAGE }) => ({ run: replay, usage: USAGE })),
  },
  export: {
    summary: "write events, sessions, telemetry or savings as JSONL or CSV",
    load: () => import("./export.ts").then(({ exportCommand, USAGE }) => ({ run: exportCommand, usage: USAGE })),
  },
  backup: {
    summary: "copy the ledger while it runs, and verify the copy",
    load: () => import("./backup.ts").then(({ backup, USAGE }) => ({ run: backup, usage: USAGE })),
  },
  restore: {
    summary: "put a verified backup in the place of a ledger",
    load: () => import("./restore.ts").then(({ restore, USAGE }) => ({ run: restore, usage: USAGE })),
  },
  ocpi: {
    summary: "partners in the market: ocpi status|parties|token|register|update|send|unregister|openapi",
    load: () => import("./ocpi.ts").then(({ ocpi, USAGE }) => ({ run: ocpi, usage: USAGE })),
  },
  "driver-links": {
    summary: "print a link and a QR code for each EVSE, by which drivers say when they leave",
    load: () =>
      import("./driver-links.ts").then(({ driverLinksCommand, USAGE }) => ({ run: driverLinksCommand, usage: USAGE })),
  },
  compile: {
    summary: "compile the program ahead: the next start is quicker and takes less memory",
    load: () => import("./compile.ts").then(({ compile, USAGE }) => ({ run: compile, usage: USAGE })),
  },
  "hash-password": {
    summary: "make the hash of a password or token for site.yaml",
    load: () =>
      import("./hash-password.ts").then(({ hashPasswordCommand, USAGE }) => ({
        run: hashPasswordCommand,
        usage: USAGE,
      })),
  },
};

/** The help text: one line a command. */
export function usage(): string {
  const lines = Object.entries(COMMANDS).map(([name, command]) => `  ${name.padEnd(14)} ${command.summary}`);
  return [
    "wattledger <command> [options]",
    "",
    ...lines,
    "",
    "wattledger <command> --help says what a command takes.",
    "Exit codes: 0 ok, 1 fault, 2 usage, 3 degraded, 4 the ledger is of a newer release.",
    "",
  ].join("\n");
}

/** Ledgers refuse these of themselves: a person has to do something, nothing is to be reported. */
const REFUSALS: readonly string[] = [
  "in-use",
  "newer-release",
  "damaged",
  "not-a-ledger",
  "disk-full",
  "disk-read-only",
];

/** What a ledger that could not be opened says to a person; undefined for a defect. */
function refusalOf(error: unknown): string | undefined {
  return REFUSALS.includes(refusalKind(error) ?? "") ? (error as Error).message : undefined;
}

/** Runs one command. Resolves with the exit code; a defect is printed with its stack and is 1. */
export async function main(argv: string[]): Promise<number> {
  const [name = "", ...args] = argv;
  if (name === "" || name === "help" || name === "--help" || name === "-h") {
    console.log(usage());
    return name === "" ? 2 : 0;
  }
  if (name === "version" || name === "--version") {
    const { release } = await import("../app/release.ts");
    console.log(release());
    return 0;
  }
  const command = COMMANDS[name];
  if (!command) {
    console.error(`There is no command "${name}".\n\n${usage()}`);
    return 2;
  }
  try {
    const { run, usage: ownUsage } = await command.load();
    if (!args.includes("--help") && !args.includes("-h")) return await run(args);
    console.log(ownUsage);
    return 0;
  } catch (error) {
    if (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")) {
      console.error(`${error.message}\n\n${(await command.load()).usage}`);
      return 2;
    }
    const refusal = refusalOf(error);
    if (refusal === undefined) console.error(`wattledger ${name} failed unexpectedly; please report this.`, error);
    else console.error(`wattledger ${name}: ${refusal}`);
    return exitCodeOf(error);
  }
}
