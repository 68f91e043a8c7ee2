/** Ajv's errors as problems for people: what is wrong with the alternative that was meant, and what to write instead. */
import type { ErrorObject } from "ajv";
import type { Problem } from "../../core/check/check.ts";
import { didYouMean } from "./did-you-mean.ts";

type Path = Problem["path"];

function pathOf(pointer: string): Path {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.replaceAll("~1", "/").replaceAll("~0", "~")));
}

/** YAML guesses types: a name of digits is a number, and yes is a word. */
function typeAdvice({ params, data, parentSchema }: ErrorObject): string {
  const description = (parentSchema as { description?: string } | undefined)?.description;
  if (params.type === "string" && typeof data === "number") return `Put it in quotes: "${data}"`;
  if (params.type === "boolean") return "Write true or false";
  return description ?? "Look at its description in the schema, or in docs/installer.md";
}

/** What a pattern asks for, where that can be said in words; else its key's description tells how to write it. */
const WRITTEN: Readonly<Record<string, string>> = {
  "^https?://": "has to begin with http:// or https://",
  "^scrypt\\$": "is no hash",
  "^[A-Z]{2}$": "has to be two capital letters",
  "^[A-Z]{3}$": "has to be three capital letters",
};

const TYPES: Readonly<Record<string, string>> = {
  number: "a number",
  integer: "a whole number",
  string: "text",
  boolean: "true or false",
  array: "a list",
  object: "a group of keys",
};

/** The value itself is not repeated: it may be a secret in the wrong place. */
function messageOf({ keyword, params, message = "is not allowed" }: ErrorObject): string {
  switch (keyword) {
    case "type":
      return `has to be ${TYPES[params.type] ?? params.type}`;
    case "pattern":
      return WRITTEN[params.pattern] ?? "is not written as it has to be";
    case "uniqueItems":
      return "names the same twice";
    case "minimum":
      return `has to be at least ${params.limit}`;
    case "maximum":
      return `has to be at most ${params.limit}`;
    case "exclusiveMinimum":
      return `has to be above ${params.limit}`;
    default:
      return message;
  }
}

function schemaProblem(error: ErrorObject): Problem {
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
        message: `"${name.slice(0, 80)}" is not known here`,
        advice: description === undefined ? didYouMean(name, known) : `${didYouMean(name, known)}. ${description}`,
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
    case "type":
      return { severity: "error", path, message: messageOf(error), advice: typeAdvice(error) };
    default:
      return {
        severity: "error",
        path,
        message: messageOf(error),
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
function choiceProblems(union: ErrorObject, errors: readonly ErrorObject[]): Problem[] {
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

/** One problem for each mistake, with its path in the document. */
export function schemaProblems(errors: readonly ErrorObject[]): Problem[] {
  const unions = errors.filter((error) => error.keyword === "anyOf");
  const inside = (error: ErrorObject) =>
    unions.some((union) => error !== union && error.schemaPath.startsWith(`${union.schemaPath}/`));
  return errors
    .filter((error) => !inside(error))
    .flatMap((error) => (error.keyword === "anyOf" ? choiceProblems(error, errors) : [schemaProblem(error)]));
}
