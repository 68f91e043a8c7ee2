/** A linear model as text, for other solvers. */
import type { LinearModel, LinearRow, LinearTerm } from "../../src/planner/model/linear-model.ts";

function termsText(terms: readonly LinearTerm[], model: LinearModel): string {
  return terms
    .map(({ coefficient, variable }) => {
      const sign = coefficient < 0 ? "-" : "+";
      return ` ${sign} ${Math.abs(coefficient)} ${model.variables[variable]?.name}`;
    })
    .join("\n");
}

function rowText(row: LinearRow, model: LinearModel): string {
  const left = termsText(row.terms, model);
  if (row.lower === row.upper) return ` ${row.name}: ${left} = ${row.lower}`;
  const texts: string[] = [];
  if (Number.isFinite(row.upper)) texts.push(` ${row.name}: ${left} <= ${row.upper}`);
  if (Number.isFinite(row.lower)) texts.push(` ${row.name}_low: ${left} >= ${row.lower}`);
  return texts.join("\n");
}

/** The model as CPLEX LP text. */
export function lpText(model: LinearModel): string {
  const cost = model.variables.map((variable, index) => ({ variable: index, coefficient: variable.cost }));
  const bounds = model.variables.filter((variable) => !variable.binary);
  const upper = (value: number) => (Number.isFinite(value) ? `${value}` : "+inf");
  const binaries = model.variables.filter((variable) => variable.binary).map((variable) => ` ${variable.name}`);
  return [
    "Minimize",
    ` cost: ${termsText(cost, model)}`,
    "Subject To",
    ...model.rows.map((row) => rowText(row, model)),
    "Bounds",
    ...bounds.map((variable) => ` ${variable.lower} <= ${variable.name} <= ${upper(variable.upper)}`),
    ...(binaries.length > 0 ? ["Binary", ...binaries] : []),
    "End",
    "",
  ].join("\n");
}
