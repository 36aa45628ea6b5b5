/**
 * Randomness that repeats itself: the same seed gives the same test.
 *
 * @module
 */

/** A source of random choices. */
export interface Random {
  /** An integer from 0 to `below` − 1. */
  int(below: number): number;
  /** One of the items. */
  pick<Item>(items: readonly Item[]): Item;
  /** True once in `times`. */
  once(times: number): boolean;
}

/** Creates a source of randomness (Mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (below: number) => Math.floor(next() * below);
  return { int, pick: (items) => items[int(items.length)]!, once: (times) => int(times) === 0 };
}

const pieces = [
  "a",
  "é",
  "€",
  "😀",
  '"',
  "\\",
  "\n",
  "\r",
  "\u2028",
  "\u0000",
  "data:",
  "payload",
  " ",
];

/** A text with everything in it that is hard to carry. */
export function randomText(random: Random, pieceCount = 12): string {
  return Array.from({ length: random.int(pieceCount) }, () => random.pick(pieces)).join("");
}

/** Any JSON value. */
export function randomValue(random: Random, depth = 3): unknown {
  const kind = random.int(depth > 0 ? 7 : 5);
  if (kind === 0) return random.pick([null, true, false]);
  if (kind === 1) return random.int(2 ** 32) - 2 ** 31;
  if (kind === 2) return random.pick([0.1, 1e-7, 1e21, -2.5, 2 ** 53 - 1, 1e300, 127, 128, 65_536]);
  if (kind < 5) return randomText(random, random.once(8) ? 300 : 12);
  const items = Array.from({ length: random.int(5) }, () => randomValue(random, depth - 1));
  if (kind === 5) return items;
  return Object.fromEntries(items.map((item) => [randomKey(random), item]));
}

/**
 * A key with all that is hard to carry but a backslash. V8 (13.6 to 15.0 at least) takes a key with an escape for another
 * that it saw in the same place before, if that one begins with the same backslash: after `{"a":0,"\\":0}` it reads
 * `{"a":0,"\n":0}` as the same.
 */
export function randomKey(random: Random): string {
  return randomText(random, 4).replaceAll("\\", "/");
}

/** Cuts bytes into chunks of up to `longest` bytes; some are empty. */
export function* randomSplit(
  random: Random,
  bytes: Uint8Array<ArrayBuffer>,
  longest: number,
): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length;) {
    const chunk = bytes.subarray(at, at + random.int(longest + 1));
    yield chunk;
    at += chunk.length;
  }
}
