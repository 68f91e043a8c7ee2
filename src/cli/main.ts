/** The command line: finds the command, runs it, answers with its exit code. One file a command. */
import { exitCodeOf, refusalKind } from "./refusal.ts";

interface Command {
  readonly summary: string;
  load(): Promise<(args: string[]) => Promise<number>>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  start: {
    summary: "run ./site.yaml, or a simulated site when there is none",
    load: async () => (await import("./start.ts")).start,
  },
  run: {
    summary: "drive a real site: run --config site.yaml",
    load: async () => (await import("./run.ts")).run,
  },
  check: {
    summary: "say what is wrong with a configuration, without touching a device: check site.yaml",
    load: async () => (await import("./check.ts")).check,
  },
  doctor: {
    summary: "look at everything a site needs on its gateway, and say what to do: doctor [--config site.yaml]",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  simulate: {
    summary: "run a scenario in virtual time and compare: simulate [--days N]",
    load: async () => (await import("./simulate.ts")).simulate,
  },
  explain: {
    summary: "say why the running plan gives each EVSE what it gives: explain [EVSE]",
    load: async () => (await import("./explain.ts")).explain,
  },
  devices: {
    summary: "list the meters, inverters and batteries that are known",
    load: async () => (await import("./devices.ts")).devices,
  },
  read: {
    summary: "read a device once",
    load: async () => (await import("./read.ts")).read,
  },
  discover: {
    summary: "look for meters and inverters, only reading",
    load: async () => (await import("./discover.ts")).discover,
  },
  replay: {
    summary: "fold a ledger again and compare with its snapshot: replay --ledger DIRECTORY",
    load: async () => (await import("./replay.ts")).replay,
  },
  export: {
    summary: "write events, sessions or telemetry as JSONL or CSV",
    load: async () => (await import("./export.ts")).exportCommand,
  },
  backup: {
    summary: "copy the ledger while it runs, and verify the copy",
    load: async () => (await import("./backup.ts")).backup,
  },
  restore: {
    summary: "put a verified backup in the place of a ledger",
    load: async () => (await import("./restore.ts")).restore,
  },
  ocpi: {
    summary: "partners in the market: ocpi status|parties|token|register|update|send|unregister|openapi",
    load: async () => (await import("./ocpi.ts")).ocpi,
  },
  "driver-links": {
    summary: "print a link and a QR code for each EVSE, by which drivers say when they leave",
    load: async () => (await import("./driver-links.ts")).driverLinksCommand,
  },
  "hash-password": {
    summary: "make the hash of a password or token for site.yaml",
    load: async () => (await import("./hash-password.ts")).hashPasswordCommand,
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
  if (args.includes("--help") || args.includes("-h")) {
    console.log(usage());
    return 0;
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
    return await (await command.load())(args);
  } catch (error) {
    if (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")) {
      console.error(`${error.message}\n\n${usage()}`);
      return 2;
    }
    const refusal = refusalOf(error);
    if (refusal === undefined) console.error(`wattledger ${name} failed unexpectedly; please report this.`, error);
    else console.error(`wattledger ${name}: ${refusal}`);
    return exitCodeOf(error);
  }
}
