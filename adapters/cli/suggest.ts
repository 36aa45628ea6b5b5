/**
 * Finds what a person meant who mistyped a word.
 *
 * @module
 */

/**
 * Says which word was meant, to be put behind a complaint: `, did you mean 'ls'?`; or what to do, if none is near.
 *
 * @param word What was typed.
 * @param known What there is.
 * @param otherwise What is said if nothing is near, such as `, expected one that 'millrace help' lists`.
 */
export function suggest(word: string, known: Iterable<string>, otherwise: string): string {
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = distanceOf(word, candidate);
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest === undefined ? otherwise : `, did you mean '${nearest}'?`;
}

/** How many letters are missing, too many, other ones, or changed places with their neighbour. */
function distanceOf(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 10) return Infinity;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, before[j - 2]! + 1);
      }
      row.push(least);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
