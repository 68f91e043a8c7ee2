/**
 * A meter that has not shown any car yet and shows less than they draw, also by reports that came after that began. Such a meter
 * is hardly ever right, but it takes minutes to find out. A restart would take those minutes anew, so the suspicion is
 * remembered over it.
 */

/**
 * So long after a restart it is as before: by then all charge points are back, what they tell is no longer old (120 s), and what
 * does not fit has been seen for as long as it takes (180 s).
 */
const CAUTIOUS_MS = 420_000;

export interface Suspicion {
  /** Where it is from before the restart: so long others are reckoned with their worst load. */
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

/** Whether others are reckoned with their worst load because of it. */
export function isCautious(suspicion: Suspicion | undefined, monoMs: number): boolean {
  return suspicion?.cautiousUntilMonoMs !== undefined && monoMs < suspicion.cautiousUntilMonoMs;
}
