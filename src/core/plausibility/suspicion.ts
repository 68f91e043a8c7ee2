/**
 * A meter that has not shown any car yet, and shows less than the cars draw also by what they told since it did: hardly ever
 * one that went down after its report, but the beginning of what takes minutes to find out. A restart takes those
 * minutes anew, so what had begun is remembered over it.
 */

/**
 * So long after a restart it is as before: by then all charge points are back, what they tell is no longer old (120 s), and what
 * does not fit has been seen for as long as it takes (180 s).
 */
const CAUTIOUS_MS = 420_000;

export interface Suspicion {
  /** It is of before the restart: until then others are reckoned with their worst load. */
  readonly cautiousUntilMonoMs?: number;
}

/** What was suspected before the restart. */
export function suspectedBefore(monoMs: number): Suspicion {
  return { cautiousUntilMonoMs: monoMs + CAUTIOUS_MS };
}

/** Once it has begun it ends when the meter has shown a car. */
export function stillSuspected(
  before: Suspicion | undefined,
  { isShortAgain, hasShown }: { readonly isShortAgain: boolean; readonly hasShown: boolean },
): Suspicion | undefined {
  if (hasShown) return undefined;
  return before ?? (isShortAgain ? {} : undefined);
}

export function isCautious(suspicion: Suspicion | undefined, monoMs: number): boolean {
  return suspicion?.cautiousUntilMonoMs !== undefined && monoMs < suspicion.cautiousUntilMonoMs;
}
