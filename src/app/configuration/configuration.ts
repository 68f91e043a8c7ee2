/** Reads site.yaml: parsed once, checked by schema and sense, every problem with file, line and what to do. */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import { checkSite, type Problem } from "../../core/check/check.ts";
import type { TSchema } from "../../core/schema.ts";
import { type SiteConfiguration, SiteConfigurationSchema } from "../../core/site/site.ts";
import { forecastProblems } from "../forecasts/forecast-check.ts";
import { fileProblems } from "./configuration-files.ts";
import { withDefaults } from "./defaults.ts";
import { useMachineZone } from "./machine-zone.ts";
import { quirkProblems } from "./quirk-check.ts";
import { schemaProblems } from "./schema-problems.ts";

export interface ConfigurationProblem {
  readonly severity: "error" | "warning";
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
  readonly advice: string;
}

export type ConfigurationResult =
  | {
      readonly ok: true;
      readonly configuration: SiteConfiguration;
      readonly hash: string;
      readonly problems: readonly ConfigurationProblem[];
      /** Where a path of the document stands; that of the nearest part above where it is not written. */
      readonly place: (path: Path) => Place;
    }
  | { readonly ok: false; readonly problems: readonly ConfigurationProblem[] };

type Path = Problem["path"];
/** Both begin at 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

const LARGEST_BYTES = 1_000_000;
const MOST_ALIASES = 100;
const MOST_PROBLEMS = 100;

let lastValidator: WeakRef<ValidateFunction> | undefined;

/** Some megabytes for what runs once: it may be forgotten. */
function validator(): ValidateFunction {
  const known = lastValidator?.deref();
  if (known) return known;
  const compiled = new Ajv({ allErrors: true, strict: true, verbose: true }).compile(SiteConfigurationSchema);
  lastValidator = new WeakRef(compiled);
  return compiled;
}

const SYNTAX_ADVICE: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "Write spaces instead of the tab",
  DUPLICATE_KEY: "The key stands there a second time: take one of the two away",
};

function single(file: string, message: string, advice: string): ConfigurationResult {
  return { ok: false, problems: [{ severity: "error", file, line: 1, column: 1, path: "", message, advice }] };
}

/** A parsed document that can say where its parts stand. */
export class Source {
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(text: string, file: string) {
    this.#file = file;
    this.#document = parseDocument(text, { lineCounter: this.#lines });
  }

  readonly place = (path: Path): Place => {
    let node: unknown;
    for (let length = path.length; length >= 0 && !isNode(node); length--)
      node = this.#document.getIn(path.slice(0, length), true);
    return this.#at(isNode(node) ? (node.range?.[0] ?? 0) : 0);
  };

  #at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  located(problems: readonly Problem[]): ConfigurationProblem[] {
    const [errors, warnings] = [true, false].map((isError) =>
      problems.filter(({ severity }) => (severity === "error") === isError),
    );
    const found = [...errors!, ...warnings!].slice(0, MOST_PROBLEMS).map((problem) => ({
      ...problem,
      ...this.place(problem.path),
      file: this.#file,
      path: problem.path.join("."),
    }));
    const left = problems.length - found.length;
    if (left <= 0) return found;
    const message = `has ${left} problems more`;
    const severity = errors!.length > MOST_PROBLEMS ? "error" : "warning";
    return [
      ...found,
      { severity, file: this.#file, line: 1, column: 1, path: "", message, advice: "Correct these first" },
    ];
  }

  /** The first: the others mostly follow from it. */
  syntaxProblems(): ConfigurationProblem[] {
    return this.#document.errors.slice(0, 1).map(({ code, message, pos }) => ({
      severity: "error",
      file: this.#file,
      ...this.#at(pos[0]),
      path: "",
      message: `is not YAML: ${message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "")}`,
      advice: SYNTAX_ADVICE[code] ?? "Check indentation and colons there, and in the line before",
    }));
  }

  /** The document with defaults filled in. Throws on references that go round or multiply without end. */
  value(schema: TSchema = SiteConfigurationSchema): unknown {
    return withDefaults(schema, this.#document.toJS({ maxAliasCount: MOST_ALIASES }) ?? {});
  }
}

function checkValue(source: Source, value: unknown): ConfigurationResult {
  const validate = validator();
  if (!validate(value)) return { ok: false, problems: source.located(schemaProblems(validate.errors ?? [])) };
  const configuration = value as SiteConfiguration;
  useMachineZone(configuration.site.timeZone);
  const problems = source.located(checkSite(configuration));
  if (problems.some((problem) => problem.severity === "error")) return { ok: false, problems };
  const hash = createHash("sha256").update(JSON.stringify(configuration)).digest("hex").slice(0, 16);
  return { ok: true, configuration, problems, hash, place: source.place };
}

/** Parses and checks the text of a configuration; `file` is only for messages. Never throws. */
export function parseConfiguration(text: string, file: string): ConfigurationResult {
  if (text.length > LARGEST_BYTES)
    return single(file, "is larger than 1 MB", "A site needs some kilobytes; check that this is the right file");
  try {
    const source = new Source(text, file);
    const syntax = source.syntaxProblems();
    if (syntax.length > 0) return { ok: false, problems: syntax };
    return checkValue(source, source.value());
  } catch (error) {
    // Anchors that go round, aliases that multiply, thousands of nested brackets: nobody writes a site like that.
    const reason = error instanceof Error ? error.message.slice(0, 200) : String(error);
    return single(file, `cannot be understood: ${reason}`, "Write it without anchors (&) and aliases (*)");
  }
}

/** Problems found after the check of the document, with their places. */
function withProblems(
  result: ConfigurationResult,
  file: string,
  find: (configuration: SiteConfiguration) => readonly Problem[],
): ConfigurationResult {
  if (!result.ok) return result;
  const found = find(result.configuration).map((problem) => ({
    ...problem,
    ...result.place(problem.path),
    file,
    path: problem.path.join("."),
  }));
  const problems = [...result.problems, ...found];
  return found.some((problem) => problem.severity === "error") ? { ok: false, problems } : { ...result, problems };
}

/** Reads and checks a file, and that the files which it names are there. */
export function readConfiguration(file: string): ConfigurationResult {
  try {
    if (statSync(file).size > LARGEST_BYTES) return parseConfiguration(" ".repeat(LARGEST_BYTES + 1), file);
    const text = readFileSync(file, "utf8");
    if (text.includes("\0"))
      return single(
        file,
        "is not text in UTF-8",
        "Save it again with the encoding UTF-8; Windows Notepad asks for it at Save as",
      );
    const result = parseConfiguration(text, file);
    return withProblems(result, file, (configuration) => [
      ...quirkProblems(configuration),
      ...forecastProblems(configuration),
      ...fileProblems(configuration, dirname(resolve(file))),
    ]);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return single(file, "does not exist", "Start from config/home.yaml or config/building.yaml");
    return single(file, `cannot be read (${code ?? String(error)})`, "Check the permissions of the file");
  }
}

/** One line a problem, as compilers write them, and what to do below it. */
export function problemText(problem: ConfigurationProblem): string {
  const where = `${problem.file}:${problem.line}:${problem.column}`;
  const path = problem.path === "" ? "" : `${problem.path}: `;
  return `${where} ${problem.severity}: ${path}${problem.message}\n    ${problem.advice}`;
}
