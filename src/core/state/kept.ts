/** Adds an entry as the youngest of a record; the oldest ones of too many go. */
export function kept<T>(record: Readonly<Record<string, T>>, key: string, entry: T, most: number): Record<string, T> {
  const { [key]: _, ...others } = record;
  const rest: Record<string, T> = others;
  const names = Object.keys(rest);
  for (const name of names.slice(0, Math.max(0, names.length + 1 - most))) delete rest[name];
  return { ...rest, [key]: entry };
}
