import { readdirSync, readFileSync } from "node:fs";
import { join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const SOURCE = fileURLToPath(new URL("../src", import.meta.url));

/** What each room may import from; shells know the core and nobody beside them. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: ["core"],
  planner: ["planner", "core"],
  ledger: ["ledger", "core"],
  ocpp: ["ocpp", "core"],
  modbus: ["modbus", "core"],
  mqtt: ["mqtt", "core"],
  ocpi: ["ocpi", "core"],
  api: ["api", "core"],
  web: ["web", "core"],
  solver: ["solver", "planner", "core"],
  sim: ["sim", "core"],
  app: ["app", "core", "planner", "ledger", "ocpp", "modbus", "mqtt", "ocpi", "api", "web", "solver", "sim"],
  study: ["study", "app", "core", "planner", "solver", "sim"],
  cli: ["cli", "study", "app", "core", "ledger", "modbus", "sim"],
};
/** Of the core, the simulated site shares quantities and slots; more only as types. */
const SHARED_WITH_SIM = ["core/quantity.ts", "core/time/slots.ts"];
const PURE_ROOMS = ["core", "planner"];
const IMPURE = [
  /\bfrom "node:/,
  /\bimport "/,
  /\bimport\(/,
  /\bDate\.now\b/,
  /\bnew Date\b/,
  /\bMath\.random\b/,
  /\bset(Timeout|Interval|Immediate)\b/,
  /\basync\b/,
  /\bawait\b/,
  /\bprocess\./,
  /\bperformance\./,
  /\bcrypto\./,
  /\bqueueMicrotask\b/,
  /\bfetch\(/,
];
const MOST_LINES = 400;

interface Source {
  /** Relative to src. */
  readonly path: string;
  readonly text: string;
}

function sources(directory = SOURCE): Source[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return sources(path);
    const isCode = /\.tsx?$/.test(entry.name) && !/\.test(-kit)?\.ts$/.test(entry.name);
    return isCode ? [{ path: relative(SOURCE, path), text: readFileSync(path, "utf8") }] : [];
  });
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
  /** When the line is reached, not with the file. */
  readonly late: boolean;
}

function importsOf({ path, text }: Source): Import[] {
  const code = withoutComments(text);
  const target = (to: string) => normalize(join(path, "..", to));
  const fixed = [...code.matchAll(/\b(import|export)\s+(type\s+)?[^;]*?from\s+"(\.[^"]+)"/g)];
  const others = [...code.matchAll(/\bimport\s*\(?\s*"(\.[^"]+)"/g)];
  return [
    ...fixed.map((match) => ({ target: target(match[3]!), typeOnly: match[2] !== undefined, late: false })),
    ...others.map((match) => ({ target: target(match[1]!), typeOnly: false, late: match[0].includes("(") })),
  ];
}

/** Everything that breaks the rule of the house, as lines for people. */
function violations(files: readonly Source[]): string[] {
  return files.flatMap((file) => {
    const room = file.path.split("/")[0]!;
    const allowed = MAY_IMPORT[room] ?? [];
    const imports = importsOf(file).flatMap(({ target, typeOnly }) => {
      const other = target.split("/")[0]!;
      if (!allowed.includes(other)) return [`${file.path} imports ${target}: ${room} does not know ${other}`];
      const tooMuch = room === "sim" && other === "core" && !typeOnly && !SHARED_WITH_SIM.includes(target);
      return tooMuch ? [`${file.path} imports ${target}: of the core, sim shares quantities and slots only`] : [];
    });
    const code = withoutComments(file.text);
    const impure = PURE_ROOMS.includes(room)
      ? IMPURE.filter((pattern) => pattern.test(code)).map((pattern) => `${file.path} has ${pattern}: ${room} is pure`)
      : [];
    return [...imports, ...impure];
  });
}

/** Every file that is loaded with one, itself included. */
function loadedWith(path: string, files: readonly Source[]): ReadonlySet<string> {
  const loaded = new Set([path]);
  for (const current of loaded) {
    const file = files.find((candidate) => candidate.path === current);
    for (const { target, typeOnly, late } of file ? importsOf(file) : []) if (!typeOnly && !late) loaded.add(target);
  }
  return loaded;
}

describe("the house", () => {
  const files = sources();

  test("imports point down only, and core and planner are pure", () => {
    expect(violations(files)).toEqual([]);
  });

  test("TypeBox is a library of types: its builders would cost 9 MB of a Pi's memory", () => {
    const users = files.filter(({ text }) => /from "typebox/.test(text)).map(({ path }) => path);
    expect(users).toEqual(["core/schema.ts"]);
  });

  test("the guard's first tick does not wait for page, API and partners to be loaded", () => {
    const loaded = [...loadedWith("cli/run.ts", files)];
    expect(loaded).toContain("core/control/guard/guard.ts");
    expect(loaded.filter((path) => /^(api|web|ocpi|mqtt|sim|study)\//.test(path))).toEqual([]);
  });

  test("no file holds more than a few screens", () => {
    const long = files.filter((file) => file.text.split("\n").length > MOST_LINES).map((file) => file.path);
    expect(long).toEqual([]);
  });

  test("the rule notices a shell that imports another, and a core that reads the clock", () => {
    const wrong = [
      { path: "ocpp/a.ts", text: 'import { b } from "../modbus/b.ts";' },
      { path: "api/e.ts", text: 'const late = await import("../ledger/open.ts");' },
      { path: "core/c.ts", text: "export const now = () => Date.now();" },
      { path: "sim/d.ts", text: 'import { evolve } from "../core/state.ts";' },
    ];
    expect(violations(wrong)).toHaveLength(4);
  });
});
