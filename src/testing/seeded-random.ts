/**
 * Random numbers that are the same in every run of a test.
 *
 * @module
 */

import type { Random } from "../async/clock.ts";

/**
 * Creates a source of random numbers (Mulberry32).
 *
 * @param seed Any integer; the same one gives the same numbers.
 */
export function createSeededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
