/** What comes in is checked against the schema of its route, by a check that is made when the route is first used. */
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";

interface Check {
  (value: unknown): boolean;
  errors?: readonly ErrorObject[] | null;
}

/**
 * For Fastify, which would make the checks of all routes at the start: each takes time and memory for as long as the
 * controller runs, and most sites use few of them. Texts of queries become numbers where the schema says so.
 */
export function buildChecks(): (route: { readonly schema: object }) => Check {
  const ajv = new Ajv({ coerceTypes: true, useDefaults: true, strict: false });
  return ({ schema }) => {
    let made: ValidateFunction | undefined;
    const check: Check = (value) => {
      made ??= ajv.compile(schema);
      const fits = made(value);
      check.errors = made.errors ?? null;
      return fits;
    };
    return check;
  };
}
