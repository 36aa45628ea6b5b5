/**
 * What the demo finds out about a file.
 *
 * @module
 */

/** A word and how often it occurs. */
export type WordCount = readonly [word: string, count: number];

/** What a file is made of. A binary file has neither lines nor words. */
export interface FileFacts {
  readonly path: string;
  /** SHA-256, in hexadecimal. */
  readonly digest: string;
  readonly bytes: number;
  readonly lines: number;
  readonly words: number;
  /** The most frequent words, at most {@linkcode topLimit}, most frequent first. */
  readonly top: readonly WordCount[];
}

const topLimit = 20;

/** Reads the facts out of a file's bytes. */
export async function toFacts(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<FileFacts> {
  const digest = [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const text = bytes.includes(0) ? "" : new TextDecoder().decode(bytes);
  const words = text.toLowerCase().match(/\p{L}{3,}/gu) ?? [];
  return {
    path,
    digest,
    bytes: bytes.length,
    lines: text.split("\n").length - 1,
    words: words.length,
    top: topOf(words.map((word) => [word, 1] as const)).slice(0, topLimit),
  };
}

/** Adds up counts and sorts them, most frequent first. */
export function topOf(counts: Iterable<WordCount>): WordCount[] {
  const sums = new Map<string, number>();
  for (const [word, count] of counts) sums.set(word, (sums.get(word) ?? 0) + count);
  return [...sums].sort(([wordA, a], [wordB, b]) => b - a || (wordA < wordB ? -1 : 1));
}
