// The known word that somebody meant who mistyped it.

/** The word of `known` that takes the fewest changed letters, at most a third of them; undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({ candidate, changes: changesBetween(word, candidate) }));
  const best = ranked.toSorted((a, b) => a.changes - b.changes)[0];
  return best !== undefined && best.changes <= Math.ceil(word.length / 3) ? best.candidate : undefined;
}

/** Levenshtein's distance: letters put in, left out or changed. */
function changesBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1)
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (a[i] === b[j] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
