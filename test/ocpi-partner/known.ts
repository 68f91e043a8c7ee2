/** Deviations of the controller that are reported and not cured yet: none may stay. */
import { type TestContext, test } from "vitest";
import type { Platform } from "./platform.ts";

const KNOWN: readonly RegExp[] = [];

/** A test that does not hold yet: skipped until it does. */
export function uncured(name: string, run: () => unknown): void {
  test(name, async (context: TestContext) => {
    const reason = await Promise.resolve()
      .then(run)
      .then(
        () => undefined,
        (error: Error) => error.message,
      );
    if (reason !== undefined) context.skip(`not cured yet: ${reason}`);
  });
}

/** What the controller did against the specification, without what is known. */
export function faultsOf(platform: Platform): string[] {
  return platform.faults.filter((fault) => !KNOWN.some((known) => known.test(fault)));
}
