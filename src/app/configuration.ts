/** Reads site.yaml: parsed once, checked by schema and sense, every problem with file, line and what to do. */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { Ajv, type ErrorObject } from "ajv";
import { Value } from "typebox/value";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import { checkSite } from "../core/check.ts";
import { type SiteConfiguration, SiteConfigurationSchema } from "../core/site.ts";

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
    }
  | { readonly ok: false; readonly problems: readonly ConfigurationProblem[] };

type Path = readonly (string | number)[];
type Located = Omit<ConfigurationProblem, "file" | "line" | "column" | "path"> & { readonly path: Path };

const LARGEST_BYTES = 1_000_000;
const MOST_ALIASES = 100;

const ajv = new Ajv({ allErrors: true, strict: false, verbose: true });
const validate = ajv.compile(SiteConfigurationSchema);

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}

function didYouMean(word: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, distance: editDistance(word.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near && near.distance <= 3 ? `Did you mean "${near.name}"?` : `Known here: ${known.join(", ")}`;
}

function pathOf(pointer: string): Path {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.replaceAll("~1", "/").replaceAll("~0", "~")));
}

function schemaProblem(error: ErrorObject): Located {
  const path = pathOf(error.instancePath);
  const { params, parentSchema } = error;
  const description = (parentSchema as { description?: string } | undefined)?.description;
  switch (error.keyword) {
    case "additionalProperties": {
      const name = String(params.additionalProperty);
      const known = Object.keys((parentSchema as { properties?: object }).properties ?? {});
      return {
        severity: "error",
        path: [...path, name],
        message: `"${name}" is not known here`,
        advice: didYouMean(name, known),
      };
    }
    case "required": {
      const name = String(params.missingProperty);
      const property = (parentSchema as { properties?: Record<string, { description?: string }> }).properties?.[name];
      return { severity: "error", path, message: `"${name}" is missing`, advice: property?.description ?? "Add it" };
    }
    case "const":
    case "enum":
      return {
        severity: "error",
        path,
        message: `is none of the allowed values`,
        advice: `Allowed: ${String(params.allowedValue ?? params.allowedValues)}`,
      };
    default:
      return {
        severity: "error",
        path,
        message: error.message ?? "is not allowed",
        advice: description ?? "Correct the value",
      };
  }
}

/** Errors inside a choice, by the alternative that they belong to. */
function alternatives(union: ErrorObject, errors: readonly ErrorObject[]): ErrorObject[][] {
  const groups = new Map<string, ErrorObject[]>();
  for (const error of errors) {
    if (error === union || !error.schemaPath.startsWith(`${union.schemaPath}/`)) continue;
    const index = error.schemaPath.slice(union.schemaPath.length + 1).split("/")[0]!;
    groups.set(index, [...(groups.get(index) ?? []), error]);
  }
  return [...groups.values()];
}

/** A choice that fits none of its alternatives: what is wrong with the one that was meant. */
function choiceProblems(union: ErrorObject, errors: readonly ErrorObject[]): Located[] {
  const groups = alternatives(union, errors);
  const allowed = groups
    .flat()
    .filter((error) => error.keyword === "const")
    .map((error) => String(error.params.allowedValue));
  const named = groups.filter((group) => !group.some((error) => error.keyword === "const"));
  const meant = named.sort((a, b) => a.length - b.length)[0];
  if (meant) return meant.filter((error) => error.keyword !== "anyOf").map(schemaProblem);
  return [
    {
      severity: "error",
      path: pathOf(union.instancePath),
      message: "is none of the allowed values",
      advice: `Allowed: ${[...new Set(allowed)].join(", ")}`,
    },
  ];
}

function schemaProblems(errors: readonly ErrorObject[]): Located[] {
  const unions = errors.filter((error) => error.keyword === "anyOf");
  const inside = (error: ErrorObject) =>
    unions.some((union) => error !== union && error.schemaPath.startsWith(`${union.schemaPath}/`));
  return errors
    .filter((error) => !inside(error))
    .flatMap((error) => (error.keyword === "anyOf" ? choiceProblems(error, errors) : [schemaProblem(error)]));
}

function locate(problem: Located, document: Document, lines: LineCounter, file: string): ConfigurationProblem {
  let node: unknown;
  for (let length = problem.path.length; length >= 0 && !isNode(node); length--)
    node = document.getIn(problem.path.slice(0, length), true);
  const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  const { line, col } = lines.linePos(offset);
  return { ...problem, file, line: Math.max(1, line), column: Math.max(1, col), path: problem.path.join(".") };
}

function single(file: string, message: string, advice: string, line = 1): ConfigurationResult {
  return { ok: false, problems: [{ severity: "error", file, line, column: 1, path: "", message, advice }] };
}

/** Parses and checks the text of a configuration; `file` is only for messages. */
export function parseConfiguration(text: string, file: string): ConfigurationResult {
  if (text.length > LARGEST_BYTES)
    return single(file, "is larger than 1 MB", "A site needs some kilobytes; check that this is the right file");
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [syntax] = document.errors;
  if (syntax)
    return single(
      file,
      `is not YAML: ${syntax.message.split("\n")[0]}`,
      "Check indentation and colons there",
      lines.linePos(syntax.pos[0]).line,
    );
  // Ajv fills in no defaults inside of choices, TypeBox does.
  const value: unknown = Value.Default(SiteConfigurationSchema, document.toJS({ maxAliasCount: MOST_ALIASES }) ?? {});
  if (!validate(value)) {
    return {
      ok: false,
      problems: schemaProblems(validate.errors ?? []).map((problem) => locate(problem, document, lines, file)),
    };
  }
  const configuration = value as SiteConfiguration;
  const problems = checkSite(configuration).map((problem) => locate(problem, document, lines, file));
  if (problems.some((problem) => problem.severity === "error")) return { ok: false, problems };
  return {
    ok: true,
    configuration,
    problems,
    hash: createHash("sha256").update(JSON.stringify(configuration)).digest("hex").slice(0, 16),
  };
}

/** Reads and checks a file. */
export function readConfiguration(file: string): ConfigurationResult {
  try {
    if (statSync(file).size > LARGEST_BYTES) return parseConfiguration(" ".repeat(LARGEST_BYTES + 1), file);
    return parseConfiguration(readFileSync(file, "utf8"), file);
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
