/**
 * The key of a job, and the id that is made from it.
 *
 * A key is an integer that grows: the row of a job is found by it, and jobs are ordered by it. The broker makes the id
 * from the key, so that an id leads to its row without an index, which would cost a third of storing a job:
 *
 * | Characters of an id | Meaning                                                                          |
 * | ------------------- | -------------------------------------------------------------------------------- |
 * | 0 to 9              | `tick` in base 36: 5.47 ticks are one ms since the epoch                          |
 * | 10 and 11           | the count within the tick in base 36, from 0 to 359                               |
 * | 12 to 24            | random, so that nobody can guess an id                                           |
 *
 * `key = tick * 360 + count`. As 25 digits of base 36 such an id is a SCRU128: its first 48 bits are ms since the epoch.
 * That is why a tick is 2^80 / 36^15 ms.
 *
 * Other ids are marked as `named` in their rows, and have an index: those that clients choose, whose rows get the next key
 * as all others do, and those of databases that older versions wrote, whose keys are the first ones.
 *
 * @module
 */

const ticksPerMs = 2 ** 80 / 36 ** 15;
const countsPerTick = 360;

/** How many characters of an id come from its key. */
const keyLength = 12;
const tickLength = 10;
/** What an id that was made from a key looks like: `parseInt` alone would take a sign, a space or other digits too. */
const madeId = /^[0-9a-z]{25}$/;

/** The first key of the tick after the instant `ms`, in ms since the epoch. */
export function firstKeyAt(ms: number): number {
  return (Math.floor(ms * ticksPerMs) + 1) * countsPerTick;
}

/** The first key that this version gives: jobs of older versions have lower ones. */
export const firstMadeKey: number = firstKeyAt(Date.UTC(2020));

/** Keys from this one on were made by no clock that is right: numbers are exact up to 2^53 only, which is the year 2114. */
export const wildKey: number = firstKeyAt(Date.UTC(2100));

/** Random characters that no job is looked up by. */
const noTail = "0".repeat(13);

/**
 * What the links of a page name a job by: its id, if that leads to its key, and else what looks like an id and does. So a
 * page goes on at the right place also when the job is gone.
 */
export function toCursor({ id, seq }: { readonly id: string; readonly seq: number }): string {
  return keyOfId(id) === seq ? id : toJobId(seq, noTail);
}

/** The last tick and its characters: ids that are made one after the other share them. */
let lastTick = -1;
let lastTickText = "";

/**
 * The id of a key.
 *
 * @param key The key.
 * @param tail 13 characters of base 36.
 */
export function toJobId(key: number, tail: string): string {
  const tick = Math.floor(key / countsPerTick);
  if (tick !== lastTick) {
    lastTick = tick;
    lastTickText = tick.toString(36).padStart(tickLength, "0");
  }
  return lastTickText + counts[key % countsPerTick] + tail;
}

const counts = Array.from(
  { length: countsPerTick },
  (_, count) => count.toString(36).padStart(2, "0"),
);

/** The key that an id was made from; undefined if it was not made from one. */
export function keyOfId(id: string): number | undefined {
  if (!madeId.test(id)) return undefined;
  const tick = parseInt(id.slice(0, tickLength), 36);
  const count = parseInt(id.slice(tickLength, keyLength), 36);
  const key = tick * countsPerTick + count;
  return count < countsPerTick && Number.isSafeInteger(key) ? key : undefined;
}

/** The last key whose id sorts before a text, which may be any, or begins as it; -1 if there is none. */
export function lastKeyUpTo(text: string): number {
  const key = keyOfId(text);
  if (key !== undefined) return key;
  let low = -1;
  let high = Number.MAX_SAFE_INTEGER;
  while (low < high) {
    const middle = high - Math.floor((high - low) / 2);
    if (toJobId(middle, "") <= text) low = middle;
    else high = middle - 1;
  }
  return low;
}
