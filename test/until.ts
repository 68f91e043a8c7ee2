/** Asks again and again until there is an answer. Throws where it does not come in time. */
export async function until<T>(
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  patienceMs = 120_000,
): Promise<T> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const answer = await Promise.resolve()
      .then(ask)
      .catch(() => undefined);
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > endMs) throw new Error("it did not come true in time");
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
