/** What is wrong with a configuration that its schema cannot see. Pure; the reader adds file and line. */

import type { SiteConfiguration } from "../site/site.ts";
import { batteryLoadProblems } from "./battery-load.ts";
import { fallbackProblems } from "./fallback-sum.ts";
import type { Problem } from "./problem.ts";
import { referenceProblems } from "./references.ts";
import { unbalanceProblems } from "./unbalance.ts";
import { valueProblems } from "./values.ts";

export type { Problem } from "./problem.ts";

/** All problems; an empty list is a site that may be driven. Sums are only done where the references hold. */
export function checkSite(configuration: SiteConfiguration): readonly Problem[] {
  const references = referenceProblems(configuration);
  const broken = references.some((problem) => problem.severity === "error");
  const sums = broken
    ? []
    : [...fallbackProblems(configuration), ...batteryLoadProblems(configuration), ...unbalanceProblems(configuration)];
  return [...references, ...valueProblems(configuration), ...sums];
}
