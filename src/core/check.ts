/** What is wrong with a configuration that its schema cannot see. Pure; the reader adds file and line. */

import { fallbackProblems } from "./check/fallback-sum.ts";
import type { Problem } from "./check/problem.ts";
import { referenceProblems } from "./check/references.ts";
import { unbalanceProblems } from "./check/unbalance.ts";
import { valueProblems } from "./check/values.ts";
import type { SiteConfiguration } from "./site.ts";

export type { Problem } from "./check/problem.ts";

/** All problems; an empty list is a site that may be driven. Sums are only done where the references hold. */
export function checkSite(configuration: SiteConfiguration): readonly Problem[] {
  const references = referenceProblems(configuration);
  const broken = references.some((problem) => problem.severity === "error");
  const sums = broken ? [] : [...fallbackProblems(configuration), ...unbalanceProblems(configuration)];
  return [...references, ...valueProblems(configuration), ...sums];
}
