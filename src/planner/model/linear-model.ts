/** A linear model that belongs to no solver: variables and rows in a fixed order, so that equal inputs solve equally. */

export interface LinearVariable {
  readonly name: string;
  readonly lower: number;
  /** Infinity where there is none. */
  readonly upper: number;
  readonly cost: number;
  readonly binary: boolean;
}

export interface LinearTerm {
  readonly variable: number;
  readonly coefficient: number;
}

/** So much of a variable. */
export const term = (variable: number, coefficient: number): LinearTerm => ({ variable, coefficient });

export interface LinearRow {
  readonly name: string;
  /** -Infinity or Infinity where there is none. */
  readonly lower: number;
  readonly upper: number;
  readonly terms: readonly LinearTerm[];
}

/** To be minimised. */
export interface LinearModel {
  readonly variables: readonly LinearVariable[];
  readonly rows: readonly LinearRow[];
}

/** Collects a model; `variable` returns the index to use in terms. */
export interface ModelBuilder {
  variable(name: string, bounds: { readonly lower?: number; readonly upper: number; readonly cost?: number }): number;
  binary(name: string, cost?: number): number;
  row(name: string, bounds: { readonly lower?: number; readonly upper?: number }, terms: readonly LinearTerm[]): void;
  model(): LinearModel;
}

/** An empty model. */
export function modelBuilder(): ModelBuilder {
  const variables: LinearVariable[] = [];
  const rows: LinearRow[] = [];
  return {
    variable(name, { lower = 0, upper, cost = 0 }) {
      return variables.push({ name, lower, upper: Math.max(lower, upper), cost, binary: false }) - 1;
    },
    binary(name, cost = 0) {
      return variables.push({ name, lower: 0, upper: 1, cost, binary: true }) - 1;
    },
    row(name, { lower = Number.NEGATIVE_INFINITY, upper = Number.POSITIVE_INFINITY }, terms) {
      rows.push({ name, lower, upper, terms });
    },
    model: () => ({ variables, rows }),
  };
}

/** The first number of a model that no solver may see (NaN anywhere, an infinite cost or coefficient), by name. */
export function firstUnsoundNumber(model: LinearModel): string | undefined {
  for (const variable of model.variables) {
    const sound = Number.isFinite(variable.lower) && !Number.isNaN(variable.upper) && Number.isFinite(variable.cost);
    if (!sound) return variable.name;
  }
  for (const row of model.rows) {
    if (Number.isNaN(row.lower) || Number.isNaN(row.upper)) return row.name;
    if (row.terms.some((term) => !Number.isFinite(term.coefficient))) return row.name;
  }
  return undefined;
}
