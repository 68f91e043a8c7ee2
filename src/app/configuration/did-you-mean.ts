/** Changes of a letter that make one word of the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}

const FAREST = 3;
/** Fewer letters begin many words. */
const LEAST_BEGIN = 3;
const LONGEST_WORD = 60;

/** Advice for a word that is none of the known ones: the nearest of them, or all. */
export function didYouMean(word: string, known: readonly string[]): string {
  const asked = word.slice(0, LONGEST_WORD).toLowerCase();
  const begun = known.filter((name) => asked.length >= LEAST_BEGIN && name.toLowerCase().startsWith(asked));
  // Of a short word so many changes leave nothing.
  const farest = Math.min(FAREST, Math.floor(asked.length / 2));
  const near = (begun.length > 0 ? begun : known)
    .map((name) => ({ name, distance: editDistance(asked, name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near && (begun.length > 0 || near.distance <= farest)
    ? `Did you mean "${near.name}"?`
    : `Known here: ${known.join(", ")}`;
}
