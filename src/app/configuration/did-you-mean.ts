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
const LONGEST_WORD = 60;

/** Advice for a word that is none of the known ones: the nearest of them, or all. */
export function didYouMean(word: string, known: readonly string[]): string {
  const asked = word.slice(0, LONGEST_WORD).toLowerCase();
  const near = known
    .map((name) => ({ name, distance: editDistance(asked, name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near && near.distance <= FAREST ? `Did you mean "${near.name}"?` : `Known here: ${known.join(", ")}`;
}
