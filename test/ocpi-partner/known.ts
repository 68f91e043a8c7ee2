/** Deviations of the controller that are reported and not cured yet: none may stay. */
import type { Platform } from "./platform.ts";

const KNOWN: readonly RegExp[] = [];

/** What the controller did against the specification, without what is known. */
export function faultsOf(platform: Platform): string[] {
  return platform.faults.filter((fault) => !KNOWN.some((known) => known.test(fault)));
}
